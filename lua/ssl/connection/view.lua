--- ssl.connection.view: reading a connection whose SSL belongs to somebody else.
--
-- The host's own TLS, in the same process and with the same OpenSSL. The methods that only
-- read are the connection's own. They get an object that has nothing but the SSL, which is
-- asked for at each call, since its owner may free it in between.

local later = require "ssl.base.later"
local state = require "ssl.io.state"

local view = {}

-- Name of a method -> its file.
local METHODS = {}
for file, names in pairs {
  info           = "info getalpn",
  inspect        = "getpeercertificate getpeerchain getpeerverification getlocalcertificate"
                   .. " getlocalchain",
  exporter       = "getfinished getpeerfinished exportkeyingmaterial",
  channelbinding = "channelbinding channelbindings",
  sessions       = "resumed",
} do
  for name in names:gmatch "%S+" do METHODS[name] = "ssl.connection." .. file end
end

-- An object of the connection's class with the fields that these methods read, and without a
-- finalizer.
local function reading()
  local self = newproxy(true)
  local fields = getmetatable(self)
  fields.class, fields.server, fields.status, fields.phase = state.class, true, "connected", "open"
  fields.sni, fields.resume = false, false
  -- How many certificates its owner has loaded is unknown. Only LibreSSL, which cannot list
  -- them, asks.
  fields.c = { loads = math.huge }
  return self, fields
end

-- In place of the struct of a connection: no error was passed over.
local VERIFY = { count = 0, go_on = 0 }

local self, fields
local function method(name, fetch)
  return function(_, ...)
    local ssl, why = fetch()
    if not ssl then return nil, why end
    if not self then self, fields = reading() end
    fields.conn = { ssl = ssl, verify = VERIFY }
    return later.require(METHODS[name])[name](self, ...)
  end
end

--- An object with the reading methods of a connection, for a server's end.
-- @tparam function fetch  returns the SSL, a pointer that holds until the method returns; or
--   nil and a message
-- @treturn table
function view.of(fetch)
  local out = {}
  for name in pairs(METHODS) do out[name] = method(name, fetch) end
  --- The name that the client has sent, or nil.
  function out.getsniname(_)
    return out:info "servername"
  end
  return out
end

return view
