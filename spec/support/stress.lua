--- Finalizers that close the connection in use, as many as are asked for.
--
--	luajit spec/support/stress.lua COUNT
--
-- A connection is in the middle of some call, at some instruction, when the collector
-- takes its next step: the finalizer that it runs closes the connection, and may use
-- another one before. Ends with `COUNT closes in N calls`.

local ssl  = require "ssl"
local pair = require "spec.support.pair"

local wanted = tonumber(arg[1])
local server_context = assert(ssl.newcontext(pair.server_config()))
local client_context = assert(ssl.newcontext(pair.client_config()))

-- The connection in use; its other end; both connected, or new.
local engine, conn, in_call
local other, other_end
local closes, calls = 0, 0

local function exchange(a, b)
  b:feed(a:drain())
  a:feed(b:drain())
end

local function connected()
  local a, b = assert(ssl.engine(client_context)), assert(ssl.engine(server_context))
  repeat
    local done = a:handshake()
    exchange(a, b)
    local at_server = b:handshake()
    exchange(a, b)
  until done and at_server
  return a, b
end

-- A handshake costs as much as fifty connections without.
local NEW = 50

local function renew()
  local far
  if closes % NEW == 0 then
    engine, far = connected()
    far:write "some text\nand half of a line"
    engine:feed(far:drain())
  else
    engine = assert(ssl.engine(client_context))
  end
  conn = engine:connection()
end

local function use(a, b)
  a:write "other"
  b:feed(a:drain())
  assert(b:read() == "other")
  return a:connection():info "cipher"
end

-- The wrapper of the docs: no variable refers to it any more when its method runs.
local function litter()
  local guard = newproxy(true)
  getmetatable(guard).__gc = function()
    if not in_call then return litter() end
    in_call = false
    closes = closes + 1
    if closes % 3 == 0 then use(other, other_end) end
    if closes % 2 == 0 then conn:close() else getmetatable(conn).__gc(conn) end
  end
end

-- Instructions of Lua.
local LONGEST = 120

local names = {}
for name in pairs(getmetatable(assert(ssl.engine(client_context)):connection()).__index) do
  names[#names + 1] = name
end
table.sort(names)

-- The collector advances at the points of the hook, one finalizer at a time.
local function step()
  debug.sethook()
  collectgarbage("step", 0)
end

local function call(name, n)
  litter()
  in_call = true
  calls = calls + 1
  debug.sethook(step, "", n)
  pcall(conn[name], conn, "x", 1)
  debug.sethook()
  in_call = false
end

collectgarbage("setstepmul", 10)
jit.off()
other, other_end = connected()
renew()
while closes < wanted do
  call(names[math.random(#names)], math.random(LONGEST))
  if getmetatable(conn).status == "closed" then renew() end
end
print(("%d closes in %d calls"):format(closes, calls))
