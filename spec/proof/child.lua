--- One scenario in a process of its own, under all failures from one on.
--
--	luajit spec/proof/child.lua TALLY SCENARIO FROM EACH FILE ONLY
--
-- Prints `plan FAILURES CALLS`, then for each failure `at N DESCRIPTION`, lines `found TEXT`,
-- and `done OUTCOME`; `end` at the end. Only every EACH-th failure is planted, and where
-- ONLY is not empty, only failures of the functions that it names. FILE: the module with the
-- scenarios.

package.path = "./?.lua;" .. package.path

local ffi    = require "ffi"
local memory = require "spec.proof.memory"

memory.begin(arg[1])
require("spec.proof.injector").install()

local checks    = require "spec.proof.checks"
local scenarios = require(arg[5])

ffi.cdef "unsigned int proof_alarm(unsigned int seconds) __asm__(\"alarm\");"

-- Seconds for one failure: a hang ends the process.
local PATIENCE = 120

io.stdout:setvbuf "line"

local scenario = assert(scenarios.find(arg[2]), "no such scenario")
local from, each = tonumber(arg[3]), tonumber(arg[4])

local baseline = checks.baseline(scenario)
local points = checks.points(baseline, arg[6])
print(("plan %d %d"):format(#points, #baseline.calls))
for i = from, #points, each do
  print(("at %d %s"):format(i, checks.describe(points[i])))
  ffi.C.proof_alarm(PATIENCE)
  local findings, outcome = checks.run(scenario, baseline, points[i])
  for _, finding in ipairs(findings) do print("found " .. finding:gsub("\n", " ")) end
  print("done " .. (outcome or "not reached"):gsub("\n", " "))
end
require("spec.support.process").stop_all()
print "end"
