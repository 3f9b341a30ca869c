-- The works of bench/yardstick.c, for whatever `ssl` LUA_PATH leads to:
--
--     luajit subject.lua WORK AMOUNT [PARAMETER]
--
-- Prints the units done, what they cost (seconds of CPU; KiB for `idle`), and the time
-- of day that passed. Started by bench/peer.c, which says where it listens.

local socket = require "socket"
local ssl    = require "ssl"

local PORT  = tonumber(os.getenv "BENCH_PORT")
local CERTS = os.getenv "BENCH_CERTS"
local MIB, RECORD, LINE = 2 ^ 20, 16384, 100

local CLIENT = { mode = "client", protocol = "tlsv1_3", verify = "none" }
local VERIFYING = {
  mode = "client", protocol = "tlsv1_3", verify = "peer", cafile = CERTS .. "/root.pem",
}
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

-- Run f once for a number of units.
local function measure(units, f, ...)
  collectgarbage()
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
  local conn = shake(ctx, tell(("source %d %d %d"):format(bytes, record, line)))
  assert(conn:receive "*l" == "ready")
  assert(conn:send "go\n")
  return conn
end

-- What was received goes here: a string that nobody uses is not made by compiled code.
local sink = {}

local work = {}

function work.send(amount, piece)
  local conn = shake(assert(ssl.newcontext(CLIENT)), tell "sink")
  local data = ("x"):rep(piece or MIB)
  local function send(bytes)
    for _ = 1, bytes / #data do assert(conn:send(data)) end
  end
  send(8 * MIB)
  measure(amount, send, amount * MIB)
end

function work.receive(amount, piece)
  local conn = source((amount + 8) * MIB, RECORD, 0)
  local function receive(bytes)
    for _ = 1, bytes / piece do sink[1] = assert(conn:receive(piece)) end
  end
  receive(8 * MIB)
  measure(amount, receive, amount * MIB)
end

function work.all(amount)
  local conn = source(amount * MIB, RECORD, 0)
  measure(amount, function()
    sink[1] = assert(conn:receive "*a")
    assert(#sink[1] == amount * MIB)
  end)
end

function work.lines(amount, record)
  local warm = math.floor(amount / 10)
  local conn = source((amount + 2 * warm) * LINE, record, LINE)
  local function lines(n)
    for _ = 1, n do sink[1] = assert(conn:receive "*l") end
  end
  lines(warm)
  measure(amount, lines, amount)
end

-- A line, and something done with it that LuaJIT likes.
function work.linework(amount)
  local warm = math.floor(amount / 10)
  local conn = source((amount + 2 * warm) * LINE, RECORD, LINE)
  local byte, sum = string.byte, 0
  local function lines(n)
    for _ = 1, n do
      local line = assert(conn:receive "*l")
      sink[1] = line
      for i = 1, 16 do sum = (sum * 31 + byte(line, i)) % 65521 end
    end
  end
  lines(warm)
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
  bounce(conn, 200)
  measure(amount, bounce, conn, amount)
end

-- The clock stands still while the connection is made.
local function handshakes(amount, ctx)
  local spent, passed = 0, 0
  for i = -4, amount do
    local sock = tell "end"
    local w, c = wall(), cpu()
    shake(ctx, sock):close()
    if i > 0 then spent, passed = spent + cpu() - c, passed + wall() - w end
  end
  report(amount, spent, passed)
end

function work.handshake(amount)
  handshakes(amount, assert(ssl.newcontext(VERIFYING)))
end

local function contexts(n)
  for _ = 1, n do assert(ssl.newcontext(BUNDLE)) end
end

function work.first()
  measure(1, contexts, 1)
end

function work.later(amount)
  contexts(1)
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
  requests(2)
  measure(amount, requests, amount)
end

local function resident()
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
    if i == 100 then
      collectgarbage()
      collectgarbage()
      before = resident()
    end
  end
  collectgarbage()
  collectgarbage()
  report(amount, resident() - before, wall() - start)
end

local name, amount, parameter = unpack(arg)
work[name](tonumber(amount), tonumber(parameter))
