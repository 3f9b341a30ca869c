-- The name of a machine: what its figures depend on.

local machine = {}

-- The first of the fields of /proc/cpuinfo that it has.
local function field(cpuinfo, ...)
  for _, name in ipairs { ... } do
    local value = ("\n" .. cpuinfo):match("\n" .. name .. "%s*: *([^\n]*)")
    if value and value ~= "" then return value end
  end
end

-- A virtual machine may call its processor by the name of all that a maker sells, so the family
-- and the model are in it.
local function processor(cpuinfo, architecture)
  local name = field(cpuinfo, "model name", "Model", "cpu model", "cpu") or architecture
  local family = field(cpuinfo, "cpu family", "CPU implementer")
  local model = field(cpuinfo, "model", "CPU part")
  if not family or not model then return name end
  return ("%s (family %s, model %s)"):format(name, family, model)
end

--- The name.
-- @tparam table facts  `cpuinfo`: the text of /proc/cpuinfo; `architecture`: of uname -m;
--   `cores`; `kernel`: of uname -sr, without what a vendor adds; `openssl`: of the library
function machine.name(facts)
  return ("%s, %d %s, %s, %s"):format(
    processor(facts.cpuinfo, facts.architecture), facts.cores,
    facts.cores == 1 and "core" or "cores", facts.kernel, facts.openssl)
end

return machine
