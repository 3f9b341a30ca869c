-- The cost of loading the library, each work once and in a process of its own:
--
--     subject.lua WORK 1 [memory]
--
-- Prints one unit, its cost (seconds of CPU, or KiB of Lua's heap after a collection), and
-- the time of day that passed. LuaSocket is loaded before.

local CERTS = os.getenv "BENCH_CERTS"

local work = {}

function work.load()
  return require "ssl"
end

-- The module, one verified connection, and a message to the peer and back.
function work.loadmessage(socket)
  local ssl = require "ssl"
  local sock = assert(socket.tcp())
  assert(sock:connect("127.0.0.1", tonumber(os.getenv "BENCH_PORT")))
  assert(sock:send "echo\n")
  local conn = assert(ssl.wrap(sock, {
    mode = "client", protocol = "tlsv1_3", verify = "peer", cafile = CERTS .. "/root.pem",
  }))
  assert(conn:dohandshake())
  assert(conn:send "message\n")
  assert(conn:receive "*l" == "message")
  return conn
end

function work.loadhttps()
  return require "ssl.https"
end

local function kib()
  collectgarbage()
  collectgarbage()
  return collectgarbage "count"
end

local function measure(f, of_memory)
  local socket = require "socket"
  require "socket.http"
  local before, passed, spent = kib(), socket.gettime(), os.clock()
  local held = f(socket)
  spent, passed = os.clock() - spent, socket.gettime() - passed
  local cost = of_memory and kib() - before or spent
  print(("1 %.9f %.9f"):format(cost, passed))
  return held
end

--- Do a work of this file.
-- @treturn boolean  false: it is one of another file
return function(name, _, of_memory)
  if not work[name] then return false end
  measure(work[name], of_memory == "memory")
  return true
end
