--- Which lines of Lua the inputs of a target reach: `script/fuzz --coverage`.
--
--	luajit -joff fuzz/lines.lua FOLDER SECONDS TARGET INPUTS
--
-- Gives each file of the folder INPUTS and each seed to the target, at most so long, and adds
-- the lines of lua/ssl/ that ran to FOLDER/lines. Without TARGET it prints what is in that
-- file: of each file the lines that ran, of how many, and the functions that never did.

package.path = "./?.lua;" .. package.path

local corpus  = require "fuzz.corpus"
local sources = require "spec.support.sources"
local util    = require "jit.util"

local folder, seconds, name, inputs = unpack(arg)
local path = folder .. "/lines"

local function key(source)
  return source:match "(ssl/.*%.lua)$" or source:match "(ssl%.lua)$"
end

local function gather()
  local watch = require "fuzz.watch"
  local seen, info = {}, debug.getinfo
  debug.sethook(function(_, line)
    local source = info(2, "S").source
    local lines = seen[source]
    if not lines then
      lines = {}
      seen[source] = lines
    end
    lines[line] = true
  end, "l")
  watch.begin(folder)
  local target = require("fuzz.targets." .. name)
  local list, ends = corpus.of(name), os.clock() + tonumber(seconds)
  for _, bytes in ipairs(corpus.in_folder(inputs)) do list[#list + 1] = bytes end
  for _, bytes in ipairs(list) do
    if os.clock() > ends then break end
    watch.run(target, bytes)
  end
  debug.sethook()
  local file = assert(io.open(path, "a"))
  for source, lines in pairs(seen) do
    local short = key(source)
    for line in pairs(short and lines or {}) do file:write(short, " ", line, "\n") end
  end
  file:close()
end

-- The lines of a function that can run, and those of the functions in it.
local function lines_of(f, add)
  local info = util.funcinfo(f)
  local lines, pc = {}, 1
  while true do
    local at = util.funcinfo(f, pc).currentline
    if not at or pc >= info.bytecodes then break end
    lines[at], pc = true, pc + 1
  end
  add(lines, info.linedefined)
  for i = -1, -info.gcconsts, -1 do
    local constant = util.funck(f, i)
    if type(constant) == "proto" then lines_of(constant, add) end
  end
end

local function reached()
  local seen = {}
  for line in io.lines(path) do
    local source, number = line:match "^(%S+) (%d+)$"
    seen[source] = seen[source] or {}
    seen[source][tonumber(number)] = true
  end
  return seen
end

local function print_file(source, ran)
  local all, none = {}, {}
  lines_of(assert(loadfile(source)), function(lines, first)
    local called = false
    for line in pairs(lines) do
      all[line] = true
      called = called or line > first and ran[line] or line == first and ran[line]
    end
    if not called then none[#none + 1] = first end
  end)
  local run, count = 0, 0
  for line in pairs(all) do
    count = count + 1
    if ran[line] then run = run + 1 end
  end
  table.sort(none)
  print(("%5d of %5d  %s%s"):format(run, count, source,
    none[1] and "  never: functions at " .. table.concat(none, " ") or ""))
  return run, count
end

if name then return gather() end

local seen, run, count = reached(), 0, 0
for _, source in ipairs(sources.list("lua", "lua")) do
  local some, all = print_file(source, seen[key(source)] or {})
  run, count = run + some, count + all
end
print(("%5d of %5d lines of Lua, %.0f %%"):format(run, count, 100 * run / count))
