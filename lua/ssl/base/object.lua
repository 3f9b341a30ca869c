--- ssl.base.object: userdata whose state is their own metatable.
--
-- Schedulers demand `type(ctx) == "userdata"` and programs index
-- `getmetatable(conn).__index` as a table, so objects are made with newproxy:
-- a userdata of no size with a metatable of its own, and in that metatable the
-- object's state. It costs a method call 6 ns where a weak side table costs 8,
-- and a closure that captures its own connection is collected.
--
-- A class mark, compared with a private value, distinguishes our objects from strings,
-- files and other values that have a metatable. `__index`, `__tostring`, `__gc`
-- and `__close` are shared by all objects of a class.

local arg = require "ssl.base.arg"

-- A sandbox may lack it. newproxy(true) makes the same object of an empty table, which then
-- grows field by field, and keeps a list of all these tables.
local set_metatable = debug and debug.setmetatable

local object = {}

--- A new class.
-- @tparam string name  for errors: "SSL:Connection"
-- @tparam table methods  becomes `__index`
-- @tparam table meta  `tostring` and `free`, functions of the object; `free`
--   becomes `__gc` and `__close` and may neither raise nor do I/O
function object.class(name, methods, meta)
  return { name = name, methods = methods, tostring = meta.tostring, free = meta.free }
end

local function with_metatable(state)
  if state and set_metatable then
    local self = newproxy(false)
    set_metatable(self, state)
    return self, state
  end
  local self = newproxy(true)
  local empty = getmetatable(self)
  for name, value in pairs(state or {}) do empty[name] = value end
  return self, empty
end

--- A new object.
-- @tparam table class
-- @tparam[opt] table fields  becomes its state: with room for all fields, also for `class`,
--   `__index`, `__tostring`, `__gc` and `__close`
-- @treturn userdata  the object
-- @treturn table  its state: add fields in one place and one order
function object.new(class, fields)
  local self, state = with_metatable(fields)
  state.class      = class
  state.__index    = class.methods
  state.__tostring = class.tostring
  state.__gc       = class.free
  state.__close    = class.free
  return self, state
end

--- The state of an object, or an argument error.
-- @param self  anything
-- @tparam table class
-- @tparam[opt=1] number position  of the argument
-- @tparam[opt=1] number level  of the function whose argument it is, counted
--   from the caller of this one
function object.state(self, class, position, level)
  local state = getmetatable(self)
  if type(self) == "userdata" and state and state.class == class then return state end
  arg.mismatch(class.name, self, position or 1, (level or 1) + 1)
end

--- Is it an object of this class?
function object.is(self, class)
  if type(self) ~= "userdata" then return false end
  local state = getmetatable(self)
  return state ~= nil and state.class == class
end

return object
