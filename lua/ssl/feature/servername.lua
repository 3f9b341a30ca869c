--- ssl.feature.servername: the name that a client's configuration has for its peers.
--
-- Sent as server name (a DNS name; an address never is: RFC 6066 section 3), and
-- demanded of the certificate inside the handshake.

local hostname   = require "ssl.x509.hostname"
local sni        = require "ssl.handshake.sni"
local verifyname = require "ssl.feature.peername"

local servername = {}

--- A context's name.
-- @tparam table state  of the context
-- @tparam string name
-- @treturn true
-- @treturn nil,string  why this is no name
function servername.set(state, name)
  local kind, text = hostname.normalize(name)
  if not kind then return nil, text end
  state.servername = text
  return true
end

--- Apply it to a new connection. `sni` and `setverifyname` may still change it.
-- @tparam table st
-- @tparam string name  of `set`
-- @treturn true
-- @treturn nil,string  the reason
function servername.apply(st, name)
  local kind, text = verifyname.demand(st, name)
  if not kind then return nil, text end
  if kind == "dns" then sni.request(st, text) end
  return true
end

return servername
