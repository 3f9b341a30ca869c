--- What script/soak does with connections: each work opens one or more, and leaves none.
--
--   local works = require "soak.works"
--   works.list    { { name =, weight =, run = f }, ... }; f returns how many connections it opened
--   works.missing names of works that nothing here can do: Copas or nginx is not there
--   works.idle(n, random)   n pairs that stay open beside; returns a function that uses one of them

local socket = require "socket"
local ssl    = require "ssl"
local pair   = require "spec.support.pair"
local linger = require "ssl.io.linger"
local ends   = require "soak.ends"
local crowd  = require "soak.crowd"
local nginx  = require "soak.nginx"

local found, copas = pcall(require, "copas")
if not found then copas = nil end

local LONG, connected = ends.LONG, ends.connected

local function talk(one, other, line)
  assert(one:send(line .. "\n"))
  assert(other:receive() == line)
  assert(other:send(line .. "\n"))
  assert(one:receive() == line)
end

-- Where the client waits in its close, its time is that of the system's late confirmation.
local function in_order(random, waits)
  local server, client = connected()
  for _ = 1, random(5) do talk(client, server, ("x"):rep(random(20000))) end
  if not waits then client:settimeout(0) end
  client:close()
  assert(select(2, server:receive()) == "closed")
  server:settimeout(0)
  server:close()
  return 1
end

local function in_order_waiting(random) return in_order(random, true) end

local function dropped(random)
  local server, client = connected()
  talk(client, server, ("x"):rep(random(20000)))
  client:send(("unread"):rep(random(1000)))
  return 1
end

local function half_way(random)
  local server, client = ends.wrapped()
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
  local server, client = ends.wrapped(ends.of.server, ends.of.stranger)
  assert(not pair.handshake(server, client)[1] or not client:getpeerverification())
  server:close()
  client:close()
  return 1
end

-- One end whose function yields in the handshake: a server's at the ClientHello, where OpenSSL
-- has returned, or a client's in the verification, where a job stands still. The coroutine goes
-- on, or is let go.
local function stopped(asker, lives)
  return function()
    local server, client = ends.wrapped(ends.of[asker.server], ends.of[asker.client])
    server:settimeout(0)
    client:settimeout(0)
    local go_on = coroutine.wrap(function()
      local at_server, at_client
      repeat
        at_client = at_client or client:dohandshake()
        at_server = at_server or server:dohandshake()
      until at_server and at_client
      return "shaken"
    end)
    assert(go_on() == "asked")
    if not lives then return 1 end
    repeat until go_on() == "shaken"
    server:close()
    client:close()
    return 1
  end
end

local AT_HELLO = { server = "stopping", client = "client" }
local IN_JOB = { server = "server", client = "judging" }

local function reload(random)
  ends.renew()
  return in_order(random)
end

local function rotate(random)
  ends.rotate()
  return crowd.run(random)
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
  local left, count = 0, random(12)
  local function spawn(f)
    left = left + 1
    copas.addthread(function()
      f()
      left = left - 1
    end)
  end
  for i = 1, count do
    local server, client = ends.wrapped(nil, nil, { over = "copas" })
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
  missing = {},
  list = {
    { name = "many at once, most of them resumed", weight = 400, run = crowd.run },
    { name = "closed in order",  weight = 80, run = in_order },
    { name = "closed with a wait", weight = 4, run = in_order_waiting },
    { name = "dropped",          weight = 80, run = dropped },
    { name = "half a handshake", weight = 80, run = half_way },
    { name = "reset",            weight = 40, run = reset },
    { name = "refused",          weight = 40, run = refused },
    { name = "paused",           weight = 20, run = stopped(AT_HELLO, true) },
    { name = "let go in a pause", weight = 20, run = stopped(AT_HELLO, false) },
    { name = "paused in a job",  weight = 20, run = ends.jobs and stopped(IN_JOB, true) },
    { name = "let go in a job",  weight = 20, run = ends.jobs and stopped(IN_JOB, false) },
    { name = "new contexts",     weight = 8,  run = reload },
    { name = "a new ticket key", weight = 8,  run = rotate },
    { name = "forked",           weight = 1,  run = forked },
    { name = "in Copas",         weight = 40, run = copas and in_copas },
    { name = "through nginx",    weight = 40, run = nginx.run },
    { name = "nginx reloads",    weight = 1,  run = nginx.reload },
  },
}

for i = #works.list, 1, -1 do
  if not works.list[i].run then
    table.insert(works.missing, 1, table.remove(works.list, i).name)
  end
end

--- Pairs that stay open.
-- @treturn function  uses one of them, and at times another takes its place
function works.idle(n, random)
  -- Those that are made anew would live as long as the slowest of the pairs.
  local own, open = ends.contexts(), {}
  local function one()
    local server, client = connected(own, ends.lifted)
    -- Its tickets are read now: later, as the pairs are used, their sessions would add up.
    talk(server, client, "hello")
    return { server, client }
  end
  for i = 1, n do open[i] = one() end
  return function()
    local i = random(n)
    local server, client = unpack(open[i])
    talk(server, client, "still there")
    if random(10) > 1 then return 0 end
    client:close()
    server:close()
    open[i] = one()
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
