--- One half of the parity check: the cases, under the `ssl` that this process finds.
--
--   PARITY_PKI=FOLDER luajit spec/parity/run.lua [ours|theirs [number]]
--
-- A line a case, its result, and `end`. "theirs" leaves out the cases in which LuaSec
-- is known to end the process, unless one is asked for by its number.

local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path

local cases     = require "cases"
local serialise = require "serialise"

local theirs, only = arg[1] == "theirs", tonumber(arg[2])

local function pack(...)
  return ...
end

-- Not a tail call into the library: it would have no caller to blame.
local function compile(text)
  return loadstring("return pack(" .. text .. "\n)", "=case")
      or assert(loadstring(text, "=case"))
end

local states = require "states"

local function run(case)
  local env = states[case.state]()
  env.pack = pack
  return serialise(pcall(setfenv(compile(case.text), env)))
end

io.stdout:setvbuf "line"
for i, case in ipairs(cases.load(here)) do
  if only == i or not only then
    if theirs and case.crash and not only then
      print "skipped"
    else
      print(run(case))
    end
  end
end
print "end"
