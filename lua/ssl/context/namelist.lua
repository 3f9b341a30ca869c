--- ssl.context.namelist: lists of names that OpenSSL accepts or refuses as a whole.
--
-- SSL_CTX_set1_groups_list(3), SSL_CTX_set1_sigalgs_list(3). OpenSSL refuses a list with one
-- unknown name and does not report the name. So every name of a refused list is tried alone,
-- on a context of its own.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local errors = require "ssl.base.errors"
local C      = lib.C

local namelist = {}

local function set(raw, command, list)
  -- The text is only read.
  return C.SSL_CTX_ctrl(raw, command, 0, ffi.cast("char *", list)) == 1
end

--- Does OpenSSL know this name, of a group or of a set of groups? Changes the context.
function namelist.knows(raw, command, name)
  return name ~= "" and set(raw, command, name)
end

-- The first element that is not understood.
local function first_unknown(command, list)
  local raw = C.SSL_CTX_new(C.TLS_method())
  if raw == nil then return nil end
  local found
  for element in (list .. ":"):gmatch "([^:]*):" do
    if not namelist.knows(raw, command, element) then
      found = element
      break
    end
  end
  C.SSL_CTX_free(raw)
  return found
end

--- A list in OpenSSL's form: names with colons between.
-- @param value  such a string, or an array of names
-- @treturn string
-- @treturn nil,string  the mistake in it, for a message
function namelist.text(value)
  if type(value) == "table" then
    for i, name in ipairs(value) do
      if type(name) ~= "string" then
        return nil, ("entry %d: string expected, got %s"):format(i, type(name))
      end
    end
    value = table.concat(value, ":")
  elseif type(value) ~= "string" then
    return nil, ("string or table expected, got %s"):format(type(value))
  end
  if value == "" then return nil, "empty list" end
  if value:find("\0", 1, true) then return nil, "NUL in the list" end
  return value
end

--- Give a context a list.
-- @param raw  SSL_CTX *
-- @tparam number command  of SSL_CTX_ctrl
-- @tparam string noun  the kind of the names, for a message
-- @tparam string list
-- @treturn true
-- @treturn false,string  the whole message
function namelist.apply(raw, command, noun, list)
  errors.clear()
  local ok = set(raw, command, list)
  local name = not ok and first_unknown(command, list)
  errors.clear()
  if ok then return true end
  if name then return false, ("unknown %s '%s' in \"%s\""):format(noun, name, list) end
  return false, ("unusable list of %ss \"%s\""):format(noun, list)
end

return namelist
