--- ssl.connection.postauth: a server asks for a certificate in the middle of a session.
--
-- Post-handshake authentication (RFC 8446 section 4.6.2),
-- SSL_verify_client_post_handshake(3). The client's answer comes between its other data. So
-- the method reads until the answer is complete. Other data that arrives is kept, and
-- `receive` gets it only after the client is verified. Until then the connection does
-- nothing else: every other operation returns "busy".
--
-- The answer is complete when the client's Finished message, which ends it, has changed, and
-- OpenSSL has left its handshake again. A wrong signature or chain is a fatal error before
-- that. A message that cannot be read is no answer.
--
-- onverify judges this certificate too. So the reads run as jobs that may stand still
-- (ssl.handshake.job). Their buffer belongs to the request, because OpenSSL finishes a paused
-- call with the pointers of its beginning.

local ffi        = require "ffi"
local lib        = require "ssl.ffi.lib"
local shim       = require "ssl.ffi.shim"
local arg        = require "ssl.base.arg"
local chains     = require "ssl.x509.chains"
local exporter   = require "ssl.connection.exporter"
local delivery   = require "ssl.io.delivery"
local errors     = require "ssl.base.errors"
local failure    = require "ssl.io.failure"
local features   = require "ssl.handshake.features"
local timeout    = require "ssl.io.timeout"
local loop       = require "ssl.io.loop"
local verdict    = require "ssl.io.verdict"
local resumption = require "ssl.session.resumption"
local lifecycle  = require "ssl.io.lifecycle"
local state      = require "ssl.io.state"
local mutex      = require "ssl.io.mutex"
local C, K, S    = lib.C, lib.K, shim.C
local gone       = lifecycle.gone

local postauth = {}

local BUSY = "busy"

-- A client may send data that it has queued before it reads the request.
local MOST_BEFORE = 128 * 1024
local FLOODED = "too much data before the certificate"
local NOTHING = "peer did not return a certificate" -- OpenSSL's words
local UNREAD  = "the client's Finished message cannot be read"

local buffer_t = ffi.typeof("struct { size_t lsf_read; unsigned char bytes["
                            .. K.SSL3_RT_MAX_PLAIN_LENGTH .. "]; }")

local function jobs(st, command)
  if st.c.onverify then
    C.SSL_ctrl(st.conn.ssl, command, K.SSL_MODE_ASYNC, nil)
  end
end

