--- ssl.base.later: loads a module of this library when it is first used.
--
-- A program may load the library again, by emptying package.loaded. The objects of the
-- older copy go on working beside the new one. So what the older copy loads later has to
-- find the modules of its own copy: their classes know its objects.
--
-- ssl.ffi.open finds the files where the library was found, and lets a second try load what
-- could not be loaded at first.

local open = require "ssl.ffi.open"

local later = {}

-- The loops here run a few times for each file. To compile them would take longer.
local function cold(f)
  jit.off(f)
  return f
end

local SELF = "ssl.base.later"

-- name -> module, those of this copy
local own = {}

local function is_ours(name)
  return name == "ssl" or type(name) == "string" and name:find "^ssl%." ~= nil
end

-- While a module is loaded, LuaJIT keeps a mark in its place.
local function is_module(value)
  return type(value) == "table" or type(value) == "function"
end

local loaded = cold(function(found)
  for name, module in pairs(package.loaded) do
    if found[name] ~= module and is_ours(name) and is_module(module) then
      found[name] = module
    end
  end
  return found
end)

-- Exchange the modules of this library in package.loaded.
local exchange = cold(function(from, to)
  for name in pairs(from) do package.loaded[name] = nil end
  for name, module in pairs(to) do package.loaded[name] = module end
end)

--- Note the modules that are loaded now as those of this copy.
function later.note()
  if package.loaded[SELF] ~= later then return end
  loaded(own)
end

--- Require a module of this library.
-- @tparam string name
-- @return the module
-- @raise as `require` does; the next call tries again
function later.require(name)
  if own[name] ~= nil then return own[name] end
  if package.loaded[SELF] == later or next(own) == nil then
    local module = open(name)
    later.note()
    return module
  end
  local others = loaded {}
  exchange(others, own)
  local ok, module = pcall(open, name)
  own = loaded {}
  exchange(own, others)
  if not ok then error(module, 0) end
  return module
end

-- Name -> what stands for the module, and is its own metatable.
local proxies = {}

local function first_read(proxy, field)
  local module = later.require(proxy.__name)
  proxy.__index = module
  return module[field]
end

--- A module of this library that is loaded when one of its fields is first read.
--
-- For code that most programs do not reach, and never for that of `send` and `receive`.
-- @tparam string name
-- @treturn table  stands for the module, which has to be a table; its fields raise as
--   `later.require` does
function later.module(name)
  local proxy = proxies[name]
  if not proxy then
    proxy = { __name = name, __index = first_read }
    proxies[name] = setmetatable(proxy, proxy)
  end
  return proxy
end

--- A function that is made at its first call.
--
-- The call goes on by tail calls: no function of this file is between the caller and the
-- made one, so that its errors name the caller at the first call, too.
-- @tparam function make  returns the function; where it raises, the next call tries again
-- @treturn function
function later.call(make)
  local f
  local function first(arguments)
    f = make()
    return f(unpack(arguments, 1, arguments.n))
  end
  function f(...)
    return first { n = select("#", ...), ... }
  end
  return function(...)
    return f(...)
  end
end

--- A function of a module, which is loaded at the first call.
-- @tparam string name  of the module
-- @tparam[opt] string field  nil: the module is the function
-- @treturn function
function later.func(name, field)
  return later.call(function()
    local module = later.require(name)
    return field and module[field] or module
  end)
end

--- Let fields of a table be made when they are first read.
-- @tparam table t
-- @tparam table makers  name of a field -> function that returns its value
-- @treturn table  t
function later.fields(t, makers)
  return setmetatable(t, { __index = function(self, name)
    local make = makers[name]
    if not make then return nil end
    local value = make()
    rawset(self, name, value)
    return value
  end })
end

--- Let fields of a table be those of modules, which are loaded when a field is first read.
-- @tparam table t
-- @tparam table places  name of a field -> the module, or the module and its field with a
--   blank between: "ssl.source.material der"
-- @treturn table  t
function later.places(t, places)
  return setmetatable(t, { __index = function(self, name)
    if not places[name] then return nil end
    local file, field = places[name]:match "^(%S+) ?(%S*)$"
    local value = later.require(file)
    if field ~= "" then value = value[field] end
    rawset(self, name, value)
    return value
  end })
end

--- Put fields into a table where it has none of these names.
-- @tparam table t
-- @tparam table from
-- @treturn table  t
function later.fill(t, from)
  for name, value in pairs(from) do
    if rawget(t, name) == nil then rawset(t, name, value) end
  end
  return t
end

return later
