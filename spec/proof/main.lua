--- The work of script/faults.

package.path = "./?.lua;" .. package.path

local faults    = require "spec.proof.faults"
local kinds     = require "spec.proof.kinds"
local process   = require "spec.support.process"
local scenarios = require "spec.proof.scenarios"

io.stdout:setvbuf "line"

local pattern, each, only_kind = arg[1] or "", tonumber(arg[2] or 1), arg[3]

local function sorted(set)
  local out = {}
  for key in pairs(set) do out[#out + 1] = key end
  table.sort(out)
  return out
end

local libraries = faults.compile(process.folder())
local planted, reached, ignored, findings, count = 0, {}, {}, 0, 0

local CALLS = { "calls", "memory" }

-- For docs/internals/proof.md: what ran, by kind.
local rows = {}

local function note(kind, report, before)
  local row = rows[kind] or { scenarios = 0, planned = 0, planted = 0, findings = 0, names = {} }
  rows[kind] = row
  row.scenarios, row.planned = row.scenarios + 1, row.planned + report.planned
  row.planted, row.findings = row.planted + report.planted, row.findings + findings - before
  for name in pairs(report.reached) do row.names[name] = true end
end

local function print_rows()
  print "\n| kind | scenarios | functions | failures there are | of these run | findings |"
  print "|---|---|---|---|---|---|"
  for _, kind in ipairs { "calls", "system", "memory" } do
    local row = rows[kind]
    if row then
      print(("| %s | %d | %d | %d | %d | %d |"):format(kind, row.scenarios, #sorted(row.names),
                                                      row.planned, row.planted, row.findings))
    end
  end
end

local function run(scenario, kind)
  local before = findings
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
  note(kind, report, before)
end

for _, scenario in ipairs(scenarios.list) do
  if scenario.name:find(pattern, 1, true) then
    for _, kind in ipairs(scenario.kinds or CALLS) do
      if not only_kind or kind == only_kind then run(scenario, kind) end
    end
  end
end

for _, name in ipairs(sorted(ignored)) do
  findings = findings + 1
  print(("FOUND %s: its failure is ignored, without a reason in kinds.lua (%s)"):format(
    name, ignored[name]))
end
process.stop_all()
print_rows()
print(("\n%d failures of %d functions in %d scenarios, %d findings"):format(
  planted, #sorted(reached), count, findings))
os.exit(findings == 0 and planted > 0 and 0 or 1)