-- Put the data that was received meanwhile where `receive` reads it. False without memory.
local function deliver(st, request)
  local conn, bytes = st.conn, table.concat(request.pieces)
  return S.append(conn, bytes, #bytes) == 1
end

-- Is the message final? Else the time is over, or the message is a stream's own.
local function final(st, word)
  return word == FLOODED or word == NOTHING or word == "closed" or st.failed
end

-- The end of the request: nil for success, or the final message.
local function finish(st, word)
  local request = st.request
  st.request = false
  if gone(st) then return "closed" end
  if not word and not deliver(st, request) then word = delivery.NO_MEMORY end
  if word then
    lifecycle.fail(st, word)
    lifecycle.explain(st, failure.explain(st, st.failed))
    return st.failed
  end
  jobs(st, K.SSL_CTRL_CLEAR_MODE)
  C.SSL_set_verify(st.conn.ssl, request.mode, nil)
  lifecycle.answered(st)
end

-- With the certificate come new sessions. The user's functions get them now that the
-- connection is open again.
local function hand_over(st)
  if st.conn.sessions_made ~= 0 then resumption.drain(st) end
  return st.status == "closed" and "closed" or nil
end

local function answered(st, request)
  if C.SSL_in_init(st.conn.ssl) ~= 0 then return false end
  local finished = exporter.peer_finished(st)
  return finished ~= nil and finished ~= request.finished
end

-- Has the client shown something, where it has to? OpenSSL has refused the others already.
local function shown(st, request)
  if request.optional then return true end
  local ssl = st.conn.ssl
  return chains.peer_nth(ssl, true, 1) ~= nil
      or lib.has.SSL_get0_peer_rpk and C.SSL_get0_peer_rpk(ssl) ~= nil
end

-- One step towards the answer. The verdict; nil where there was something to read.
local function read(st, request)
  local buffer = request.buffer
  errors.clear()
  local rc = C.SSL_read_ex(st.conn.ssl, buffer.bytes, ffi.sizeof(buffer.bytes),
                           ffi.cast("size_t *", buffer))
  rc = S.verdict(st.conn, rc)
  if rc ~= 1 then return verdict.judge(st, rc) end
  local n = tonumber(buffer.lsf_read)
  request.pieces[#request.pieces + 1] = ffi.string(buffer.bytes, n)
  request.size = request.size + n
  return request.size > MOST_BEFORE and FLOODED or nil
end

local function wait(st, word, start)
  if st.conn.out_beg ~= st.conn.out_end then st.transport.flush(st) end
  if gone(st) then return "closed" end
  if st.nowait then return word end
  local ready, why = loop.wait(st, word, start)
  if not ready then return why end
end

-- Read until the answer is there: nil, or the message.
local function gather(st, request)
  local start = timeout.start(st)
  while not answered(st, request) do
    local word = read(st, request)
    if word == "asked" then
      features.answer(st)
      word = gone(st) and "closed" or nil
    elseif word and not answered(st, request) then
      if not verdict.waits(word) then return word end
      word = wait(st, word, start)
    else
      word = nil
    end
    if word then return word end
  end
  return loop.drain(st, start)
end

local NO_EXTENSION = "extension not received"

local function begin(st, optional)
  local ssl, finished = st.conn.ssl, exporter.peer_finished(st)
  if not finished then return UNREAD end
  local mode = C.SSL_get_verify_mode(ssl)
  -- Made before the request: without memory there is none.
  local request = { mode = mode, finished = finished, optional = optional or false,
                    buffer = buffer_t(), pieces = {}, size = 0 }
  local demand = optional and 0 or K.SSL_VERIFY_FAIL_IF_NO_PEER_CERT
  -- CLIENT_ONCE concerns renegotiation; an explicit request overrides it.
  local wanted = bit.band(bit.bor(mode, K.SSL_VERIFY_PEER, demand),
                          bit.bnot(K.SSL_VERIFY_CLIENT_ONCE))
  errors.clear()
  C.SSL_set_verify(ssl, wanted, nil)
  if C.SSL_verify_client_post_handshake(ssl) ~= 1 then
    local reason = errors.reason()
    C.SSL_set_verify(ssl, mode, nil)
    return reason == NO_EXTENSION and "the client does no post-handshake authentication"
        or reason
  end
  jobs(st, K.SSL_CTRL_MODE)
  st.conn.verify.again = 1
  st.request = request
  lifecycle.request(st)
end

-- Why there can be no request, or nil.
local function obstacle(st)
  if st.status ~= "connected" or st.conn.ssl == nil then return "closed" end
  if st.phase == "suspended" or mutex.held(st, "shaking") then return BUSY end
  if st.phase == "requesting" then return nil end
  local refusal = lifecycle.refusal(st)
  if refusal then return refusal end
  if not st.server then return "only a server asks for certificates" end
  if not lib.has.SSL_CTX_set_cert_cb then
    return "this OpenSSL cannot ask for a certificate after the handshake"
  end
  if C.SSL_version(st.conn.ssl) ~= K.TLS1_3_VERSION then
    return "post-handshake authentication needs TLS 1.3"
  end
  -- Nothing may be asked behind our own end.
  if bit.band(S.shut(st.conn), K.SSL_SENT_SHUTDOWN) ~= 0 then
    return "closed"
  end
  local refused = verdict.refused(st)
  if refused then return refused end
  if mutex.held(st, "reading") or mutex.held(st, "sending") then return BUSY end
end

-- Go on with the request. The results of `requestcertificate`.
local function complete(st)
  local word = gather(st, st.request)
  if not word and not shown(st, st.request) then word = NOTHING end
  if word and not final(st, word) then return nil, word end
  word = finish(st, word) or hand_over(st)
  if word then return nil, word end
  return true
end

--- Ask the client for a certificate, and wait until it has been verified.
-- @tparam[opt=false] boolean optional  go on with a client that has none
-- @treturn true  the certificate is verified; or there is none, if it is optional
-- @treturn nil,string  "wantread" or "wantwrite" when the time is over: call it again,
--   receive and send return "busy" until then; or the client or the protocol cannot do it,
--   or the connection is closed; or the message of the refusal, which is fatal
-- @raise errors of onverify
function postauth:requestcertificate(optional)
  local st = state.of(self)
  optional = optional ~= nil and arg.type(optional, "boolean", 2)
  local word = obstacle(st)
  if not word and st.phase ~= "requesting" then word = begin(st, optional) end
  if word then return nil, word end
  mutex.lock(st, "shaking")
  return mutex.finish(st, "shaking", pcall(complete, st))
end

return postauth
