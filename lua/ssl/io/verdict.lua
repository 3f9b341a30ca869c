--- ssl.io.verdict: the one judge of OpenSSL's results: obstacles, ends, resets, errors.
--
-- The shim calls SSL_get_error directly after each call of OpenSSL. Its result is interpreted
-- here and nowhere else. The verdict is a word for the loop (ssl.io.loop), or the message that
-- ends the connection.
--
-- INVARIANTS
--   1. The error queue is empty after each verdict, since nginx and others share it. The
--      first queued error is the cause; later ones follow from it.
--   2. A fatal verdict is final. Its message is kept in `st.failed` for the calls
--      after it, and OpenSSL is not asked again: its later answers differ between
--      versions and name no cause.
--   3. The state of the transport - its end, a reset, an errno - is read from the
--      BIO's struct and never from errno, which a collector step may change.

local lib           = require "ssl.ffi.lib"
local shim          = require "ssl.ffi.shim"
local delivery      = require "ssl.io.delivery"
local errors        = require "ssl.base.errors"
local guard         = require "ssl.io.guard"
local later         = require "ssl.base.later"
local failure       = later.module "ssl.io.failure"
local lifecycle     = require "ssl.io.lifecycle"
local timeout       = require "ssl.io.timeout"
local sessionorigin = require "ssl.io.sessionorigin"
local C, K, S, H    = lib.C, lib.K, shim.C, shim.K

local verdict = {}

local WANTREAD, WANTWRITE, ASKED = "wantread", "wantwrite", "asked"
local TIMEOUT = "timeout"
local CLOSED, CUT_OFF, TRUNCATED = "closed", errors.CUT_OFF, "truncated"

-- No stack is free for a handshake that may stand still: memory is missing, or the host
-- has limited their number (ASYNC_init_thread(3)). No event announces a free one.
local NO_JOB = "too many handshakes stand still"

-- OpenSSL only reports that a callback of ours refused, so the reason is given here.
local AGAIN = "the server asks for the certificate again"

-- The handshake will stop at the ClientHello.
local HELLO_STOPS = { [H.LSF_HELLO_ASK] = true, [H.LSF_HELLO_READ] = true }

local BOTH_ENDS = bit.bor(K.SSL_SENT_SHUTDOWN, K.SSL_RECEIVED_SHUTDOWN)
local GONE, NO_MEMORY = -H.LSF_ERROR_GONE, -H.LSF_ERROR_MEMORY

-- Outcomes that are not the end of the connection.
local PASSING = {
  [K.SSL_ERROR_WANT_READ]            = WANTREAD,
  [K.SSL_ERROR_WANT_WRITE]           = WANTWRITE,
  [K.SSL_ERROR_WANT_CONNECT]         = WANTWRITE,
  [K.SSL_ERROR_WANT_ACCEPT]          = WANTREAD,
  [K.SSL_ERROR_WANT_X509_LOOKUP]     = ASKED,
  [K.SSL_ERROR_WANT_ASYNC]           = ASKED,
  [K.SSL_ERROR_WANT_CLIENT_HELLO_CB] = ASKED,
  [K.SSL_ERROR_ZERO_RETURN]          = "closed",
}

-- Does a question wait for the user? Else it is an engine of OpenSSL's that is not done,
-- which has nothing that could be waited for.
local function asked(conn)
  return conn.ask.question ~= H.LSF_QUESTION_NONE or conn.hello.state == H.LSF_HELLO_ASKED
end

--- The message for a failure of the transport. Where the transport is sound, OpenSSL has failed
-- and gives no reason: LibreSSL does for a record of TLS 1.2 that is too short to be decrypted.
-- That is no end: anyone in between can send one.
-- @tparam table st
-- @treturn string
function verdict.transport_words(st)
  local conn = st.conn
  if st.stream and st.stream.broken then return st.stream.broken end
  if conn.in_error ~= 0 then return errors.transport(conn.in_error) end
  if conn.out_error ~= 0 then return errors.transport(conn.out_error) end
  if conn.in_eof ~= 0 then return CUT_OFF end
  return errors.UNKNOWN
end

