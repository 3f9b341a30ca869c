--- ssl.io.loop: the one loop that drives OpenSSL, and the one judge of its results: waits,
-- ends, resets, errors.
--
-- THE MACHINE. OpenSSL is a state machine between two streams of bytes. A call asks it
-- for something: a handshake, plaintext, a record to send, the end. It does that, or it
-- returns an obstacle: ciphertext has not come (wantread), the transport takes no more
-- (wantwrite), the program has to answer a question, or the session has ended. The
-- obstacle does not depend on the call: a receive may have to write (a key update needs
-- an answer), a send may have to read. So every operation runs through the same steps:
--
--     try -> judge -> wait as the verdict demands -> try again
--
-- The shim calls SSL_get_error directly after the call. Its result is interpreted here
-- and nowhere else.
--
-- INVARIANTS
--   1. The error queue is empty before each try, since up to 3.6 a leftover makes
--      the verdict wrong, and empty after each verdict, since nginx and others
--      share it. The first queued error is the cause; later ones follow from it.
--   2. A wait is for the direction of the verdict, and for writability too while output
--      is queued in the BIO; queued output is flushed before the next try.
--   3. The hot operations try once on their own and come here only when that
--      failed. With a time limit of 0 they return the verdict at once:
--      a loop that usually runs once makes LuaJIT give up on its caller.
--   4. A fatal verdict is final. Its message is kept in `st.failed` for the calls
--      after it, and OpenSSL is not asked again: its later answers differ between
--      versions and name no cause.
--   5. Some records bring no plaintext: key updates, session tickets, requests for a
--      handshake. OpenSSL takes one of these in each try (SSL_MODE_AUTO_RETRY is off),
--      and returns wantread although more may be there. Then the loop does not wait, but
--      it checks the clock for each: a peer that sends nothing else cannot hold a call
--      longer than its limit. At time limit 0 a call goes past a few of them, as many
--      as honest peers send, and leaves the rest to the next call.
--   6. The state of the transport - its end, a reset, an errno - is read from the
--      BIO's struct and never from errno, which a collector step may change.

local lib           = require "ssl.ffi.lib"
local shim          = require "ssl.ffi.shim"
local delivery      = require "ssl.io.delivery"
local errors        = require "ssl.base.errors"
local guard         = require "ssl.io.guard"
local failure       = require "ssl.io.failure"
local lifecycle     = require "ssl.io.lifecycle"
local timeout       = require "ssl.io.timeout"
local sessionorigin = require "ssl.io.sessionorigin"
local C, K, S, H    = lib.C, lib.K, shim.C, shim.K

local loop = {}

local WANTREAD, WANTWRITE, ASKED = "wantread", "wantwrite", "asked"
local TIMEOUT = "timeout"
local CLOSED, CUT_OFF, TRUNCATED = "closed", failure.CUT_OFF, "truncated"

-- No stack is free for a handshake that may stand still: memory is missing, or the host
-- has limited their number (ASYNC_init_thread(3)). No event announces a free one.
local NO_JOB = "too many handshakes stand still"

-- OpenSSL only reports that a callback of ours refused, so the reason is given here.
local AGAIN = "the server asks for the certificate again"

-- The handshake will stop at the ClientHello.
local HELLO_STOPS = { [H.LSF_HELLO_ASK] = true, [H.LSF_HELLO_READ] = true }

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

--- The message for a failure of the transport. Without an errno the peer has closed.
-- @tparam table st
-- @treturn string
function loop.transport_words(st)
  local conn = st.conn
  if st.stream and st.stream.broken then return st.stream.broken end
  if conn.in_error ~= 0 then return errors.transport(conn.in_error) end
  if conn.out_error ~= 0 then return errors.transport(conn.out_error) end
  if conn.in_eof ~= 0 then return CUT_OFF end
  return CLOSED
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
        or queue and failure.reason(st, queue) or errors.UNKNOWN
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
        or ended and CUT_OFF or loop.transport_words(st)
  end
  if word == CUT_OFF or word == CLOSED and code ~= K.SSL_ERROR_SSL
     and (conn.in_error ~= 0 or conn.out_error == 0) then
    word = judge_end(st, word)
  end
  return word, queue
end

-- Ends the connection for good. Where only the transport ended, its sessions stay usable.
local function fail(st, word, queue)
  if queue and word ~= CUT_OFF and word ~= TRUNCATED then sessionorigin.fail(st) end
  lifecycle.fail(st, word, queue)
end

local failed

-- The peer is gone and takes no more bytes. It may have sent an alert before: a peer that
-- refuses a certificate in TLS 1.3 does so after the handshake has ended on this side, and a
-- program that only sends would not see the alert. So read what has arrived. Other data is
-- kept for `receive`, and so is the end of the transport. A stream is not read here, because
-- its methods may wait.
local function hear(st)
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
function loop.refused(st)
  if st.conn.out_error == 0 then return nil end
  hear(st)
  return st.failed or loop.transport_words(st)
end

-- What ended the connection, or a part of it.
function failed(st, code)
  local conn = st.conn
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
    hear(st)
  end
  return st.failed or word
end

