--- The work of script/faults.

package.path = "./?.lua;" .. package.path

local faults    = require "spec.proof.faults"
local kinds     = require "spec.proof.kinds"
local process   = require "spec.support.process"
local scenarios = require "spec.proof.scenarios"

local pattern, each = arg[1] or "", tonumber(arg[2] or 1)

local function sorted(set)
  local out = {}
  for key in pairs(set) do out[#out + 1] = key end
  table.sort(out)
  return out
end

local libraries = faults.compile(process.folder())
local planted, reached, ignored, findings, count = 0, {}, {}, 0, 0

local CALLS = { "calls" }

local function run(scenario, kind)
  local report = faults.run(libraries, scenario.name, { each = each, kind = kind })
  count, planted = count + 1, planted + report.planted
  for name in pairs(report.reached) do reached[name] = true end
  for name in pairs(kind == "calls" and report.ignored or {}) do
    if not kinds.ignorable[name] then ignored[name] = scenario.name end
  end
  print(("%6d failures of %4d calls: %s (%s)"):format(report.planted, report.calls,
                                                      scenario.name, kind))
  for _, finding in ipairs(report.findings) do
    findings = findings + 1
    print(("  FOUND %s: %s"):format(finding.point, finding.what))
  end
  for _, name in ipairs(sorted(report.changed)) do
    findings = findings + 1
    print(("  FOUND %s: another result, %s"):format(name, report.changed[name]))
  end
end

for _, scenario in ipairs(scenarios.list) do
  if scenario.name:find(pattern, 1, true) then
    for _, kind in ipairs(scenario.kinds or CALLS) do run(scenario, kind) end
  end
end

for _, name in ipairs(sorted(ignored)) do
  findings = findings + 1
  print(("FOUND %s: its failure is ignored, without a reason in kinds.lua (%s)"):format(
    name, ignored[name]))
end
process.stop_all()
print(("%d failures of %d functions in %d scenarios, %d findings"):format(
  planted, #sorted(reached), count, findings))
os.exit(findings == 0 and planted > 0 and 0 or 1)
