--- ssl.resty.place: the arguments of a cosocket's connect.

local arg = require "ssl.base.arg"

local place = {}

-- A number from `least` on, or nil.
local function count(options, name, least, level)
  local value = options[name]
  if value == nil then return nil end
  local n = tonumber(value)
  if not n then
    arg.fail(3, ('bad "%s" option type: %s'):format(name, type(value)), level + 1)
  elseif n < least then
    arg.fail(3, ('bad "%s" option value: %s'):format(name, tostring(value)), level + 1)
  end
  return n
end

local function pool_of(options, level)
  local name = options.pool
  if name ~= nil and type(name) ~= "string" and type(name) ~= "number" then
    arg.fail(3, ('bad "pool" option type: %s'):format(type(name)), level + 1)
  end
  return name and tostring(name)
end

-- nginx's default.
local SIZE = 30

--- Understand them.
-- @tparam string host  or "unix:PATH"
-- @param port  nil where `host` is a path
-- @param options  `pool`, `pool_size`, `backlog`; may take the place of `port`
-- @tparam number level  of the function whose arguments they are
-- @treturn table  `host`, `port`; `name`: of the place; `pool`; `size`, which is nginx's
--   default unless it was `sized`; `backlog`
-- @treturn nil,string
-- @raise for options of a wrong type, as nginx does
function place.of(host, port, options, level)
  level = level + 1
  host = arg.string(host, 2, level)
  if type(port) == "table" and options == nil then port, options = nil, port end
  if type(options) ~= "table" then options = {} end
  local size, backlog = count(options, "pool_size", 1, level), count(options, "backlog", 0, level)
  local pool = pool_of(options, level)
  port = tonumber(port)
  if not port and not host:lower():find "^unix:" then return nil, "missing the port number" end
  if port and (port < 0 or port > 65535) then
    return nil, ("bad port number: %d"):format(port)
  end
  local name = port and ("%s:%d"):format(host, port) or host
  return { host = host, port = port, name = name, pool = pool or name,
           size = size or SIZE, sized = size ~= nil, backlog = backlog }
end

return place
