-- LOOP=copas URL=https://localhost:8443/ CAFILE=ca.pem REQUESTS=1000 luajit loops.lua
-- Many requests at once, over the loop that LOOP names: luasocket, copas, cqueues, luv (also in
-- Neovim), cosocket. Prints what came back, and how late a ticker was meanwhile.
local loop   = os.getenv "LOOP" or "luasocket"
local url    = os.getenv "URL"
local cafile = os.getenv "CAFILE"
local count  = tonumber(os.getenv "REQUESTS" or 100)

-- Runs functions at once, each on a thread of its loop, until all have returned.
local START = {}

function START.luasocket(tasks)
  for _, task in ipairs(tasks) do task() end -- it blocks, so there is no "at once"
end

function START.copas(tasks)
  local copas = require "copas"
  local left = #tasks
  for _, task in ipairs(tasks) do
    copas.addthread(function()
      task()
      left = left - 1
    end)
  end
  repeat copas.step(1) until left == 0 -- copas.loop of old versions never returns
end

function START.cqueues(tasks)
  local queue = require("cqueues").new()
  for _, task in ipairs(tasks) do queue:wrap(task) end
  assert(queue:loop())
end

function START.luv(tasks)
  local left = #tasks
  for _, task in ipairs(tasks) do
    coroutine.wrap(function()
      task()
      left = left - 1
    end)()
  end
  if vim then
    vim.wait(60000, function() return left == 0 end, 1)
  else
    require("luv").run()
  end
end

function START.cosocket(tasks)
  local threads = {}
  for i, task in ipairs(tasks) do threads[i] = ngx.thread.spawn(task) end
  for _, thread in ipairs(threads) do assert(ngx.thread.wait(thread)) end
end

local start = START[loop] -- and Copas is loaded before ssl.https, as it wants to be
if loop == "copas" then require "copas" end
local ssl   = require "ssl"
local https = require "ssl.https"
local over  = require("ssl.over." .. loop)
local say   = ngx and ngx.say or print

local pool = https.pool { size = 64, perhost = 64 }
local right, wrong, bytes, left, latest, kept, again = 0, {}, 0, count, 0, 0, nil

local function request()
  local body = {}
  local ok, code = https.request {
    url = url, cafile = cafile, over = loop, pool = pool,
    sink = function(piece)
      body[#body + 1] = piece
      return 1
    end,
  }
  if ok and code == 200 then
    right, bytes = right + 1, bytes + #table.concat(body)
  else
    wrong[code] = (wrong[code] or 0) + 1
  end
  left = left - 1
  if left > 0 then return end
  kept = pool:count()
  pool:close() -- while the loop runs
  again = https.request { url = url, cafile = cafile, over = loop }
end

local function ticker()
  while left > 0 do
    local due = ssl.monotonic() + 0.001
    over.sleep(0.001)
    latest = math.max(latest, ssl.monotonic() - due)
  end
end

local began, tasks = ssl.monotonic(), {}
if loop ~= "luasocket" then tasks[1] = ticker end
for _ = 1, count do tasks[#tasks + 1] = request end
start(tasks)
local took = ssl.monotonic() - began

say(("%s: %d of %d answers, %d bytes, %d connections kept, %s"):format(
    loop, right, count, bytes, kept, again and "and one resumed" or "and no more"))
for why, times in pairs(wrong) do say(("  %d times: %s"):format(times, why)) end
say(("  %.0f ms; the ticker was %.1f ms late at most"):format(took * 1000, latest * 1000))
