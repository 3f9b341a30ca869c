--- ssl.base.unknown: unknown keys of a table. Pure Lua.

local later   = require "ssl.base.later"
local nearest = later.module "ssl.base.nearest"

local unknown = {}

local DEEPEST = 16 -- tables of defaults behind a table

-- Names in an order that does not depend on how a table came about.
local function by_text(a, b)
  return tostring(a) < tostring(b)
end

--- All of them, sorted.
-- @param t  a table, with the tables of defaults behind it (`__index`), in which functions
--   are taken for methods; or an object that has such tables alone
-- @tparam table known  the names, as keys
-- @treturn table  an array, perhaps empty
function unknown.list(t, known)
  local found, inherited = {}, false
  for _ = 1, DEEPEST do
    for name, value in pairs(type(t) == "table" and t or {}) do
      local method = inherited and (type(value) == "function" or name == "__index")
      if not known[name] and not method then found[#found + 1] = name end
    end
    local behind = getmetatable(t)
    t = type(behind) == "table" and rawget(behind, "__index")
    if type(t) ~= "table" then break end
    inherited = true
  end
  table.sort(found, by_text)
  return found
end

--- A key of a table that is no place in its array part.
-- @treturn any  the first by its text; nil where there is none
function unknown.misplaced(t)
  local found = {}
  for name in pairs(t) do
    if type(name) ~= "number" or name % 1 ~= 0 or name < 1 or name > #t then
      found[#found + 1] = name
    end
  end
  table.sort(found, by_text)
  return found[1]
end

--- A key as messages show it.
function unknown.quoted(name)
  return type(name) == "string" and ("'%s'"):format(name) or ("[%s]"):format(tostring(name))
end

--- "unknown key 'verfy'; did you mean 'verify'?"
-- @tparam string what  "key"
-- @param name
-- @tparam[opt] string meant
function unknown.message(what, name, meant)
  local text = ("unknown %s %s"):format(what, unknown.quoted(name))
  return meant and ("%s; did you mean '%s'?"):format(text, meant) or text
end

--- The known name to suggest for a key.
function unknown.suggestion(name, names)
  return type(name) == "string" and nearest.suggestion(name, names) or nil
end

--- The mistake in a table that may have no other keys than these, or nil.
-- @tparam table t
-- @tparam {string,...} names
-- @tparam[opt="key"] string what
-- @treturn string|nil
function unknown.problem(t, names, what)
  local known = {}
  for _, name in ipairs(names) do known[name] = true end
  local name = unknown.list(t, known)[1]
  if name == nil then return nil end
  return unknown.message(what or "key", name, unknown.suggestion(name, names))
end

return unknown
