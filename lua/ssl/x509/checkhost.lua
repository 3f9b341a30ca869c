--- ssl.x509.checkhost: does a certificate name this host?

local arg      = require "ssl.base.arg"
local hostname = require "ssl.x509.hostname"
local matching = require "ssl.x509.matching"
local x509     = require "ssl.x509.certificate"

local function keep() end

--- Check a certificate against a host name. The chain is not verified.
-- @tparam userdata cert  a certificate object
-- @tparam string name  a host name (an A-label where it is international), or an
--   IP address, in brackets or not
-- @treturn boolean  true when the certificate names the host
-- @treturn false,string  this is no host name, and the reason
-- @raise when an argument is of another type
return function(cert, name)
  local pointer = x509.pointer(cert, 1)
  arg.type(name, "string", 2)
  local kind, text = hostname.normalize(name)
  if not kind then return false, text end
  local matches = matching.match(pointer, kind, text)
  keep(cert)
  return matches
end
