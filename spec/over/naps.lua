-- Run over each loop by naps_spec: how an adapter sleeps. More threads than Copas could select
-- descriptors for.

local loop, MANY = os.getenv "LOOP", 1100
if loop == "copas" then require "copas" end
local vim  = rawget(_G, "vim")
local ssl  = require "ssl"
local over = require("ssl.over." .. loop)
local say  = ngx and ngx.say or print

local SPAWN, RUN = {}, {}

function SPAWN.copas(f) require("copas").addthread(f) end

function RUN.copas(main, done)
  SPAWN.copas(main)
  repeat require("copas").step(1) until done()
end

function SPAWN.cqueues(f) require("cqueues").running():wrap(f) end

function RUN.cqueues(main) assert(require("cqueues").new():wrap(main):loop()) end

function SPAWN.luv(f) coroutine.wrap(f)() end

function RUN.luv(main, done)
  SPAWN.luv(main)
  if vim then vim.wait(60000, done, 1) else require("luv").run() end
end

function SPAWN.cosocket(f) ngx.thread.spawn(f) end

function RUN.cosocket(main) main() end

-- Waits for a condition, by sleeping.
local function until_true(condition)
  repeat over.sleep(0.001) until condition()
end

local over_yet = false

local function main()
  local slept = 0
  for i = 1, MANY do
    SPAWN[loop](function()
      over.sleep(i % 7 / 1000)
      slept = slept + 1
    end)
  end
  until_true(function() return slept == MANY end)
  say("all have slept")

  local order = {}
  for _, name in ipairs { "one", "two", "three" } do
    SPAWN[loop](function()
      over.sleep(name == "one" and 1 or name == "two" and 0.5 or 0)
      order[#order + 1] = name
    end)
  end
  until_true(function() return #order == 3 end)
  say("in order: " .. table.concat(order, " "))

  local nap, awake, began = over.nap(), 0, ssl.monotonic()
  nap:wake() -- nobody sleeps: it counts for nobody
  SPAWN[loop](function()
    nap:sleep(1000)
    awake = 1
    nap:sleep(0.01)
    awake = 2
  end)
  over.sleep(0.001)
  say("asleep: " .. tostring(awake == 0))
  nap:wake()
  say("woken behind the caller: " .. tostring(awake == 0))
  until_true(function() return awake == 2 end)
  say("awake, and once more by its time: " .. tostring(ssl.monotonic() - began < 1000))
  nap:wake()
  over_yet = true
end

RUN[loop](main, function() return over_yet end)
