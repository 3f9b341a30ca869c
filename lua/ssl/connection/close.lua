--- ssl.connection.close: the end of TLS in order, and the end of the connection.
--
-- Each side sends close_notify once and may go on receiving (RFC 8446 section 6.1).
-- `notify` sends it, `finish_tls` waits for the peer's too, and `close` ends the connection so
-- that nothing is lost that was reported as sent:
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
local later      = require "ssl.base.later"
local lifecycle  = require "ssl.io.lifecycle"
local linger     = require "ssl.io.linger"
local loop       = require "ssl.io.loop"
local verdict    = require "ssl.io.verdict"
local mutex      = later.module "ssl.io.mutex"
local inbound    = later.module "ssl.io.inbound"
local gcpressure = require "ssl.base.gcpressure"
local receive    = require "ssl.connection.receive"
local resumption = later.module "ssl.session.resumption"
local send       = require "ssl.connection.send"
local state      = require "ssl.io.state"
local K, S       = lib.K, shim.C

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local close = {}

local function said(conn)
  return bit.band(S.shut(conn), K.SSL_SENT_SHUTDOWN) ~= 0
end


-- A record that OpenSSL has made and could not hand over comes before it: only the send of
-- that record can go on with it.
local function queue_notify(st)
  local conn = st.conn
  if S.want(conn) == K.SSL_WRITING then return "wantwrite" end
  S.notify(conn)
  if not said(conn) then return end
  conn.drop_output = 1
  lifecycle.notified(st)
end

--- Send close_notify, once.
-- @tparam table st
-- @treturn string|nil  nil when it has left, else the message
function close.notify(st)
  if st.stream and not mutex.wait(st, "sending") then return "busy" end
  local refusal = lifecycle.refusal(st)
  if refusal then return refusal end
  local unsaid = not said(st.conn)
  local refused = unsaid and verdict.refused(st)
  if refused then return refused end
  local stuck = unsaid and queue_notify(st)
  return loop.drain(st) or stuck or nil
end

--- close_notify in both directions; data that the peer still sends is kept for `receive`.
-- Where the transport takes no more bytes, bytes of the peer can still be read: they may
-- hold the alert that is the reason. May be called again after a time-out.
-- @tparam table st
-- @treturn string|nil  nil when both have been seen, else the message
function close.finish_tls(st)
  local refusal = lifecycle.refusal(st)
  if refusal then return refusal end
  local stuck = close.notify(st)
  local refused = verdict.refused(st)
  if stuck and not refused then return stuck end
  local word, in_order = receive.until_end(st)
  if in_order or refused and verdict.waits(word) then return refused end
  return word
end

--- close_notify in both directions, of a connection that stays.
-- May be called again after a time-out.
-- @tparam userdata self  a connected connection
-- @treturn true  both have been seen; the transport is still there, for `close`
-- @treturn nil,string  "wantread", "wantwrite" or the transport's message where the time is
--   over; "closed" where there is no session; or the reason of the failure
function close:tlsshutdown()
  local word = close.finish_tls(state.of(self))
  if word then return nil, word end
  return true
end

-- End the session for the peer -> the result of the transport's `finish`.
local function finish(st)
  local conn = st.conn
  local may_say = not lifecycle.refusal(st) and conn.out_error == 0
  lifecycle.closing(st)
  if may_say then S.notify(conn) end
  conn.accept_all = 1 -- nothing that follows may be refused either
  return st.transport.finish(st)
end

-- The same for a connection of another process: nothing is sent.
local function let_go(st)
  lifecycle.closing(st)
  if st.transport.drop then st.transport.drop(st) end
  return true
end

--- Close in order: data that was reported as sent arrives. Any number of times; never
-- raises an error. A stream's methods may yield meanwhile.
function close:close()
  local st = state.of(self)
  if lifecycle.ended(st) then return end
  local foreign = S.foreign(st.conn) ~= 0
  if not foreign and (st.conn.sessions_made ~= 0 or st.store) then resumption.last(st) end
  if lifecycle.ended(st) then return end
  local conn, connected = st.conn, st.status == "connected"
  local finished = (foreign and let_go or finish)(st)
  if st.status == "closed" then return end
  lifecycle.detach(st)
  send.forget(st)
  -- Without a finished handshake no byte was reported as sent, so nothing has to linger.
  if connected and not finished then linger.add(conn) end
  local freed = shim.free(conn)
  if st.inbound then inbound.clear(st) end
  if freed then gcpressure.returned(gcpressure.CONNECTION) end
  linger.poll()
end

return close
