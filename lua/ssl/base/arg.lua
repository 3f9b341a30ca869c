--- ssl.base.arg: argument checks whose errors look like those of Lua's own C functions.
--
-- `bad argument #1 to 'send' (string expected, got table)`, positioned at the
-- caller of the function that was misused. A method call does not count self,
-- as luaL_argerror has it. `level` 1 is the function that calls the check. No
-- check here, and none that passes a level on, may be a tail call: LuaJIT drops
-- the frame of a tail caller and the levels would be off by one.
--
-- A function with `...` takes the values that it needs before it calls another function:
-- with LuaJIT 2.1's beta, a trace that begins in the called function and returns reads
-- other values.

local ffi     = require "ffi"
local later   = require "ssl.base.later"
local unknown = later.module "ssl.base.unknown"

local arg = {}

local LOWEST = -0x80000000

-- Functions that only call another one, with the same arguments.
local standing = setmetatable({}, { __mode = "k" })

--- Let argument errors of the function that a wrapper calls look as if the program had
-- called that function itself.
-- @tparam function wrapper  passes all its arguments on
function arg.stands_for(wrapper)
  standing[wrapper] = true
end

-- The level of the function that the program has called.
local function face(level)
  level = level + 1
  local above = debug.getinfo(level + 1, "f")
  return (above and standing[above.func] and level + 1 or level) - 1
end

-- Was an argument that is nil left out? C functions of Lua know that. For a function whose
-- parameters are `...` the debug library finds all arguments. For one with named parameters
-- nil at the end counts as left out.
local function absent(position, level)
  level = level + 1
  local info = debug.getinfo(level, "u")
  if info.isvararg and position > info.nparams then
    return debug.getlocal(level, info.nparams - position) == nil
  end
  for i = position + 1, info.nparams do
    local _, behind = debug.getlocal(level, i)
    if behind ~= nil then return false end
  end
  return true
end

--- "X expected, got Y"
function arg.expected(what, value)
  return what .. " expected, got " .. type(value)
end

--- Can it be called?
-- @treturn boolean
function arg.callable(value)
  local mt = getmetatable(value)
  return type(value) == "function" or type(mt) == "table" and mt.__call ~= nil
end

--- Raise.
-- @tparam number position
-- @tparam string message
-- @tparam[opt=1] number level
function arg.fail(position, message, level)
  level = face((level or 1) + 1)
  local info = debug.getinfo(level, "n") or {}
  local name = info.name or "?"
  if info.namewhat == "method" then
    position = position - 1
    if position == 0 then
      error(("calling '%s' on bad self (%s)"):format(name, message), level + 1)
    end
  end
  error(("bad argument #%d to '%s' (%s)"):format(position, name, message), level + 1)
end

--- Raise an error that is positioned at the caller of a function.
-- @tparam string message
-- @tparam[opt=1] number level  of that function
function arg.raise(message, level)
  level = face((level or 1) + 1)
  error(message, level + 1)
end

--- Raise for a value of the wrong type, or for none.
-- @tparam string what  was expected
-- @param value
-- @tparam number position
-- @tparam[opt=1] number level
function arg.mismatch(what, value, position, level)
  level = (level or 1) + 1
  local message = arg.expected(what, value)
  if value == nil and absent(position, level) then
    message = what .. " expected, got no value"
  end
  arg.fail(position, message, level)
end

--- A string; numbers count as strings, as everywhere in Lua.
-- @treturn string
function arg.string(value, position, level)
  local t = type(value)
  if t == "string" then return value end
  if t == "number" then return tostring(value) end
  arg.mismatch("string", value, position, (level or 1) + 1)
end

--- A string, or the default where the argument is nil.
function arg.optstring(value, default, position, level)
  if value == nil then return default end
  local s = arg.string(value, position, (level or 1) + 1)
  return s
end

--- A number; numeric strings count.
-- @treturn number
function arg.number(value, position, level)
  local n = tonumber(value)
  if n and (type(value) == "number" or type(value) == "string") then return n end
  arg.mismatch("number", value, position, (level or 1) + 1)
end

--- A number, or the default where the argument is nil.
function arg.optnumber(value, default, position, level)
  if value == nil then return default end
  local n = arg.number(value, position, (level or 1) + 1)
  return n
end

--- A number truncated towards zero, as C converts one. NaN becomes the lowest int: every
-- comparison with NaN fails, also those that keep a length within a buffer.
function arg.integer(value, position, level)
  local n = arg.number(value, position, (level or 1) + 1)
  if n ~= n then return LOWEST end
  return n < 0 and math.ceil(n) or math.floor(n)
end

--- A value of one Lua type.
function arg.type(value, wanted, position, level)
  if type(value) == wanted then return value end
  arg.mismatch(wanted, value, position, (level or 1) + 1)
end

-- It is made of a pointer, an array or a struct. A cast takes numbers, too, and makes
-- addresses of them.
local memory_t = ffi.typeof "struct { const void *at; }"

--- Is a cdata memory: a pointer that is not NULL, an array or a struct?
function arg.is_memory(value)
  return value ~= nil and (pcall(memory_t, value))
end

--- A cdata that is memory, or an argument error.
-- @tparam cdata value
-- @tparam number position
-- @tparam[opt=1] number level
function arg.memory(value, position, level)
  if arg.is_memory(value) then return end
  local got = value == nil and "NULL" or tostring(ffi.typeof(value))
  arg.fail(position, "pointer or array expected, got " .. got, (level or 1) + 1)
end

--- A table of options with no other keys than these, or a new one where the argument is
-- nil.
-- @param value
-- @tparam {string,...} names
-- @tparam number position
-- @tparam[opt=1] number level
-- @treturn table
function arg.options(value, names, position, level)
  if value == nil then return {} end
  level = (level or 1) + 1
  local options = arg.type(value, "table", position, level)
  local problem = unknown.problem(options, names)
  if problem then arg.fail(position, problem, level) end
  return options
end

return arg
