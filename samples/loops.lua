-- LOOP=copas URL=https://localhost:8443/ CAFILE=ca.pem REQUESTS=1000 luajit loops.lua
-- Many requests at once, over the loop that LOOP names: luasocket, copas, cqueues, luv (also in
-- Neovim), cosocket. Prints what came back, and how late a ticker was meanwhile.
local loop   = os.getenv "LOOP" or "luasocket"
local url    = os.getenv "URL"
local cafile = os.getenv "CAFILE"
local count  = tonumber(os.getenv "REQUESTS" or 100)

-- Begins functions at once, each on a thread of its loop, and runs the loop until all is done.
local START = {}

function START.luasocket(tasks)
  for _, task in ipairs(tasks) do task() end -- it blocks, so there is no "at once"
end

function START.copas(tasks, done)
  local copas = require "copas"
  for _, task in ipairs(tasks) do copas.addthread(task) end
  repeat copas.step(1) until done() -- copas.loop of old versions never returns
end

function START.cqueues(tasks)
  local queue = require("cqueues").new()
  for _, task in ipairs(tasks) do queue:wrap(task) end
  assert(queue:loop())
end

function START.luv(tasks, done)
  for _, task in ipairs(tasks) do coroutine.wrap(task)() end
  if vim then vim.wait(60000, done, 1) else require("luv").run() end
end

function START.cosocket(tasks)
  for i, task in ipairs(tasks) do tasks[i] = ngx.thread.spawn(task) end
  for _, thread in ipairs(tasks) do assert(ngx.thread.wait(thread)) end
end

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

local began, tasks = ssl.monotonic(), { loop ~= "luasocket" and ticker or nil }
for _ = 1, count do tasks[#tasks + 1] = request end
START[loop](tasks, function() return again ~= nil end)
local took = ssl.monotonic() - began

local say = ngx and ngx.say or print
say(("%s: %d of %d answers, %d bytes, %d connections kept, %s"):format(
    loop, answers[200], count, bytes, kept, again and "and one resumed" or "and no more"))
answers[200] = nil
for why, times in pairs(answers) do say(("  %d times: %s"):format(times, why)) end
say(("  %.0f ms; the ticker was %.1f ms late at most"):format(took * 1000, latest * 1000))
