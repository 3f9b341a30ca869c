--- ssl.io.ending: has the peer ended the session in order?
--
-- OpenSSL sets SSL_RECEIVED_SHUTDOWN for a close_notify and for a fatal alert alike
-- (SSL_get_shutdown(3)). An attacker on the way can cause a fatal alert: one record of
-- garbage to one side makes it send an alert to the other. So that flag alone proves
-- nothing. An end is in order where also neither side sent a fatal alert (RFC 8446
-- section 6.2): then the peer has sent all its data. Only this file decides that. What a call
-- returns at an end without close_notify, or at a reset, is decided in ssl.io.loop.

local lib       = require "ssl.ffi.lib"
local shim      = require "ssl.ffi.shim"
local lifecycle = require "ssl.io.lifecycle"
local state     = require "ssl.io.state"
local K, S      = lib.K, shim.C

local ending = {}

-- The shim keeps an alert as its level and its description, a byte each.
local FATAL = K.SSL3_AL_FATAL * 256

--- Did the peer end the session in order?
-- @tparam table st
-- @treturn boolean  true: close_notify came, or an end that the configuration accepts
--   instead (`eof = "lenient"`, the option `ignore_unexpected_eof`), and neither side
--   sent a fatal alert
function ending.in_order(st)
  local conn = st.conn
  if st.failed or st.status ~= "connected" then return false end
  if lifecycle.requesting(st) then return false end
  if st.ended_early then return true end
  if conn.alerts.received >= FATAL or conn.alerts.sent >= FATAL then return false end
  return bit.band(S.shut(conn), K.SSL_RECEIVED_SHUTDOWN) ~= 0
end

--- Has the peer ended the session in order? Then all its data has come.
-- @treturn boolean  false too before the handshake and after `close`
function ending:ended()
  return ending.in_order(state.of(self))
end

return ending
