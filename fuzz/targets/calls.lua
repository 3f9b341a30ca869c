--- Public methods of connections in any order, from several coroutines, over streams that
-- lose, split and hold back bytes and yield wherever they like. Coroutines are killed in the
-- middle of calls, and the collector, with finalizers that use the connections, runs in between.
--
-- Nothing is known about the results; what every input has to leave behind is in fuzz/watch.lua.

local draw    = require "fuzz.draw"
local methods = require "ssl.connection.methods"
local pair    = require "spec.support.pair"
local pki     = require "spec.support.pki"
local ssl     = require "ssl"
local watch   = require "fuzz.watch"

local target = { about = "calls from several coroutines over a lossy transport" }

local contexts = {}

local function look() return nil end

for i, version in ipairs { "tlsv1_3", "tlsv1_2" } do
  contexts[i] = {
    assert(ssl.newcontext(pair.client_config { cafile = pki.ec_root.cert, protocol = version,
                                               onsession = look, posthandshakeauth = true })),
    assert(ssl.newcontext(pair.server_config {
      key = pki.ec_server.key, certificate = pki.ec_server.cert, protocol = version,
      onclienthello = look, alpn = { "x" } })),
  }
end

local ARGUMENTS = { nil, 0, 1, 5, -1, 70000, "*l", "*a", "", "text\n", "localhost", "127.0.0.1",
                    true, false, 0.01, "EXPORTER-x", "cipher", "sha256", 2 ^ 31 }

local names = {}
for i, entry in ipairs(methods.list()) do names[i] = entry[1] end

-- Waiting gives the turn to another coroutine; without one there is nothing to wait for.
-- With the ways of Lua 5.2 the main thread has a name, too.
local function turn()
  local thread, main = coroutine.running()
  if thread and not main then coroutine.yield() end
end

-- One end of a stream: what it sends is on the way to the other one.
local function new_object(d, ways, from, to)
  local object = {}
  function object.send(_, data)
    local how = d:below(6)
    if how == 5 then turn() end
    if how == 4 then return nil, "timeout", 0 end
    local n = how == 3 and math.min(#data, d:below(200) + 1) or #data
    if n == 0 then return nil, "timeout", 0 end
    ways[to] = ways[to] .. data:sub(1, n)
    return n
  end
  function object.receive(_, n)
    if d:below(5) == 4 then turn() end
    if ways.over then return nil, "closed", "" end
    local data = ways[from]:sub(1, n)
    ways[from] = ways[from]:sub(#data + 1)
    if #data == n then return data end
    return nil, "timeout", data
  end
  function object.close() end
  return object
end

local function new_pair(d)
  local ways, context = { "", "" }, d:pick(contexts)
  local ends = {}
  for i = 1, 2 do
    ends[i] = assert(ssl.wrap(new_object(d, ways, i, 3 - i), context[i]))
    ends[i]:settimeout(0)
  end
  return ends, ways
end

local function argument(d) return ARGUMENTS[d:below(#ARGUMENTS + 1)] end

-- A function of a stream's may raise nothing, and a connection gives a message or a result.
local function act(d, s, conn)
  local name = d:below(3) == 0 and d:pick { "dohandshake", "send", "receive" } or d:pick(names)
  if name == "setsession" then
    return watch.call(conn[name], conn, s.session or argument(d))
  elseif name == "getsession" then
    s.session = watch.call(conn[name], conn) or s.session
  else
    return watch.call(conn[name], conn, argument(d), argument(d), argument(d))
  end
end

-- An object that uses a connection when it is collected.
local function litter(d, conn)
  local name, value = d:pick(names), argument(d)
  local guard = newproxy(true)
  getmetatable(guard).__gc = function() pcall(conn[name], conn, value) end
end

local function spawn(s, d, conn)
  local count = d:below(5) + 1
  s.threads[#s.threads + 1] = coroutine.create(function()
    for _ = 1, count do act(d, s, conn) end
  end)
end

local function resume(s, d)
  if #s.threads == 0 then return end
  local i = d:below(#s.threads) + 1
  local co = s.threads[i]
  local ok, why = coroutine.resume(co)
  if not ok then error(why, 0) end
  if coroutine.status(co) == "dead" then table.remove(s.threads, i) end
end

local function shake(s)
  for _ = 1, 4 do
    for _, conn in ipairs(s.ends) do watch.call(conn.dohandshake, conn) end
  end
end

local STEPS = {
  function(s, d) act(d, s, d:pick(s.ends)) end,
  shake,
  function(s, d) spawn(s, d, d:pick(s.ends)) end,
  resume,
  resume,
  function(s, d) if #s.threads > 0 then table.remove(s.threads, d:below(#s.threads) + 1) end end,
  function(_, d) collectgarbage("step", d:below(50)) end,
  function(s, d) litter(d, d:pick(s.ends)) end,
  function(s, d)
    local way = d:below(2) + 1
    local at = d:below(#s.ways[way] + 1)
    s.ways[way] = s.ways[way]:sub(1, at) .. s.ways[way]:sub(at + 1 + d:below(3))
  end,
  function(s) s.ways.over = true end,
  function(s, d) s.ends, s.ways = new_pair(d) end,
}

local MOST = 60

function target.one(bytes)
  local d = draw.new(bytes)
  local s = { threads = {} }
  s.ends, s.ways = new_pair(d)
  if d:yes() then shake(s) end
  for _ = 1, MOST do
    if d:over() then break end
    d:pick(STEPS)(s, d)
  end
  if d:yes() then
    for _, conn in ipairs(s.ends) do watch.call(conn.close, conn) end
  end
end

return target