-- The transport ended without close_notify. LuaSec's message is ambiguous, so the key `eof`
-- decides; nil means "treat it as an end in order". Then OpenSSL gets the mark of a received
-- close_notify, since an old OpenSSL has no option for that: this side may still send and
-- end the session.
local function judge_end(st, word)
  if not st.eof or st.status ~= "connected" then return word end
  if st.eof == "strict" then return TRUNCATED end
  if word ~= CUT_OFF then return word end
  local ssl = st.conn.ssl
  C.SSL_set_shutdown(ssl, bit.bor(C.SSL_get_shutdown(ssl), K.SSL_RECEIVED_SHUTDOWN))
  st.ended_early = true
end

-- From 3.5 on OpenSSL reports the close_notify of TLS 1.3 as a failure of the transport where
-- user_canceled came before it, as RFC 8446 wants it (section 6.1).
local function ended_by_peer(conn)
  return conn.in_error == 0 and conn.out_error == 0
     and bit.band(S.shut(conn), K.SSL_RECEIVED_SHUTDOWN) ~= 0
end

local function told(st, queue)
  return failure.reason(st, queue)
end

-- As ssl.io.lifecycle: its file may not be readable.
local function reason(st, queue)
  local ok, text = pcall(told, st, queue)
  return ok and text or queue[1].reason
end

-- The message of a failure, and its error queue. nil where it is no failure.
local function fatal(st, code)
  local conn = st.conn
  local word, queue
  -- An early end that was accepted stays accepted, also if OpenSSL reports errors later.
  if st.ended_early then
    errors.clear()
    return nil
  end
  if code == K.SSL_ERROR_SSL then
    queue = errors.take_all()
    word = conn.posthandshake.again ~= 0 and AGAIN
        or queue and reason(st, queue) or errors.UNKNOWN
    -- A write behind our own close_notify does not affect data that the peer still sends.
    if st.phase == "half closed" and queue
       and lib.error_reason(queue[1].code) == K.SSL_R_PROTOCOL_IS_SHUTDOWN then
      return nil
    end
  else
    errors.clear()
    if ended_by_peer(conn) then return nil end
    -- The end of the transport, which a refused write before it does not hide.
    local ended = conn.in_eof ~= 0 and conn.in_error == 0 and not st.stream
    word = code == K.SSL_ERROR_WANT_ASYNC_JOB and NO_JOB
        or ended and CUT_OFF or verdict.transport_words(st)
  end
  if word == CUT_OFF or word == CLOSED and code ~= K.SSL_ERROR_SSL
     and (conn.in_error ~= 0 or conn.out_error == 0) then
    word = judge_end(st, word)
  end
  return word, queue
end

-- Ends the connection for good. Where only the transport ended, its sessions stay usable.
local function fail(st, word, queue)
  local broken = queue or word == errors.UNKNOWN
  if broken and word ~= CUT_OFF and word ~= TRUNCATED then sessionorigin.fail(st) end
  lifecycle.fail(st, word, queue)
end

local failed

--- The peer is gone and takes no more bytes. It may have sent an alert before: a peer that
-- refuses a certificate in TLS 1.3 does so after the handshake has ended on this side, and a
-- program that only sends would not see the alert. So read what has arrived. Other data is
-- kept for `receive`, and so is the end of the transport. A stream is not read here, because
-- its methods may wait.
-- @tparam table st
function verdict.hear(st)
  local conn = st.conn
  if st.failed or st.stream or st.early or lifecycle.closed(st) then return end
  if st.status == "new" and (st.pausable or HELLO_STOPS[conn.hello.state]) then return end
  if S.hear(conn) == -K.SSL_ERROR_SSL then guard.within(st, failed, K.SSL_ERROR_SSL) end
  errors.clear()
end

--- The reason why nothing can be sent any more. Data that has arrived can still be read.
-- @tparam table st
-- @treturn string|nil  nil where the transport has refused nothing; else its message, or
--   the text of the alert that the peer had sent
function verdict.refused(st)
  if st.conn.out_error == 0 then return nil end
  verdict.hear(st)
  return st.failed or verdict.transport_words(st)
end

