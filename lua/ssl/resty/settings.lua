--- ssl.resty.settings: the methods of a cosocket that set something for the calls to come.

local arg        = require "ssl.base.arg"
local clientcert = require "ssl.resty.clientcert"
local policy     = require "ssl.resty.policy"

-- Seconds for connecting: nginx's default.
local LIMIT = 60

local methods = {}

--- The context or the configuration of the handshakes to come.
-- @tparam table|userdata given  a table as for ssl.newcontext, with the keys of
--   docs/resty.md beside them; or a client's context. The table is not modified, and must not
--   be while the object uses it
-- @treturn boolean  true
-- @raise for a key that nobody knows
function methods:setcontext(given)
  local problem
  if type(given) == "table" then
    problem = policy.problem(given)
  elseif type(given) ~= "userdata" then
    problem = arg.expected("table or context", given)
  end
  if problem then arg.fail(2, problem) end
  self.given = given
  return true
end

--- The certificate that the handshakes to come show, in place of the configuration's.
-- @param certificate  what parse_pem_cert of ngx.ssl returns, or a value for `certificate` of
--   ssl.newcontext; nil for none
-- @param key  what parse_pem_priv_key returns, or a value for `key`
-- @treturn boolean  true
-- @treturn nil,string
function methods:setclientcert(certificate, key)
  local shown, private = clientcert.of(certificate, key)
  if shown == nil then return nil, private end
  self.certificate, self.key = shown, private
  return true
end

--- Limit connecting, sending and receiving, each wait of its own.
-- @tparam number milliseconds
function methods:settimeout(milliseconds)
  return self:settimeouts(milliseconds, milliseconds, milliseconds)
end

--- The same, each with its own limit.
function methods:settimeouts(connecting, sending, receiving)
  local limit = tonumber(connecting) or 0
  self.limit = limit > 0 and limit / 1000 or LIMIT
  self.times = { limit, tonumber(sending) or 0, tonumber(receiving) or 0 }
  return self.raw:settimeouts(connecting, sending, receiving)
end

-- The others are the cosocket's own.
for _, name in ipairs { "setoption", "getoption", "bind", "getreusedtimes" } do
  methods[name] = function(self, ...)
    return self.raw[name](self.raw, ...)
  end
end

local settings = { methods = methods }

--- What a new object has: nginx's own limits.
function settings.begin(self)
  self.limit, self.times = LIMIT, { 0, 0, 0 }
end

return settings
