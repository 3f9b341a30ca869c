--- The same connection over everything that can carry it.
--
-- Each kind makes two wrapped ends that have not shaken hands. The bytes of engines are
-- moved by hand: before each call of a method and after it.

local ssl   = require "ssl"
local house = require "spec.support.init"
local pair  = require "spec.support.pair"

local transports = {}

--- Two ends of a pipe in memory. `limits` may hold `chunk`, the most bytes that one
-- send or receive moves, and `any`, to offer receiveany instead of receive.
function transports.pipe(limits)
  limits = limits or {}
  local chunk = limits.chunk or math.huge
  local ends = { { data = "" }, { data = "" } }
  local function object(mine, other)
    local self = {}
    function self.send(_, data)
      if mine.cut then return nil, "closed", 0 end
      local n = math.min(#data, chunk)
      other.data = other.data .. data:sub(1, n)
      return n
    end
    local function some(n)
      local data = mine.data:sub(1, math.min(n, chunk))
      mine.data = mine.data:sub(#data + 1)
      return data
    end
    function self.receive(_, n)
      local data = some(n)
      if #data == n then return data end
      return nil, mine.ended and "closed" or "wantread", data
    end
    if limits.any then
      self.receive = nil
      function self.receiveany(_, max)
        local data = some(max)
        if data ~= "" then return data end
        return nil, mine.ended and "closed" or "wantread"
      end
    end
    function self.close() other.ended = true end
    return self
  end
  return object(ends[1], ends[2]), object(ends[2], ends[1]), ends
end

--- Move all ciphertext between two engines, both ways.
function transports.pump(one, other)
  repeat
    local there, back = one:drain(), other:drain()
    other:feed(there)
    one:feed(back)
  until there == "" and back == ""
end

local function shaken(server, client)
  local at_server, at_client = pair.handshake(server, client)
  assert(at_server[1], at_server[2])
  assert(at_client[1], at_client[2])
  return server, client
end

local function over(a, b, server, client)
  return assert(ssl.wrap(a, pair.server_config(server))),
         assert(ssl.wrap(b, pair.client_config(client)))
end

-- A connection whose methods move the bytes of both engines.
local function moved(engine, other)
  local conn = engine:connection()
  local function finish(...)
    transports.pump(engine, other)
    return ...
  end
  return setmetatable({}, { __index = function(_, name)
    return function(_, ...)
      transports.pump(engine, other)
      return finish(conn[name](conn, ...))
    end
  end })
end

--- Every kind, by name.
transports.kinds = {
  ["a descriptor"] = function(server, client)
    return pair.wrapped(server, client)
  end,
  ["a pipe in memory"] = function(server, client)
    local a, b = transports.pipe()
    return over(a, b, server, client)
  end,
  ["a pipe with receiveany"] = function(server, client)
    local a, b = transports.pipe { any = true }
    return over(a, b, server, client)
  end,
  ["a pipe of few bytes at a time"] = function(server, client)
    -- One; where everything is slow, three: each header of a record is divided, too.
    local a, b = transports.pipe { chunk = house.scale(1, 3) }
    return over(a, b, server, client)
  end,
  ["TLS in TLS"] = function(server, client)
    local a, b = shaken(pair.wrapped())
    return over(a, b, server, client)
  end,
  ["an engine pair"] = function(server, client)
    local a = assert(ssl.engine(pair.server_config(server)))
    local b = assert(ssl.engine(pair.client_config(client)))
    return moved(a, b), moved(b, a)
  end,
}

return transports
