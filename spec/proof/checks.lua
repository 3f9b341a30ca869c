--- One scenario under one failure after another: what has to hold after each.
--
--   checks.baseline(kind, scenario)  runs it without a failure, and notes what it returns
--   checks.run(kind, scenario, baseline, point)   plants one; the findings, an array of texts
--
-- `kind`: of failures, spec.proof.injector or another module with its functions.
-- A scenario is { name =, refuses =, run = f }. f returns a table of texts: what a program can
-- observe. With `refuses` the peer has to be refused: f returns { accepted = BOOLEAN }. An error
-- that begins with "WRONG" is a finding of f itself.

local ffi    = require "ffi"
local memory = require "spec.proof.memory"
local lib    = require "ssl.ffi.lib"

local checks = {}

local peek = lib.C.ERR_peek_error
local clear = lib.C.ERR_clear_error

-- A planted failure that leaks does so each time; what OpenSSL caches comes once.
local AGAIN = 3

ffi.cdef 'int proof_fcntl(int fd, int command, ...) __asm__("fcntl");'

-- More than a scenario opens.
local MOST, F_GETFD = 100, 1

local function descriptors()
  local n = 0
  for fd = 0, MOST do
    if ffi.C.proof_fcntl(fd, F_GETFD) ~= -1 then n = n + 1 end
  end
  return n
end

local function collect()
  collectgarbage()
  collectgarbage()
end

local function text(value)
  if type(value) ~= "table" then return tostring(value) end
  local keys, out = {}, {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for i, key in ipairs(keys) do out[i] = ("%s=%s"):format(key, text(value[key])) end
  return "{" .. table.concat(out, " ") .. "}"
end

-- What is in use besides memory of Lua.
local function used(mark)
  collect()
  return memory.since(mark), descriptors()
end

--- Run it until nothing is made for the first time any more.
-- @treturn table  `calls`, `seen`
function checks.baseline(kind, scenario)
  local calls, ok, value
  for _ = 1, AGAIN do
    collectgarbage "stop"
    calls, ok, value = kind.count(scenario.run)
    collectgarbage "restart"
    assert(ok, ("%s does not work: %s"):format(scenario.name, tostring(value)))
    assert(not value.accepted, scenario.name .. ": the peer is accepted")
    clear()
    collect()
  end
  return { calls = calls, seen = text(value) }
end

local function plant(kind, scenario, point)
  point.fired = false
  clear()
  collectgarbage "stop"
  local ok, value = kind.fail(point, scenario.run)
  local stale = peek() ~= 0
  clear()
  collectgarbage "restart"
  return ok, value, stale
end

-- Is it gone, or does each time leave something?
local function leaks(kind, scenario, point)
  local lost, more
  for _ = 1, AGAIN do
    collect()
    local mark, before = memory.mark(), descriptors()
    plant(kind, scenario, point)
    local left, open = used(mark)
    lost, more = left, open - before
    if not lost[1] and more == 0 then return nil end
  end
  return (more ~= 0 and ("%d descriptors "):format(more) or "") .. table.concat(lost, ", ")
end

local function judge_result(scenario, baseline, ok, value)
  if not ok then
    value = tostring(value)
    if value == "" or value == "nil" or value == "no message" then
      return "fails without a message"
    end
    if value:find("attempt to ", 1, true) then return "a mistake: " .. value end
    if value:find "^WRONG" then return value end
    return nil, "refused: " .. value
  end
  if scenario.refuses then
    if value.accepted then return "ACCEPTED" end
    return nil, "refused: " .. text(value)
  end
  if text(value) == baseline.seen then return nil, "ignored" end
  return nil, "changed: " .. text(value)
end

--- Plant one failure.
-- @treturn {string,...}  findings
-- @treturn string|nil  what the scenario did: "refused: MESSAGE", "ignored", "changed: ...";
--   nil: the call was not reached
function checks.run(kind, scenario, baseline, point)
  local findings = {}
  local function find(what) findings[#findings + 1] = what end
  collectgarbage()
  local mark, before = memory.mark(), descriptors()
  local ok, value, stale = plant(kind, scenario, point)
  if not point.fired then return findings, nil end
  local wrong, outcome = judge_result(scenario, baseline, ok, value)
  if wrong then find(wrong) end
  wrong = outcome and kind.expects and kind.expects(point, outcome)
  if wrong then find(wrong) end
  if stale then find "leaves an error in the queue" end
  local lost, open = used(mark)
  if lost[1] or open ~= before then
    local what = leaks(kind, scenario, point)
    if what then find("leaks " .. what) end
  end
  local again, next_value = pcall(scenario.run)
  if not again or text(next_value) ~= baseline.seen then
    find("the next one does not work: " .. text(next_value))
  end
  clear()
  return findings, outcome
end

return checks
