--- ssl.connection.keyupdate: new traffic keys in the middle of a session (RFC 8446 section 4.6.3).
--
-- SSL_key_update(3). OpenSSL changes keys by itself before their limit of use; the method is
-- for programs that need it earlier. The peer's answer comes with the next received bytes.

local lib       = require "ssl.ffi.lib"
local shim      = require "ssl.ffi.shim"
local arg       = require "ssl.base.arg"
local errors    = require "ssl.base.errors"
local lifecycle = require "ssl.io.lifecycle"
local loop      = require "ssl.io.loop"
local verdict   = require "ssl.io.verdict"
local state     = require "ssl.io.state"
local mutex     = require "ssl.io.mutex"
local C, K, S   = lib.C, lib.K, shim.C

local keyupdate = {}

local function try(st)
  local conn = st.conn
  return S.verdict(conn, C.SSL_do_handshake(conn.ssl))
end

-- Finish the update that is under way. nil, or the message why it cannot be finished.
local function settle(st)
  if C.SSL_in_init(st.conn.ssl) == 0 then return nil end
  errors.clear()
  local rc = try(st)
  if rc > 0 then return nil end
  local word = verdict.judge(st, rc)
  if verdict.waits(word) and not st.nowait then return loop.run(st, try, word) end
  return word
end

-- A record that the transport has refused has to leave before the keys change, and
-- only the `send` of that record can repeat it.
local function note(st, kind)
  errors.clear()
  local ok = C.SSL_key_update(st.conn.ssl, kind) == 1
  errors.clear()
  st.updating = ok
  return not ok and "wantwrite" or nil
end

local function update(st, kind)
  local word = lifecycle.refusal(st) or verdict.refused(st) or settle(st)
  if not word and not st.updating then word = note(st, kind) or settle(st) end
  word = word or loop.drain(st)
  if st.status == "closed" then word = "closed" end
  if word then return nil, word end
  st.updating = false
  return true
end

--- Change the keys with which this side encrypts. TLS 1.3 only.
-- @tparam[opt=false] boolean request  make the peer change its keys too
-- @treturn true  the message has been handed to the transport
-- @treturn nil,string  "wantread" or "wantwrite" when the time is over: call it again;
--   "busy", "closed", the message of a fatal error, or "key update needs TLS 1.3"
function keyupdate:keyupdate(request)
  local st = state.of(self)
  request = request ~= nil and arg.type(request, "boolean", 2)
  local conn = st.conn
  local refusal = st.status ~= "connected" and "closed" or lifecycle.refusal(st)
  if refusal then return nil, refusal end
  if not lib.has.SSL_key_update then return nil, "this OpenSSL cannot update keys" end
  if C.SSL_version(conn.ssl) ~= K.TLS1_3_VERSION then
    return nil, "key update needs TLS 1.3"
  end
  if bit.band(S.shut(conn), K.SSL_SENT_SHUTDOWN) ~= 0 then
    return nil, "closed"
  end
  local kind = request and K.SSL_KEY_UPDATE_REQUESTED or K.SSL_KEY_UPDATE_NOT_REQUESTED
  if not st.stream then return update(st, kind) end
  if not mutex.wait(st, "sending") then return nil, "busy" end
  mutex.lock(st, "sending")
  return mutex.finish(st, "sending", pcall(update, st, kind))
end

return keyupdate
