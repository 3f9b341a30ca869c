--- ssl.resty: the interface of nginx's cosockets.
--
--   require("ssl.resty").install { cafile = "/etc/ssl/certs/ca-certificates.crt" }
--
-- In init_by_lua: from then on programs that use ngx.socket.tcp make TLS with this library.

require("ssl.foreign").refuse "ssl.resty"

local arg     = require "ssl.base.arg"
local host    = require "ssl.resty.host"
local later   = require "ssl.base.later"
local policy  = require "ssl.resty.policy"
local socket  = require "ssl.resty.socket"
local loading = later.module "ssl.resty.loading"

local resty = {}

local function configuration(given, position)
  if given == nil then return {} end
  if type(given) == "userdata" then return given end
  local problem = policy.problem(arg.type(given, "table", position, 2))
  if problem then arg.fail(position, problem, 2) end
  return given
end

--- Put the objects of ssl.resty.socket into the place of nginx's cosockets.
-- @tparam[opt] table|userdata given  as for `setcontext` of ssl.resty.socket
-- @raise for a key that nobody knows; outside of nginx
function resty.install(given)
  host.replace(socket.with(configuration(given, 1)))
end

--- Load a module whose cosockets are those of ssl.resty.socket, beside the copy that
-- `require` returns.
-- @tparam string name  with it the modules whose names begin with it and "." or "_" are loaded
-- @tparam[opt] table|userdata given  as for `install`
-- @tparam[opt] string ...  names of further modules that are to be loaded in the same way
-- @return what the module returns
-- @raise for a key that nobody knows; as `require` does; outside of nginx
function resty.load(name, given, ...)
  name = arg.string(name, 1)
  given = configuration(given, 2)
  return loading.load(socket.with(given), { name, ... })
end

--- nginx's own TLS with the client of the current request, for reading.
-- @treturn table  `info`, `getalpn`, `getsniname`, `getpeercertificate`, `getpeerchain`,
--   `getpeerverification`, `getlocalcertificate`, `getlocalchain`, `resumed`,
--   `exportkeyingmaterial`, `channelbinding`, `channelbindings`, `getfinished` and
--   `getpeerfinished` of a connection
-- @treturn nil,string  this request has no TLS, or this nginx does not tell
resty.downstream = later.func "ssl.resty.downstream"

return resty
