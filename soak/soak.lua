--- Connections for hours, and what is in use meanwhile: script/soak.
--
--   luajit soak/soak.lua TALLY FOLDER hours|connections NUMBER IDLE [WORK]
--
-- IDLE: so many pairs stay open beside.
-- WORK: a module whose function runs after each work; the spec plants a leak with it.

local memory = require "spec.proof.memory"

local tally, folder, unit, most, planted = arg[1], arg[2], arg[3], tonumber(arg[4]), arg[6]
memory.begin(tally)
pcall(require, "copas") -- it wants to be loaded before LuaSocket's modules

local ssl     = require "ssl"
local samples = require "soak.samples"
local works   = require "soak.works"
local crowd   = require "soak.crowd"
local nginx   = require "soak.nginx"

local SEED, SAMPLES = 1, 240
local IDLE = tonumber(arg[5])

math.randomseed(SEED)
local random = math.random

local began, connections = ssl.monotonic(), 0
local function seconds() return ssl.monotonic() - began end

-- From 0 to 1.
local function done()
  return (unit == "hours" and seconds() / 3600 or connections) / most
end

local function pick(list)
  local sum = 0
  for _, work in ipairs(list) do sum = sum + work.weight end
  local n = random(sum)
  for _, work in ipairs(list) do
    n = n - work.weight
    if n <= 0 then return work end
  end
end

local function write(name, text)
  local file = assert(io.open(folder .. "/" .. name, "w"))
  file:write(text)
  file:close()
end

local function report(list, counts)
  write("soak.svg", samples.draw(list))
  for _, work in ipairs(works.list) do
    print(("%8d times: %s"):format(counts[work] or 0, work.name))
  end
  for _, name in ipairs(works.missing) do print("     not done: " .. name) end
  print(("%d connections in %.0f s, %d of them resumed in a crowd, %d idle pairs beside\n")
        :format(connections, seconds(), crowd.resumed, IDLE))
  print "| | least of the first third | of the last third | |\n|---|---|---|---|"
  local grows = false
  for _, verdict in ipairs(samples.judge(list)) do
    grows = grows or verdict.grows
    print(("| %s | %.0f | %.0f | %s |"):format(verdict.kind.name, verdict.first, verdict.last,
                                               verdict.grows and "grows" or "stays"))
  end
  return grows
end

local function main()
  local list, counts = {}, {}
  local file = assert(io.open(folder .. "/soak.csv", "w"))
  file:write(samples.line(), "\n")
  local idle = works.idle(IDLE, random)
  local after = planted and require(planted)
  repeat
    local work = pick(works.list)
    counts[work] = (counts[work] or 0) + 1
    connections = connections + work.run(random) + idle()
    if after then after() end
    if done() * SAMPLES >= #list + 1 then
      works.settle()
      list[#list + 1] = samples.take(connections, seconds())
      file:write(samples.line(list[#list]), "\n")
      file:flush()
    end
  until done() >= 1
  file:close()
  return report(list, counts)
end

local grows = main()
nginx.stop()
os.exit(grows and 1 or 0)
