-- The works of bench/yardstick.c, for the module `ssl` on LUA_PATH:
--
--     luajit subject.lua WORK AMOUNT [PARAMETER] [flow]
--
-- Prints the units done, what they cost (seconds of CPU; KiB for `idle`), and the time
-- of day that passed. With the last word the peer encrypts while the subject receives.
-- Started by bench/peer.c, which passes the address where it listens.

package.path = "bench/?.lua;" .. package.path

-- Before anything is loaded.
if require "subject_load"(unpack(arg)) then return end

local socket = require "socket"
local ssl    = require "ssl"

local SOURCE = arg[#arg] == "flow" and table.remove(arg) or "source"
local PORT  = tonumber(os.getenv "BENCH_PORT")
local CERTS = os.getenv "BENCH_CERTS"
local MIB, RECORD, LINE = 2 ^ 20, 16384, 100

local CLIENT = { mode = "client", protocol = "tlsv1_3", verify = "none" }
local BUNDLE = {
  mode = "client", protocol = "tlsv1_3", verify = "peer", cafile = CERTS .. "/bundle.pem",
}
local SERVER = {
  mode = "server", protocol = "tlsv1_3",
  certificate = CERTS .. "/server.pem", key = CERTS .. "/server.key",
}

local cpu, wall = os.clock, socket.gettime

local function report(units, spent, passed)
  print(("%d %.9f %.9f"):format(units, spent, passed))
end

-- The warm-up before the clock starts. Where large strings are received, the collector lets
-- the heap grow to some ten MB before it keeps pace; that memory is new only once. So nothing
-- is collected between this and `measure`.
local function warm_up(f, ...)
  collectgarbage()
  f(...)
end

-- Run f once for a number of units.
local function measure(units, f, ...)
  local passed, spent = wall(), cpu()
  f(...)
  report(units, cpu() - spent, wall() - passed)
end

local function tell(command)
  local sock = assert(socket.tcp())
  assert(sock:connect("127.0.0.1", PORT))
  sock:setoption("tcp-nodelay", true)
  assert(sock:send(command .. "\n"))
  return sock
end

local function shake(ctx, sock)
  local conn = assert(ssl.wrap(sock, ctx))
  assert(conn:dohandshake())
  return conn
end

-- A connection that the peer feeds, with the peer waiting for us to begin.
local function source(bytes, record, line)
  local ctx = assert(ssl.newcontext(CLIENT))
  local conn = shake(ctx, tell(("%s %d %d %d"):format(SOURCE, bytes, record, line)))
  assert(conn:receive "*l" == "ready")
  assert(conn:send "go\n")
  return conn
end

-- Received strings go here: compiled code does not make a string that is not used.
local sink = {}

local work = {}

function work.send(amount, piece)
  local conn = shake(assert(ssl.newcontext(CLIENT)), tell "sink")
  local data = ("x"):rep(piece or MIB)
  local function send(bytes)
    for _ = 1, bytes / #data do assert(conn:send(data)) end
  end
  warm_up(send, 8 * MIB)
  measure(amount, send, amount * MIB)
end

function work.receive(amount, piece)
  local conn = source((amount + 32) * MIB, RECORD, 0)
  local function receive(bytes)
    for _ = 1, bytes / piece do sink[1] = assert(conn:receive(piece)) end
  end
  warm_up(receive, 32 * MIB)
  measure(amount, receive, amount * MIB)
end

-- Once before, over another connection: a virtual machine gets memory from its host when it uses
-- it first, and that may take longer than all the rest.
function work.all(amount)
  local conn
  local function all()
    sink[1] = assert(conn:receive "*a")
    assert(#sink[1] == amount * MIB)
  end
  conn = source(amount * MIB, RECORD, 0)
  all()
  sink[1] = nil
  conn:close()
  conn = source(amount * MIB, RECORD, 0)
  collectgarbage()
  measure(amount, all)
end

function work.lines(amount, record)
  local warm = math.floor(amount / 10)
  local conn = source((amount + 2 * warm) * LINE, record, LINE)
  local function lines(n)
    for _ = 1, n do sink[1] = assert(conn:receive "*l") end
  end
  warm_up(lines, warm)
  measure(amount, lines, amount)
end

-- A line, and some bit arithmetic: about 20 ns of compiled code, 200 of interpreted.
function work.linework(amount)
  local warm = math.floor(amount / 10)
  local conn = source((amount + 2 * warm) * LINE, RECORD, LINE)
  local byte, bxor, rol, sum = string.byte, bit.bxor, bit.rol, 0
  local function lines(n)
    for _ = 1, n do
      local line = assert(conn:receive "*l")
      sink[1] = line
      for i = 1, 8 do sum = bxor(rol(sum, 5), byte(line, i)) end
    end
  end
  warm_up(lines, warm)
  measure(amount, lines, amount)
end

local MESSAGE = ("p"):rep(63)

local function bounce(conn, n)
  local message = MESSAGE .. "\n"
  for _ = 1, n do
    assert(conn:send(message))
    sink[1] = assert(conn:receive "*l")
  end
end

function work.pingpong(amount)
  local conn = shake(assert(ssl.newcontext(CLIENT)), tell "echo")
  warm_up(bounce, conn, 200)
  measure(amount, bounce, conn, amount)
end

local function contexts(n)
  for _ = 1, n do assert(ssl.newcontext(BUNDLE)) end
end

function work.first()
  collectgarbage()
  measure(1, contexts, 1)
end

function work.later(amount)
  warm_up(contexts, 1)
  measure(amount, contexts, amount)
end

function work.https(amount)
  local https = require "ssl.https"
  local function requests(n)
    for _ = 1, n do
      local _, status = https.request {
        url = ("https://127.0.0.1:%d/"):format(PORT), protocol = "tlsv1_3",
        verify = "peer", cafile = BUNDLE.cafile,
      }
      assert(status == 200, status)
    end
  end
  warm_up(requests, 2)
  measure(amount, requests, amount)
end

-- Verified over one connection; with LuaSec, which keeps none, not verified.
function work.pooled(amount)
  local https = require "ssl.https"
  local reqt = {
    url = ("https://127.0.0.1:%d/"):format(PORT), protocol = "tlsv1_3", verify = "none",
  }
  if https.pool then
    reqt.pool, reqt.verify, reqt.cafile = https.pool(), "peer", BUNDLE.cafile
  end
  local function requests(n)
    for _ = 1, n do
      local copy = {}
      for key, value in pairs(reqt) do copy[key] = value end
      local _, status = https.request(copy)
      assert(status == 200, status)
    end
  end
  warm_up(requests, 20)
  measure(amount, requests, amount)
end

local function resident()
  collectgarbage()
  collectgarbage()
  local file = assert(io.open "/proc/self/statm")
  local pages = file:read "*l":match "^%d+ (%d+)"
  file:close()
  return tonumber(pages) * 4
end

-- Connections of a server that were opened, used once, and lie there.
function work.idle(amount)
  local ctx, held, before = assert(ssl.newcontext(SERVER)), {}, 0
  local start = wall()
  for i = 1, amount + 100 do
    held[i] = shake(ctx, tell "hold")
    bounce(held[i], 1)
    if i == 100 then before = resident() end
  end
  report(amount, resident() - before, wall() - start)
end

local tools = {
  ssl = ssl, client = CLIENT, server = SERVER, bundle = BUNDLE, certs = CERTS, tell = tell,
  shake = shake, source = source, bounce = bounce, warm_up = warm_up, measure = measure,
  resident = resident, report = report, cpu = cpu, wall = wall, sink = sink,
}
require "subject_bulk"(work, tools)
require "subject_shake"(work, tools)
require "subject_crowd"(work, tools)

local name, amount, parameter = unpack(arg)
work[name](tonumber(amount), tonumber(parameter) or parameter)