--- Has a handshake to end, since what it has to send cannot be sent? The peer waits for it,
-- and so no event would come. What has arrived is heard first: an alert is the reason then.
-- @tparam table st
-- @treturn string|nil  the message, or nil where it may go on
function verdict.unsendable(st)
  if st.conn.out_error == 0 or st.status ~= "new" then return nil end
  local word = verdict.refused(st)
  if not st.failed and not lifecycle.closed(st) then fail(st, word) end
  return st.failed or CLOSED
end

-- LibreSSL in TLS 1.3 reports a failure of the transport as one of its own, which is unknown.
local function of_transport(conn)
  return K.SSL_R_UNKNOWN ~= nil
     and (conn.in_error ~= 0 or conn.out_error ~= 0 or conn.in_eof ~= 0)
     and lib.error_reason(C.ERR_peek_error()) == K.SSL_R_UNKNOWN
end

-- Behind our close_notify a message of a handshake in TLS 1.2 cannot be answered any more.
-- OpenSSL drops it and says "want read". LibreSSL drops it and says that the transport failed.
local function gone_past(conn, code)
  return K.SSL_R_UNKNOWN ~= nil and code == K.SSL_ERROR_SYSCALL
     and conn.in_error == 0 and conn.out_error == 0 and conn.in_eof == 0
     and conn.starved == 0 and C.ERR_peek_error() == 0
     and bit.band(S.shut(conn), BOTH_ENDS) == K.SSL_SENT_SHUTDOWN
end

-- What ended the connection, or a part of it.
function failed(st, code)
  local conn = st.conn
  if code == K.SSL_ERROR_SSL and of_transport(conn) then code = K.SSL_ERROR_SYSCALL end
  local word, queue = fatal(st, code)
  if not word then return CLOSED end
  -- No memory for output: data that has arrived can still be read. OpenSSL's further output
  -- is dropped.
  if code == K.SSL_ERROR_SSL or conn.in_error ~= 0 or conn.in_eof ~= 0
     or conn.out_error == 0 then
    fail(st, word, queue)
  else
    lifecycle.cannot_write(st, word, queue)
    if st.open then conn.drop_output = 1 end
    verdict.hear(st)
  end
  return st.failed or word
end

--- Judge a call that did not succeed.
-- @tparam table st  the connection
-- @tparam number rc  the shim's result: SSL_ERROR_* as a negative number
-- @treturn string  "wantread", "wantwrite", "asked" (a question waits for the
--   program), "closed" (a clean end), "not enough memory" (and nothing is broken), or the
--   message of a fatal error
function verdict.judge(st, rc)
  if rc == NO_MEMORY then
    errors.clear()
    return delivery.NO_MEMORY
  end
  -- A finalizer has closed the connection: OpenSSL's reason does not matter.
  if st.status == "closed" or rc == GONE then
    errors.clear()
    return CLOSED
  end
  local word = PASSING[-rc] or gone_past(st.conn, -rc) and WANTREAD
  if word then
    errors.clear()
    if word == ASKED then
      if asked(st.conn) then return ASKED end
      word = WANTWRITE
    end
    return st.deadline and verdict.waits(word) and timeout.due(st, word) or word
  end
  word = guard.within(st, failed, -rc)
  -- A stream has not got our alert yet. Its methods may yield, so this comes last.
  local conn = st.conn
  if st.failed and conn.out_beg ~= conn.out_end then st.transport.flush(st) end
  return word
end

--- Does the verdict mean "wait and try again"?
function verdict.waits(word)
  return word == WANTREAD or word == WANTWRITE
end

--- Has OpenSSL gone past a record without plaintext, and not looked for the next one?
-- After a deadline the verdict for that is "timeout".
-- @tparam table st
-- @tparam string word  the verdict
function verdict.passed(st, word)
  return st.conn.starved == 0
     and (word == WANTREAD or word == TIMEOUT and not st.failed)
end

--- Did the last call stop there? What follows may be in OpenSSL already.
function verdict.stopped(st)
  local conn = st.conn
  return conn.starved == 0 and S.want(conn) == K.SSL_READING
end

--- Note the end of a stream, for which OpenSSL was not called.
-- @tparam table st
-- @tparam string why  the transport's message
-- @treturn string|nil  the message that ended the connection; nil for an end that counts
--   as one in order
function verdict.broken(st, why)
  if why == CLOSED then why = judge_end(st, why) end
  fail(st, why)
  return why
end

return verdict
