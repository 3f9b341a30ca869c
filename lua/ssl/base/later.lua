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

local function loaded()
  local found = {}
  for name, module in pairs(package.loaded) do
    if is_ours(name) and is_module(module) then found[name] = module end
  end
  return found
end

-- Exchange the modules of this library in package.loaded.
local function exchange(from, to)
  for name in pairs(from) do package.loaded[name] = nil end
  for name, module in pairs(to) do package.loaded[name] = module end
end

--- Note the modules that are loaded now as those of this copy.
function later.note()
  if package.loaded[SELF] ~= later then return end
  for name, module in pairs(loaded()) do own[name] = module end
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
  local others = loaded()
  exchange(others, own)
  local ok, module = pcall(open, name)
  own = loaded()
  exchange(own, others)
  if not ok then error(module, 0) end
  return module
end

--- A module of this library that is loaded when one of its fields is first read.
--
-- For code that most programs do not reach, and never for that of `send` and `receive`.
-- @tparam string name
-- @treturn table  stands for the module, which has to be a table; its fields raise as
--   `later.require` does
function later.module(name)
  local meta = {}
  function meta.__index(_, field)
    local module = later.require(name)
    meta.__index = module
    return module[field]
  end
  return setmetatable({}, meta)
end

return later
