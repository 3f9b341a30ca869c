-- LOOP=copas URL=https://localhost:8443/ CAFILE=ca.pem REQUESTS=1000 luajit loops.lua
-- Many requests at once, over the loop that LOOP names: luasocket, copas, cqueues, luv (also in
-- Neovim), cosocket. Prints what came back, and how late a ticker was meanwhile.
local loop   = os.getenv "LOOP" or "luasocket"
local url    = os.getenv "URL"
local cafile = os.getenv "CAFILE"
local count  = tonumber(os.getenv "REQUESTS" or 100)

-- How a loop begins a thread, and how it runs until all is done.
local SPAWN, RUN = {}, {}

function SPAWN.luasocket(task) task() end -- it blocks, so there is no "at once"
function RUN.luasocket(main) main() end
function SPAWN.copas(task) require("copas").addthread(task) end
function RUN.copas(main, done)
  SPAWN.copas(main)
  repeat require("copas").step(1) until done() -- copas.loop of old versions never returns
end
function SPAWN.cqueues(task) require("cqueues").running():wrap(task) end
function RUN.cqueues(main) assert(require("cqueues").new():wrap(main):loop()) end
function SPAWN.luv(task) coroutine.wrap(task)() end
function RUN.luv(main, done)
  SPAWN.luv(main)
  if vim then vim.wait(60000, done, 1) else require("luv").run() end
end
function SPAWN.cosocket(task) ngx.thread.spawn(task) end
RUN.cosocket = RUN.luasocket

if loop == "copas" then require "copas" end -- it wants to be loaded before ssl.https
local ssl   = require "ssl"
local https = require "ssl.https"
local over  = require("ssl.over." .. loop)
ssl.preload() -- a file that is loaded in the first request would make the loop wait

local pool = https.pool { size = 64, perhost = 64 }
local answers, bytes, left, latest, kept, again = { [200] = 0 }, 0, count, 0, 0, nil

local function request()
  local _, code = https.request {
    url = url, cafile = cafile, over = loop, pool = pool,
    sink = function(piece)
      bytes = bytes + #(piece or "")
      return 1
    end,
  }
  answers[code] = (answers[code] or 0) + 1 -- without an answer it is the reason
  left = left - 1
  if left > 0 then return end
  kept = pool:count()
  pool:close() -- while the loop runs
  again = https.request { url = url, cafile = cafile, over = loop } or false
end

local function ticker()
  while left > 0 do
    local due = ssl.monotonic() + 0.001
    over.sleep(0.001)
    latest = math.max(latest, ssl.monotonic() - due)
  end
end

local function main() -- a few threads at a time, since each costs some CPU by itself
  if loop ~= "luasocket" then SPAWN[loop](ticker) end
  for i = 1, count do
    SPAWN[loop](request)
    if i % 10 == 0 then over.sleep(0.001) end
  end
  while again == nil do over.sleep(0.001) end
end

local began = ssl.monotonic()
RUN[loop](main, function() return again ~= nil end)
local took = ssl.monotonic() - began

local say = ngx and ngx.say or print
say(("%s: %d of %d answers, %d bytes, %d connections kept, %s"):format(
    loop, answers[200], count, bytes, kept, again and "and one resumed" or "and no more"))
answers[200] = nil
for why, times in pairs(answers) do say(("  %d times: %s"):format(times, why)) end
say(("  %.0f ms; the ticker was %.1f ms late at most"):format(took * 1000, latest * 1000))