--- Judge a call that did not succeed.
-- @tparam table st  the connection
-- @tparam number rc  the shim's result: SSL_ERROR_* as a negative number
-- @treturn string  "wantread", "wantwrite", "asked" (a question waits for the
--   program), "closed" (a clean end), "not enough memory" (and nothing is broken), or the
--   message of a fatal error
function loop.judge(st, rc)
  if rc == NO_MEMORY then return delivery.NO_MEMORY end
  -- A finalizer has closed the connection: OpenSSL's reason does not matter.
  if st.status == "closed" or rc == GONE then
    errors.clear()
    return CLOSED
  end
  local word = PASSING[-rc]
  if word then
    errors.clear()
    if word == ASKED then
      if asked(st.conn) then return ASKED end
      word = WANTWRITE
    end
    return st.deadline and loop.waits(word) and timeout.due(st, word) or word
  end
  word = guard.within(st, failed, -rc)
  -- A stream has not got our alert yet. Its methods may yield, so this comes last.
  local conn = st.conn
  if st.failed and conn.out_beg ~= conn.out_end then st.transport.flush(st) end
  return word
end

--- Does the verdict mean "wait and try again"?
function loop.waits(word)
  return word == WANTREAD or word == WANTWRITE
end

--- Has OpenSSL gone past a record without plaintext, and not looked for the next one?
-- After a deadline the verdict for that is "timeout".
-- @tparam table st
-- @tparam string word  the verdict
function loop.passed(st, word)
  return st.conn.starved == 0
     and (word == WANTREAD or word == TIMEOUT and not st.failed)
end
local passed = loop.passed

--- Did the last call stop there? What follows may be in OpenSSL already.
function loop.stopped(st)
  local conn = st.conn
  return conn.starved == 0 and S.want(conn) == K.SSL_READING
end

local function again(st, try, word, p, n)
  if not passed(st, word) then return word, nil end
  errors.clear()
  local rc = try(st, p, n)
  if rc > 0 then return nil, rc end
  word = loop.judge(st, rc)
  return word, nil
end

--- Go past records without plaintext, without waiting and not for long: a server's first
-- answer may lie behind its session tickets. Without a loop: see invariant 3.
-- @tparam table st
-- @tparam function try  as for `run`, and so are p and n
-- @tparam string word  the verdict
-- @treturn string|nil  nil for success, else the last verdict
-- @treturn number|nil  for success the result of `try`
function loop.past(st, try, word, p, n)
  local rc
  word, rc = again(st, try, word, p, n)
  if word then word, rc = again(st, try, word, p, n) end
  if word then word, rc = again(st, try, word, p, n) end
  if word then word, rc = again(st, try, word, p, n) end
  return word, rc
end

--- Wait as the verdict demands.
-- @tparam table st
-- @tparam string word  "wantread" or "wantwrite"
-- @param start  from limit.start
-- @treturn true
-- @treturn false,string  the time is over: `word`, or the transport's own message
function loop.wait(st, word, start)
  local conn = st.conn
  S.release(conn)
  if conn.out_beg ~= conn.out_end then
    st.transport.flush(st)
    if st.status == "closed" then return false, "closed" end
  end
  local left = timeout.left(st, start)
  if left == 0 and not timeout.polls(st) then return false, timeout.ended(st, word) end
  if passed(st, word) then return true end
  local ready, why = st.transport.wait(st, word, left)
  if not ready then
    if why and st.stream and why == st.stream.broken and conn.in_error ~= 0 then
      if why == CLOSED then why = judge_end(st, why) end
      fail(st, why)
    end
    return false, why or timeout.due(st, word)
  end
  if conn.out_beg ~= conn.out_end then st.transport.flush(st) end
  if st.status == "closed" then return false, "closed" end
  return true
end

--- Try again until it succeeds, fails, or the time is over.
-- @tparam table st
-- @tparam function try  try(st, p, n) -> more than 0 for success, else what `judge`
--   takes
-- @tparam string word  the verdict of the last try
-- @param[opt] start  from limit.start, when the operation has waited before
-- @param[opt] p  for `try`, as is n
-- @treturn string|nil  nil for success, else the last verdict
-- @treturn number|nil  for success the result of `try`
function loop.run(st, try, word, start, p, n)
  start = start or timeout.start(st)
  while loop.waits(word) do
    local ready, why = loop.wait(st, word, start)
    if not ready then return why end
    if st.failed then return st.failed end
    errors.clear()
    local rc = try(st, p, n)
    if rc > 0 then return nil, rc end
    word = loop.judge(st, rc)
  end
  return word
end

-- Without a call of OpenSSL's to judge, what breaks here is noted here.
local function flush(st)
  local word = st.transport.flush(st)
  if not word or word == WANTWRITE or st.conn.out_error == 0 then return word end
  if not st.problem then lifecycle.cannot_write(st, word) end
  hear(st)
  return st.failed or word
end

--- Hand all queued output to the transport, as far as the time allows.
-- @tparam table st
-- @param[opt] start  from limit.start
-- @treturn string|nil  nil when nothing is queued any more, else "wantwrite" or
--   the message of a broken transport
function loop.drain(st, start)
  local word = flush(st)
  if word ~= WANTWRITE then return word end
  if st.nowait then return (timeout.due(st, word)) end
  return loop.drain_waiting(st, start)
end

--- The waiting half of `drain`.
function loop.drain_waiting(st, start)
  start = start or timeout.start(st)
  local word
  repeat
    local ready, why = loop.wait(st, WANTWRITE, start)
    if not ready then return why end
    word = flush(st)
  until word ~= WANTWRITE
  return word
end

return loop
