--- ssl.context.shape: is the value of a key a table of the right form?

local keys    = require "ssl.context.keyset"
local theirs  = require "ssl.source.theirs"
local unknown = require "ssl.base.unknown"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local shape = {}

local EXPECTED = { list = "a string or an array of strings", entries = "an array of tables",
                   files = "a file, or an array of them," }

-- The mistake in a table that is the value of a key, or nil.
local function of_table(key, value)
  local kind = keys.kind[key]
  if kind == "fields" then
    local why = unknown.problem(value, keys.fields[key])
    return why and ("%s: %s"):format(key, why)
  end
  if not EXPECTED[kind] or theirs.is(value) then return nil end
  local name = unknown.misplaced(value)
  if name ~= nil then
    return ("%s: %s expected, got a table with the key %s"):format(key, EXPECTED[kind],
                                                                    unknown.quoted(name))
  end
  -- `options` may be empty. An empty `verify` may be a mistake.
  if key == "verify" and #value == 0 then
    return ("%s: %s expected, got an empty table"):format(key, EXPECTED[kind])
  end
end

-- The mistake in an entry of `certificates`, or nil.
local function entry(key, i, value)
  local fields = keys.fields[key]
  local why = unknown.problem(value, fields)
  for _, name in ipairs(fields) do
    why = why or type(value[name]) == "table" and of_table(name, value[name]) or nil
  end
  return why and ("%s[%d]: %s"):format(key, i, why)
end

-- The same of a place in the array. A nil is not its end: a pair behind it would be lost.
-- Values of other types are left to the setter.
local function of_place(key, i, value)
  if value == nil then return ("%s[%d]: table expected, got nil"):format(key, i) end
  return type(value) == "table" and entry(key, i, value) or nil
end

--- The mistake in a value of a wrong form, or nil.
-- @tparam string key  of ssl.newcontext
-- @param value
-- @treturn string|nil
function shape.mistake(key, value)
  if type(value) ~= "table" then return nil end
  local why = of_table(key, value)
  for i = 1, not why and keys.kind[key] == "entries" and #value or 0 do
    why = why or of_place(key, i, value[i])
  end
  return why
end

return shape
