--- Makes one request of OpenSSL for memory fail, or all from one on. A kind of failures, as
-- spec.proof.injector is. memory.begin has been called before.

local ffi    = require "ffi"
local memory = require "spec.proof.memory"

ffi.cdef [[
void tally_arm(unsigned long from, unsigned long to);
unsigned long tally_asked(void);
const char *tally_failed(int *line);
]]

local allocations = {}

local tally = memory.library()

-- As many as a call of the library makes before it returns.
local ONE, MANY = 1, 50

local function run(f)
  local ok, value = pcall(f)
  local asked = tonumber(tally.tally_asked())
  tally.tally_arm(0, 0)
  return asked, ok, value
end

function allocations.count(f)
  tally.tally_arm(0, 0)
  local asked, ok, value = run(f)
  local calls = {}
  for n = 1, asked do calls[n] = { name = "allocation", n = n } end
  return calls, ok, value
end

--- @tparam string only  "" for all, or the number of one
function allocations.points(calls, only)
  local out = {}
  for _, call in ipairs(calls) do
    if only == "" or tonumber(only) == call.n then
      for _, many in ipairs { ONE, MANY } do
        out[#out + 1] = { name = call.name, n = call.n, many = many }
      end
    end
  end
  return out
end

function allocations.fail(point, f)
  tally.tally_arm(point.n, point.n + point.many - 1)
  local ok, value = pcall(f)
  local line = ffi.new "int[1]"
  local file = tally.tally_failed(line)
  point.fired = file ~= nil
  if point.fired then point.where = ("%s:%d"):format(ffi.string(file), line[0]) end
  tally.tally_arm(0, 0)
  return ok, value
end

function allocations.describe(point)
  return ("allocation #%d%s"):format(point.n, point.many > 1 and " and those behind it" or "")
end

-- Where it was, for who looks for the reason.
function allocations.place(point)
  return point.where
end

--- For a child of this process.
function allocations.stop()
  tally.tally_arm(0, 0)
end

return allocations
