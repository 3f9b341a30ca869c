--- ssl.resty: OpenResty's own face.
--
--   require("ssl.resty").install { cafile = "/etc/ssl/certs/ca-certificates.crt" }
--
-- In init_by_lua: from then on programs that use ngx.socket.tcp make TLS with this library.

require("ssl.foreign").refuse "ssl.resty"

local arg    = require "ssl.base.arg"
local host   = require "ssl.resty.host"
local policy = require "ssl.resty.policy"
local socket = require "ssl.resty.socket"
local ssl    = require "ssl"

local resty = {}

local function configuration(given)
  if given == nil then return {} end
  if type(given) == "userdata" then return given end
  local problem = policy.problem(arg.type(given, "table", 1, 2))
  if problem then arg.fail(1, problem, 2) end
  return given
end

--- Put the objects of ssl.resty.socket into the place of nginx's cosockets.
-- @tparam[opt] table|userdata given  as for `setcontext` of ssl.resty.socket
-- @raise for a key that nobody knows; outside of nginx
function resty.install(given)
  given = configuration(given)
  -- Workers find each other's sessions by digests under one random key, which is made now.
  ssl.digest ""
  host.replace(socket.with(given))
end

return resty
