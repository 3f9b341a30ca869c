--- ssl.connection.goodbye: the end of TLS in order, on a connection that stays.
--
-- Each side sends close_notify once and may go on receiving (RFC 8446 section 6.1).

local lib     = require "ssl.ffi.lib"
local shim    = require "ssl.ffi.shim"
local errors  = require "ssl.base.errors"
local loop    = require "ssl.io.loop"
local receive = require "ssl.connection.receive"
local state   = require "ssl.io.state"
local mutex   = require "ssl.io.mutex"
local C, K, S = lib.C, lib.K, shim.C

local goodbye = {}

local function said(conn)
  return bit.band(S.shut(conn), K.SSL_SENT_SHUTDOWN) ~= 0
end

-- The BIO must not refuse it, however much is queued. But a record that OpenSSL has made and
-- could not hand over comes before it: only the send of that record can go on with it.
local function queue_notify(st)
  local conn = st.conn
  if S.want(conn) == K.SSL_WRITING then return "wantwrite" end
  local closing = conn.accept_all
  conn.accept_all, st.goodbye = 1, true
  errors.clear()
  C.SSL_shutdown(conn.ssl)
  errors.clear()
  conn.accept_all = closing
  if said(conn) then conn.drop_output = 1 end
end

--- Send close_notify, once.
-- @tparam table st  open
-- @treturn string|nil  nil when it has left, else the message
function goodbye.say(st)
  if st.stream and not mutex.wait(st, "sending") then return "busy" end
  if not st.open or st.conn.ssl == nil then return st.failed or "closed" end
  local unsaid = not said(st.conn)
  local refused = unsaid and loop.refused(st)
  if refused then return refused end
  local stuck = unsaid and queue_notify(st)
  local word = loop.drain(st)
  return word or stuck or nil
end

--- close_notify in both directions; data that the peer still sends is kept for `receive`.
-- Where the transport takes no more bytes, bytes of the peer can still be read: they may
-- hold the alert that is the reason.
-- @tparam table st  open
-- @treturn string|nil  nil when both have been seen, else the message
function goodbye.exchange(st)
  local stuck = goodbye.say(st)
  local refused = loop.refused(st)
  if stuck and not refused then return stuck end
  local word, in_order = receive.until_end(st)
  if in_order or refused and loop.waits(word) then return refused end
  return word
end

--- close_notify in both directions, of a connection that stays.
-- May be called again after a time-out.
-- @tparam userdata self  a connected connection
-- @treturn true  both have been seen; the transport is still there, for `close`
-- @treturn nil,string  "wantread", "wantwrite" or the transport's message where the time is
--   over; "closed" where there is no session; or the reason of the failure
function goodbye:tlsshutdown()
  local st = state.of(self)
  if not st.open or st.conn.ssl == nil then return nil, st.failed or "closed" end
  if st.asking then return nil, "busy" end
  local word = goodbye.exchange(st)
  if word then return nil, word end
  return true
end

return goodbye
