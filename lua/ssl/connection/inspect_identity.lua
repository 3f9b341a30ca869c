--- ssl.connection.inspect_identity: the methods that bind a login to a connection, and those
-- for the proof of the server's certificate (OCSP, TLSA).
--
-- Each returns `nil, "closed"` on a connection that is not connected.

local arg            = require "ssl.base.arg"
local channelbinding = require "ssl.connection.channelbinding"
local stapling       = require "ssl.feature.stapling"
local state          = require "ssl.io.state"

local methods, connected = state.class.methods, state.connected

--- A channel binding, the same bytes at both ends.
-- @tparam string type  "tls-exporter" (RFC 9266), "tls-unique" or
--   "tls-server-end-point" (RFC 5929)
-- @treturn string  bytes
-- @treturn nil,string  a type that is unknown, or why it does not hold here
function methods:channelbinding(type)
  local st = connected(self)
  if not st then return nil, "closed" end
  type = arg.string(type, 2)
  local value, message = channelbinding.make(st, type)
  if not value then return nil, message end
  return value
end

--- The types that hold on this connection, the best first.
-- @treturn {string,...}
function methods:channelbindings()
  local st = connected(self)
  if not st then return nil, "closed" end
  local out = {}
  for _, type in ipairs(channelbinding.types) do
    if channelbinding.make(st, type) then out[#out + 1] = type end
  end
  return out
end

--- The OCSP response that the server stapled: the received one on a client with `ocsp`, the
-- sent one on a server.
-- @treturn string|nil  DER
-- @treturn string|nil  "good" on a client whose handshake went on because of it
function methods:getocspresponse()
  local st = connected(self)
  if not st then return nil, "closed" end
  local der = stapling.response(st)
  if der and st.stapled then return der, st.stapled end
  return der
end

return methods
