--- ssl.https.create: makes the object that connects: LuaSocket's, the caller's by `create`,
-- or one that connects by an adapter of ssl.over.
--
-- docs/https.md lists the methods that it needs. An object without them is refused at once,
-- with a message that names `create`; it does not fail later in an unrelated place.

local find = require "ssl.over.find"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local create = {}

-- Of a second.
local MILLISECONDS = 1000

local NO_REASON = "create: connect failed and gave no reason"

local function index(object, name)
  return object[name]
end

-- Numbers, functions and bare userdata cannot be indexed.
local function lacks(object, names)
  for _, name in ipairs(names) do
    local ok, f = pcall(index, object, name)
    if not ok or not find.callable(f) then return name end
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

-- What an adapter's object has is in the adapter's unit, and in pieces.
local spoken = {}
spoken.__index = spoken

function spoken:settimeout(seconds)
  if not self.object.settimeout then return end
  self.object:settimeout(seconds and seconds * self.scale)
end

function spoken:send(data)
  local done = 0
  while done < #data do
    local n, why = self.object:send(data:sub(done + 1))
    if not n then return nil, why end
    done = done + n
  end
  return done
end

function spoken:receive(n)
  local object = self.object
  return (object.receiveany or object.receive)(object, n)
end

--- An object that speaks to a proxy in the clear: seconds, and all of `send`.
-- @param object  connected
-- @tparam table over  the adapter
function create.plain(object, over)
  if over.name == "luasocket" then return object end
  local scale = over.unit == "milliseconds" and MILLISECONDS or 1
  return setmetatable({ object = object, scale = scale }, spoken)
end

--- Now that it is connected, can it carry bytes?
-- @tparam boolean plain  some are sent and received before TLS
-- @return true
-- @treturn nil,string
function create.carries(object, plain)
  local reads  = lacks(object, { "receiveany" }) and lacks(object, { "receive" })
  local mute   = lacks(object, { "send" }) or reads
  local owned  = lacks(object, { "getfd", "setfd" })
  local pieces = lacks(object, { "send", "receiveany" })
  if not mute or not plain and not (owned and pieces) then return true end
  local wanted = plain and "send and receive" or "getfd and setfd, or send and receive,"
  return nil, ("create: once connected, an object with %s expected, got %s"):format(
    wanted, described(object, mute))
end

return create
