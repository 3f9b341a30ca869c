--- One scenario in a process of its own, under all failures from one on.
--
--	luajit spec/proof/child.lua FOLDER SCENARIO FROM EACH FILE ONLY KIND
--
-- Prints `plan FAILURES CALLS`, then for each failure `at N DESCRIPTION`, lines `found TEXT`,
-- and `done OUTCOME`; `end` at the end. Only every EACH-th failure is planted, and where
-- ONLY is not empty, only failures of the functions that it names. FOLDER: what faults.compile
-- made; FILE: the module with the scenarios; KIND: calls, system or memory.

package.path = "./?.lua;" .. package.path

local ffi    = require "ffi"
local memory = require "spec.proof.memory"

local folder, name, from, each, file, only, word = unpack(arg)

memory.begin(folder .. "/tally.so")

local kind
if word == "system" then
  kind = require "spec.proof.system"
  kind.use(folder .. "/system.so")
elseif word == "memory" then
  kind = require "spec.proof.allocations"
else
  kind = require "spec.proof.injector"
  kind.install()
end

local checks    = require "spec.proof.checks"
local scenarios = require(file)

ffi.cdef "unsigned int proof_alarm(unsigned int seconds) __asm__(\"alarm\");"

-- Seconds for one failure: a hang ends the process.
local PATIENCE = 120

io.stdout:setvbuf "line"

local scenario = assert(scenarios.find(name), "no such scenario")

local baseline = checks.baseline(kind, scenario)
local points = kind.points(baseline.calls, only)
print(("plan %d %d"):format(#points, #baseline.calls))
for i = tonumber(from), #points, tonumber(each) do
  print(("at %d %s"):format(i, kind.describe(points[i])))
  ffi.C.proof_alarm(PATIENCE)
  local findings, outcome = checks.run(kind, scenario, baseline, points[i])
  local place = kind.place and kind.place(points[i])
  for _, finding in ipairs(findings) do
    print("found " .. finding:gsub("\n", " ") .. (place and " (" .. place .. ")" or ""))
  end
  print("done " .. (outcome or "not reached"):gsub("\n", " "))
end
require("spec.support.process").stop_all()
print "end"
