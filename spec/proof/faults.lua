--- All failures of scenarios, each scenario in a process of its own.
--
--   local libraries = faults.compile(folder)     tally.c and system.c
--   local report = faults.run(libraries, scenario, { each = 1, from = 1 })
--
-- `report`: `planned`, `calls`, `planted`, `ignored` (name -> how often), `changed` (name ->
-- what), `reached` (a set of functions), `refused` (message -> how often), and `findings`,
-- an array of { point =, what = }. A child that dies is a finding, and the next one goes on
-- behind the failure that killed it.

local house = require "spec.support.init"

local faults = {}

local quote = house.quote

--- Compile what is written in C.
-- @tparam string folder
-- @treturn string  the folder
function faults.compile(folder)
  for _, name in ipairs { "tally", "system" } do
    -- OpenSSL frees memory at the end of the process, when LuaJIT has closed its libraries.
    local command = ("cc -shared -fPIC -O1 -Wl,-z,nodelete -o %s spec/proof/%s.c"):format(
      quote(folder .. "/" .. name .. ".so"), name)
    assert(house.run(command), name .. ".c does not compile")
  end
  return folder
end

local function more(counts, key)
  counts[key] = (counts[key] or 0) + 1
end

local readers = {}

function readers.plan(report, text)
  local planned, calls = text:match "^(%d+) (%d+)$"
  report.planned, report.calls = tonumber(planned), tonumber(calls)
end

function readers.at(report, text)
  local index, point = text:match "^(%d+) (.*)$"
  report.index, report.point = tonumber(index), point
end

function readers.found(report, text)
  table.insert(report.findings, { point = report.point, what = text })
end

function readers.done(report, text)
  local point = report.point
  report.point = nil
  if text == "not reached" then return end
  local name = point:match "^(%S+)"
  report.planted = report.planted + 1
  report.reached[name] = true
  local kind, rest = text:match "^(%a+):? ?(.*)$"
  if kind == "ignored" then more(report.ignored, name) end
  if kind == "changed" then report.changed[name] = rest end
  if kind == "refused" then more(report.refused, rest) end
end

local function read(report, pipe)
  local ended, others = false, {}
  for line in pipe:lines() do
    local word, rest = line:match "^(%a+) ?(.*)$"
    if word == "end" then
      ended = true
    elseif readers[word] then
      readers[word](report, rest)
    else
      others[#others + 1] = line
    end
  end
  return ended, others
end

--- @tparam string libraries  of `faults.compile`
-- @tparam string scenario  its name
-- @tparam[opt] table options  `each`: only every so many failures (1); `from`: the first one;
--   `file`: a module in place of spec.proof.scenarios; `only`: names of functions, all;
--   `kind`: of failures, "calls" (the default), "system" or "memory"
function faults.run(libraries, scenario, options)
  options = options or {}
  local report = { findings = {}, ignored = {}, changed = {}, reached = {}, refused = {},
                   planted = 0, planned = 0, calls = 0, index = 0 }
  local each, from = options.each or 1, options.from or 1
  repeat
    local pipe = assert(io.popen(("luajit spec/proof/child.lua %s %s %d %d %s %s %s 2>&1"):format(
      quote(libraries), quote(scenario), from, each,
      quote(options.file or "spec.proof.scenarios"), quote(options.only or ""),
      options.kind or "calls")))
    local ended, others = read(report, pipe)
    pipe:close()
    if not ended and not report.point then
      error(scenario .. ": " .. table.concat(others, "\n"), 0)
    end
    if not ended then
      table.insert(report.findings, { point = report.point,
                                      what = "ends the process: " .. (others[#others] or "") })
      from, report.point = report.index + each, nil
    end
  until ended
  return report
end

return faults
