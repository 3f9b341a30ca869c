--- ssl.context.option: common functions for the setters of ssl.newcontext's keys.
--
-- A setter is `f(ctx, value, cfg, level)`: true, or false and a message (ssl.context.keys).
-- A value of a wrong type raises as the function of ssl.context behind the key would, at
-- `level`: each function adds one to the level that it was given and passes it on, and none
-- of them is called by a tail call.

local lib      = require "ssl.ffi.lib"
local arg      = require "ssl.base.arg"
local context  = require "ssl.context.table"
local material = require "ssl.source.material"
local versions = require "ssl.context.versions"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local option = {}

--- A wrong type: raises as the function `name` would.
function option.misuse(position, name, message, level)
  error(("bad argument #%d to '%s' (%s)"):format(position, name, message), level + 1)
end

local function check(kind, convert)
  return function(value, position, name, level)
    local converted = convert(value)
    if converted == nil then
      option.misuse(position, name, arg.expected(kind, value), level + 1)
    end
    return converted
  end
end

--- A string, or a number made one.
option.text = check("string", function(value)
  if type(value) == "number" then return tostring(value) end
  return type(value) == "string" and value or nil
end)

--- A number, or a string that is one.
option.number = check("number", function(value)
  local kind = type(value)
  return (kind == "number" or kind == "string") and tonumber(value) or nil
end)

--- A string, or an array of strings; as an array. A nil among them is a mistake and not the
-- end: a demand may follow, as in `{ nil, "peer" }`.
function option.texts(value, name, level)
  if type(value) ~= "table" then
    local one = option.text(value, 2, name, level + 1)
    return { one }
  end
  local out = {}
  for i = 1, #value do
    out[i] = option.text(value[i], i + 1, name, level + 1)
  end
  return out
end

--- File names and values in their place, as an array for ssl.source.material.
-- @tparam table|nil takes  see material.sources
function option.sources(value, takes, position, name, level)
  local list, wrong = material.sources(value, takes)
  if not list then
    option.misuse(position, name, arg.expected("string", wrong), level + 1)
  end
  return list
end

--- Is a value a whole number of a range?
function option.whole(value, from, to)
  return type(value) == "number" and value >= from and value <= to and value % 1 == 0
end

--- The failure of a key that LuaSec lacks, with a wrong value.
-- @treturn false,string
function option.invalid(key, expected, value)
  local got = type(value) == "number" and ("%.14g"):format(value) or type(value)
  return false, ("invalid %s (%s expected, got %s)"):format(key, expected, got)
end

--- The message for a key of TLS 1.3 where this OpenSSL lacks TLS 1.3; else nil.
function option.lacking13(key)
  if versions.speaks "tlsv1_3" then return nil end
  return ("invalid %s (%s cannot speak TLS 1.3)"):format(key, lib.openssl.version)
end

--- The message for a key that this OpenSSL has no function or number for; else nil.
-- @param there  true or a number where it can
function option.lacking(key, there)
  return not there and ("invalid %s (this OpenSSL cannot do it)"):format(key) or nil
end

--- The setter of a key whose string goes to the function `name` of ssl.context.
function option.string_key(name)
  return function(ctx, value, _, level)
    value = option.text(value, 2, name, level + 1)
    return context[name](ctx, value)
  end
end

--- The same for a string or an array of strings; `set(ctx, ...)` takes them.
function option.strings_key(name, set)
  return function(ctx, value, _, level)
    local values = option.texts(value, name, level + 1)
    return set(ctx, unpack(values))
  end
end

return option
