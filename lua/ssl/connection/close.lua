--- ssl.connection.close: an end that loses nothing that was reported as sent.
--
-- flush, close_notify, flush, SHUT_WR, drop what still arrives until the peer
-- ended too or its kernel has acknowledged everything. A connection with a time
-- limit waits for that, at most two seconds. At limit 0 it does not wait and leaves its
-- descriptor to ssl.io.linger. The reason is explained there.
--
-- close_notify is sent once, after a finished handshake without a fatal error:
-- OpenSSL forbids it otherwise. The only loss left: the process ends while the
-- peer has not read.
--
-- Where another process used the connection last, the connection belongs to that process:
-- this one only closes its descriptor, and the peer notices nothing.

local lib        = require "ssl.ffi.lib"
local shim       = require "ssl.ffi.shim"
local linger     = require "ssl.io.linger"
local errors     = require "ssl.base.errors"
local inbound    = require "ssl.io.inbound"
local gcpressure = require "ssl.base.gcpressure"
local resumption = require "ssl.session.resumption"
local state      = require "ssl.io.state"
local C, S       = lib.C, shim.C

local function say_goodbye(st)
  local conn = st.conn
  conn.accept_all = 1
  if not st.open or conn.ssl == nil or conn.out_error ~= 0 then return end
  errors.clear()
  C.SSL_shutdown(conn.ssl)
  errors.clear()
end

-- End the session for the peer -> the result of the transport's `finish`.
local function finish(st)
  say_goodbye(st)
  st.open = false
  return st.transport.finish(st)
end

-- The same for a connection of another process: nothing is sent.
local function let_go(st)
  st.open = false
  if st.transport.drop then st.transport.drop(st) end
  return true
end

--- Close in order: data that was reported as sent arrives. Any number of times; never
-- raises an error. A stream's methods may yield meanwhile.
local function close(self)
  local st = state.of(self)
  if st.status == "closed" or st.closing then return end
  local foreign = S.foreign(st.conn) ~= 0
  if not foreign then resumption.last(st) end
  if st.status == "closed" or st.closing then return end
  st.closing = true
  -- A pending request for a certificate ends.
  if st.request then st.request, st.failed = false, st.failed ~= "busy" and st.failed end
  local conn, connected = st.conn, st.status == "connected"
  local finished = (foreign and let_go or finish)(st)
  if st.gone then return end
  state.part(st)
  st.owed, st.owed_data = 0, ""
  -- Without a finished handshake no byte was reported as sent, so nothing has to linger.
  if connected and not finished then linger.add(conn) end
  local freed = shim.free(conn)
  inbound.clear(st)
  if freed then gcpressure.returned(gcpressure.CONNECTION) end
  linger.poll()
end

return { close = close }
