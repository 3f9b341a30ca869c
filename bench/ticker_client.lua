-- One client for every loop, for bench/ticker.lua: COUNT requests at once over the loop that LOOP
-- names, and a ticker of a millisecond beside them. WHAT is "tls": ssl.https, verified, in one
-- pool; or "plain": HTTP by the same adapter, which is what the loop and the system cost alone.
--
-- It prints the CPU of this thread between two turns of the ticker, and the longest step: from
-- the return of a call of the adapter that may wait to the next such call of the same
-- coroutine. A call in which nothing else ran has not waited, and the step goes on.

local ffi = require "ffi"

ffi.cdef [[
typedef struct { long seconds, nanoseconds; } bench_ticker_time;
int bench_ticker_clock(int clock, bench_ticker_time *time) __asm__("clock_gettime");
]]

-- CLOCK_THREAD_CPUTIME_ID; threads that begin in one go; connections that are kept; seconds.
local CLOCK, PORTION, KEPT, LIMIT, TICK = 3, 10, 64, 60, 0.001

local time = ffi.new "bench_ticker_time"

-- Milliseconds of CPU of this thread.
local function cpu()
  ffi.C.bench_ticker_clock(CLOCK, time)
  return tonumber(time.seconds) * 1e3 + tonumber(time.nanoseconds) / 1e6
end

local vim, ngx = rawget(_G, "vim"), rawget(_G, "ngx")

-- How a loop begins a thread, and how it runs until all is done.
local SPAWN, RUN = {}, {}

function SPAWN.copas(task) require("copas").addthread(task) end

function RUN.copas(main, done)
  SPAWN.copas(main)
  repeat require("copas").step(1) until done()
end

function SPAWN.cqueues(task) require("cqueues").running():wrap(task) end

function RUN.cqueues(main)
  assert(require("cqueues").new():wrap(main):loop())
end

function SPAWN.luv(task) coroutine.wrap(task)() end

function RUN.luv(main, done)
  SPAWN.luv(main)
  if vim then vim.wait(LIMIT * 1000, done, 1) else require("luv").run() end
end

local threads = {}

function SPAWN.cosocket(task) threads[#threads + 1] = ngx.thread.spawn(task) end

function RUN.cosocket(main)
  main()
  for _, thread in ipairs(threads) do assert(ngx.thread.wait(thread)) end
end

local loop, what, count = os.getenv "LOOP", os.getenv "WHAT", tonumber(os.getenv "COUNT")
local port, cafile = tonumber(os.getenv "PORT"), os.getenv "CAFILE"

if loop == "copas" then require "copas" end -- it wants to be loaded before ssl.https
local ssl   = require "ssl"
local https = require "ssl.https"
local over  = require("ssl.over." .. loop)

ssl.preload()
ssl.preload { "https" }
assert(ssl.newcontext { mode = "client", protocol = "any", verify = "peer", cafile = cafile })

-- The running step: the CPU when it began, and the call behind which it did. `events` counts
-- what threads do.
local began, from, events = 0, "the beginning", 0
local longest = { 0, "" }

local function stop(name)
  local took = cpu() - began
  if took > longest[1] then longest = { took, from .. " - " .. name } end
  events = events + 1
end

local function back(mark, since, behind, name, ...)
  if events == mark then began, from = since, behind else began, from = cpu(), name end
  events = events + 1
  return ...
end

local function watched(name, f)
  return function(...)
    stop(name)
    return back(events, began, from, name, f(...))
  end
end

local seen = {}

local function watch_object(object, ...)
  local class = object and getmetatable(object)
  if class and not seen[class] then
    seen[class] = true
    for _, name in ipairs { "receiveany", "send", "close", "park", "unpark" } do
      class[name] = watched(name, class[name])
    end
  end
  return object, ...
end

local connect, nap = over.connect, over.nap
over.connect = watched("connect", function(...) return watch_object(connect(...)) end)
over.sleep = watched("sleep", over.sleep)

function over.nap()
  local one = nap()
  local class = getmetatable(one)
  if not seen[class] then
    seen[class], class.sleep = true, watched("nap", class.sleep)
  end
  return one
end

local REQUEST, CLOSE = {}, {}
local pool, idle = https.pool { size = KEPT, perhost = KEPT }, {}
local url = ("https://127.0.0.1:%d/"):format(port)

function REQUEST.tls()
  local _, code = https.request { url = url, cafile = cafile, over = loop, pool = pool,
                                  sink = function() return 1 end }
  return code
end

-- And one more, whose session has to be one of the others'.
function CLOSE.tls()
  pool:close()
  return REQUEST.tls()
end

function REQUEST.plain()
  local object = table.remove(idle) or over.connect("127.0.0.1", port, LIMIT)
  if not object then return "not connected" end
  object:settimeout(LIMIT)
  assert(object:send "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
  local text = ""
  repeat text = text .. assert(object:receiveany(65536)) until text:find "hello$"
  if #idle < KEPT then idle[#idle + 1] = object else object:close() end
  return tonumber(text:match " (%d+)")
end

function CLOSE.plain()
  for _, object in ipairs(idle) do object:close() end
end

local left, answers, finished, turns = count, 0, false, {}

local function request()
  began, from = cpu(), "the beginning"
  local code = REQUEST[what]()
  if code == 200 then answers = answers + 1 end
  left = left - 1
  if left == 0 then
    CLOSE[what]()
    finished = true
  end
  stop "the end"
end

local function ticker()
  began, from = cpu(), "the beginning"
  while not finished do
    local before = cpu()
    over.sleep(TICK)
    turns[#turns + 1] = cpu() - before
  end
end

-- A thread costs some CPU by itself. All in one go would be one long step of the program.
local function main()
  SPAWN[loop](ticker)
  began, from = cpu(), "the beginning"
  for i = 1, count do
    SPAWN[loop](request)
    began, from = cpu(), "a beginning"
    if i % PORTION == 0 then over.sleep(TICK) end
  end
end

local before = cpu()
RUN[loop](main, function() return finished end)
local spent = cpu() - before

table.sort(turns)
local function part(share) return turns[math.max(1, math.ceil(#turns * share))] end
local line = ("| %s | %s | %d | %.0f | %d | %.1f, %.1f, %.1f | %.1f, %s |"):format(
  os.getenv "NAME", what, answers, spent, #turns, part(0.5), part(0.99), part(1), longest[1],
  longest[2])
if ngx then ngx.say(line) else io.stdout:write(line, "\n") end
