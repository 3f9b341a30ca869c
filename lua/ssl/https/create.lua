--- ssl.https.create: makes the object that connects: LuaSocket's, the caller's by `create`,
-- or one that connects by an adapter of ssl.over.
--
-- docs/https.md lists the methods that it needs. An object without them is refused at once,
-- with a message that names `create`; it does not fail later in an unrelated place.

local find = require "ssl.over.find"

local create = {}

local NO_REASON = "create: connect failed and gave no reason"

local function index(object, name)
  return object[name]
end

-- Numbers, functions and bare userdata cannot be indexed.
local function lacks(object, names)
  for _, name in ipairs(names) do
    local ok, f = pcall(index, object, name)
    if not ok or not f then return name end
  end
end

local function described(object, missing)
  if type(object) ~= "table" and type(object) ~= "userdata" then return type(object) end
  return ("a %s without %s"):format(type(object), missing)
end

-- An adapter's object exists when it is connected.
local dialer = {}
dialer.__index = dialer

function dialer:settimeout(seconds)
  self.seconds = seconds
end

function dialer:connect(host, port)
  local why
  self.carrier, why = find.connect(self.over, (host:gsub("^%[(.*)%]$", "%1")), port,
                                   self.seconds)
  return self.carrier, why
end

-- Nothing is open: a failed `connect` has closed what it had.
function dialer.close() end

--- Make one.
-- @tparam[opt] function make
-- @tparam table over  the adapter that connects, where there is no `make`
-- @return an object with `connect`, `settimeout` and `close`
-- @treturn nil,string
-- @raise the error of `make`
function create.new(make, over)
  if not make and over.name == "luasocket" then
    local sock, why = require("socket").tcp()
    return sock, why
  elseif not make then
    return setmetatable({ over = over, carrier = nil, seconds = nil }, dialer)
  end
  local object, why = make()
  if not object then
    return nil, "create: " .. tostring(why or "it returned nothing, and no reason")
  end
  local missing = lacks(object, { "connect", "settimeout", "close" })
  if not missing then return object end
  if not lacks(object, { "close" }) then object:close() end
  return nil, "create: an object with connect, settimeout and close expected, got "
              .. described(object, missing)
end

--- Connect it.
-- @return the object that carries the bytes from now on
-- @treturn nil,string
function create.connect(object, host, port)
  local ok, why = object:connect(host, port)
  if ok then return getmetatable(object) == dialer and ok or object end
  return nil, why or NO_REASON
end

--- Now that it is connected, can it carry bytes?
-- @tparam boolean plain  some are sent and received before TLS
-- @return true
-- @treturn nil,string
function create.carries(object, plain)
  local spoken = lacks(object, { "send", "receive" })
  local owned  = lacks(object, { "getfd", "setfd" })
  local pieces = lacks(object, { "send", "receiveany" })
  if not spoken or not plain and not (owned and pieces) then return true end
  local wanted = plain and "send and receive" or "getfd and setfd, or send and receive,"
  return nil, ("create: once connected, an object with %s expected, got %s"):format(
    wanted, described(object, spoken))
end

return create
