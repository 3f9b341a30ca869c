--- What script/soak does with connections: each work opens one or more, and leaves none.
--
--   local works = require("soak.works")(random)
--   works.list    { { name =, weight =, run = f }, ... }; f returns how many connections it opened
--   works.idle(n)   n pairs that stay open beside; returns a function that uses one of them

local socket = require "socket"
local ssl    = require "ssl"
local pair   = require "spec.support.pair"
local pki    = require "spec.support.pki"
local linger = require "ssl.io.linger"

local found, copas = pcall(require, "copas")
if not found then copas = nil end

-- Seconds; a connection that needs as long on loopback hangs.
local LONG = 60

local contexts = {}

local function renew(of)
  of.server = assert(ssl.newcontext(pair.server_config()))
  of.client = assert(ssl.newcontext(pair.client_config()))
  return of
end
renew(contexts)

local function connected(of)
  of = of or contexts
  local server, client = pair.connected(of.server, of.client)
  server:settimeout(LONG)
  client:settimeout(LONG)
  return server, client
end

local function talk(one, other, line)
  assert(one:send(line .. "\n"))
  assert(other:receive() == line)
  assert(other:send(line .. "\n"))
  assert(one:receive() == line)
end

local function in_order(random)
  local server, client = connected()
  for _ = 1, random(5) do talk(client, server, ("x"):rep(random(20000))) end
  client:close()
  assert(select(2, server:receive()) == "closed")
  server:close()
  return 1
end

local function dropped(random)
  local server, client = connected()
  talk(client, server, ("x"):rep(random(20000)))
  client:send(("unread"):rep(random(1000)))
  return 1
end

local function half_way(random)
  local server, client = pair.wrapped(contexts.server, contexts.client)
  server:settimeout(0)
  client:settimeout(0)
  for _ = 1, random(3) do
    client:dohandshake()
    server:dohandshake()
  end
  if random(2) == 1 then client:close() end
  return 1
end

local function reset(random)
  local server, client = connected()
  client:send(("x"):rep(random(3000)))
  pair.reset(client)
  repeat local line = server:receive(random(500)) until not line
  server:close()
  client:close()
  return 1
end

local function refused()
  local server, client = pair.wrapped(contexts.server,
    pair.client_config { cafile = pki.server.cert })
  assert(not pair.handshake(server, client)[1] or not client:getpeerverification())
  server:close()
  client:close()
  return 1
end

-- A server whose function yields in the handshake; its coroutine goes on, or is let go.
local function stopped(lives)
  return function()
    local context = assert(ssl.newcontext(pair.server_config {
      protocol = "tlsv1_3", onclienthello = function()
        coroutine.yield "asked"
      end,
    }))
    local server, client = pair.wrapped(context, contexts.client)
    server:settimeout(LONG)
    client:settimeout(0)
    client:dohandshake()
    local go_on = coroutine.wrap(function() return server:dohandshake() end)
    assert(go_on() == "asked")
    if not lives then return 1 end
    client:settimeout(0)
    server:settimeout(0)
    local shaken = go_on()
    repeat
      local at_client = client:dohandshake()
      shaken = shaken or server:dohandshake()
    until shaken and at_client
    server:close()
    client:close()
    return 1
  end
end

local function reload(random)
  renew(contexts)
  return in_order(random)
end

local function resumed()
  local server, client = connected()
  talk(client, server, "first")
  local session = assert(client:getsession())
  client:close()
  server:close()
  server, client = pair.wrapped(contexts.server, contexts.client)
  assert(client:setsession(session))
  assert(pair.handshake(server, client)[1])
  server:close()
  client:close()
  return 2
end

-- The child has copies of all connections, lets them go, and ends its Lua state.
local function forked()
  local fork = require "spec.support.fork"
  local server, client = connected()
  local wait = fork(function()
    client:close()
    server = nil
    collectgarbage()
  end)
  assert(wait(), "the child failed")
  talk(client, server, "after the fork")
  client:close()
  server:close()
  return 1
end

-- Several at once in Copas: some in order, some let go in the middle of a wait.
local function in_copas(random)
  local left, count = 0, random(4)
  local function spawn(f)
    left = left + 1
    copas.addthread(function()
      f()
      left = left - 1
    end)
  end
  for i = 1, count do
    local a, b = pair.tcp()
    local server = assert(ssl.wrap(a, contexts.server, { over = "copas" }))
    local client = assert(ssl.wrap(b, contexts.client, { over = "copas" }))
    spawn(function()
      if not server:dohandshake() then return server:close() end
      repeat
        local line = server:receive()
        if line then server:send(line .. "\n") end
      until not line
      server:close()
    end)
    spawn(function()
      assert(client:dohandshake())
      for _ = 1, random(5) do
        assert(client:send(("x"):rep(random(3000)) .. "\n"))
        assert(client:receive())
      end
      if i % 2 == 0 then client:send "half of a line" end
      client:close()
    end)
  end
  local late = ssl.monotonic() + LONG
  repeat
    copas.step(1)
    assert(ssl.monotonic() < late, "Copas does not end")
  until left == 0
  return count
end

local works = {
  list = {
    { name = "closed in order", weight = 20, run = in_order },
    { name = "dropped",         weight = 20, run = dropped },
    { name = "half a handshake", weight = 10, run = half_way },
    { name = "reset",           weight = 10, run = reset },
    { name = "refused",         weight = 5,  run = refused },
    { name = "paused",          weight = 10, run = stopped(true) },
    { name = "let go in a pause", weight = 10, run = stopped(false) },
    { name = "new contexts",    weight = 5,  run = reload },
    { name = "resumed",         weight = 10, run = resumed },
    { name = "forked",          weight = 1,  run = forked },
    copas and { name = "in Copas", weight = 10, run = in_copas } or nil,
  },
}

--- Pairs that stay open.
-- @treturn function  uses one of them, and at times another takes its place
function works.idle(n, random)
  -- Those that are made anew would live as long as the slowest of the pairs.
  local own, open = renew {}, {}
  for i = 1, n do open[i] = { connected(own) } end
  return function()
    local i = random(n)
    local server, client = unpack(open[i])
    talk(server, client, "still there")
    if random(10) > 1 then return 0 end
    client:close()
    server:close()
    open[i] = { connected(own) }
    return 1
  end
end

--- Nothing of a work is left but what somebody holds.
function works.settle()
  local late = ssl.monotonic() + LONG
  repeat
    collectgarbage()
    collectgarbage()
    linger.poll()
    if linger.count() > 0 then socket.sleep(0.001) end
  until linger.count() == 0 or ssl.monotonic() > late
end

return works
