-- The works of bench/subject.lua with cqueues' sockets and luaossl:
--
--     luajit subject_cqueues.lua WORK AMOUNT [PARAMETER] [flow]

local cqueues  = require "cqueues"
local sockets  = require "cqueues.socket"
local contexts = require "openssl.ssl.context"
local store    = require "openssl.x509.store"

local SOURCE = arg[#arg] == "flow" and table.remove(arg) or "source"
local PORT  = tonumber(os.getenv "BENCH_PORT")
local CERTS = os.getenv "BENCH_CERTS"
local MIB, RECORD, LINE = 2 ^ 20, 16384, 100

local cpu, wall = os.clock, cqueues.monotime
local sink = {}

local function report(units, spent, passed)
  print(("%d %.9f %.9f"):format(units, spent, passed))
end

local function measure(units, f, ...)
  local passed, spent = wall(), cpu()
  f(...)
  report(units, cpu() - spent, wall() - passed)
end

local function context(verify)
  local ctx = contexts.new("TLS", false)
  ctx:setVerify(verify and contexts.VERIFY_PEER or contexts.VERIFY_NONE)
  if verify then ctx:setStore(store.new():add(CERTS .. "/root.pem")) end
  return ctx
end

local function tell(command)
  local sock = assert(sockets.connect { host = "127.0.0.1", port = PORT, nodelay = true })
  sock:setmode("bn", "bn")
  assert(sock:write(command, "\n"))
  assert(sock:flush())
  return sock
end

local function shake(ctx, sock)
  assert(sock:starttls(ctx))
  return sock
end

local function source(bytes, record, line)
  local sock = shake(context(), tell(("%s %d %d %d"):format(SOURCE, bytes, record, line)))
  assert(sock:read "*l" == "ready")
  assert(sock:write "go\n")
  return sock
end

local work = {}

function work.send(amount)
  local sock = shake(context(), tell "sink")
  local data = ("x"):rep(MIB)
  local function send(n)
    for _ = 1, n do assert(sock:write(data)) end
  end
  send(8)
  measure(amount, send, amount)
end

function work.receive(amount, piece)
  local sock = source((amount + 32) * MIB, RECORD, 0)
  local function receive(bytes)
    for _ = 1, bytes / piece do sink[1] = assert(sock:read(piece)) end
  end
  collectgarbage()
  receive(32 * MIB)
  measure(amount, receive, amount * MIB)
end

function work.all(amount)
  local sock
  local function all()
    sink[1] = assert(sock:read "*a")
    assert(#sink[1] == amount * MIB)
  end
  sock = source(amount * MIB, RECORD, 0)
  all()
  sink[1] = nil
  sock:close()
  sock = source(amount * MIB, RECORD, 0)
  collectgarbage()
  measure(amount, all)
end

function work.lines(amount, record)
  local warm = math.floor(amount / 10)
  local sock = source((amount + 2 * warm) * LINE, record, LINE)
  local function lines(n)
    for _ = 1, n do sink[1] = assert(sock:read "*l") end
  end
  lines(warm)
  measure(amount, lines, amount)
end

function work.pingpong(amount)
  local sock = shake(context(), tell "echo")
  local message = ("p"):rep(63) .. "\n"
  local function bounce(n)
    for _ = 1, n do
      assert(sock:write(message))
      sink[1] = assert(sock:read "*l")
    end
  end
  bounce(200)
  measure(amount, bounce, amount)
end

function work.handshake(amount, kind)
  local ctx, spent, passed = context(true), 0, 0
  for i = -99, amount do
    local sock = tell(kind == "three" and "end three" or "end")
    local w, c = wall(), cpu()
    shake(ctx, sock):close()
    if i > 0 then spent, passed = spent + cpu() - c, passed + wall() - w end
  end
  report(amount, spent, passed)
end

local name, amount, parameter = unpack(arg)
work[name](tonumber(amount), tonumber(parameter) or parameter)
