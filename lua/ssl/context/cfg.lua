--- ssl.context.cfg: finds mistakes in the keys of a table of parameters.
--
-- LuaSec ignores keys that it does not know, and every entry of a table that is no array:
-- `verfy = "peer"` and `verify = { peer = true }` switch verification off without an
-- error. Programs for LuaSec may depend on that, so a table is not checked where all its
-- known keys are LuaSec's. A table with a key or a value that LuaSec does not have is
-- checked against the list of ssl.context.keys. Where `ssl.config.strict` is true, every
-- table is.

local later       = require "ssl.base.later"
local config      = require "ssl.config"
local keys        = require "ssl.context.keyset"
local nearest     = later.module "ssl.base.nearest"
local shape       = later.module "ssl.context.shape"
local verifyflags = later.module "ssl.trust.verifyflags"
local unknown     = later.module "ssl.base.unknown"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local cfg = later.fields({
  --- The mistake in a table of options that may have these keys only: see
  -- ssl.base.unknown.
  unknown = later.func("ssl.base.unknown", "problem"),
}, {
  --- The keys of ssl.newcontext, in the order in which they are applied. For the program: the
  -- library has its own list.
  keys = function() return { unpack(keys.list) } end,
})

local places, luasec = keys.place, keys.luasec

-- What a function answers for the first key, in order, for which it answers at all, and the
-- key. It gets the key and the table's value, perhaps nil.
--
-- A request has a few of the hundred keys. So only these are looked at, unless the table has
-- defaults behind it.
local function first(t, asked)
  local answer, found
  if getmetatable(t) ~= nil then
    for _, key in ipairs(keys.list) do
      answer = asked(key, t[key])
      if answer then return answer, key end
    end
    return nil
  end
  for key, value in pairs(t) do
    local place = places[key]
    if place and not (found and places[found] < place) then
      local this = asked(key, value)
      if this then answer, found = this, key end
    end
  end
  return answer, found
end

-- Does a list have a value that this library knows and LuaSec does not?
local function foreign(key, value)
  local theirs = keys.theirs[key]
  if not theirs then return false end
  local known = verifyflags.values[key]
  for _, name in ipairs(type(value) == "table" and value or { value }) do
    if known[name] and not theirs[name] then return true end
  end
  return false
end

-- Is a value given that LuaSec does not have?
local function of_ours(key, value)
  return value and (not luasec[key] or foreign(key, value))
end

--- Is a table checked against the list of known keys?
-- @tparam table t
-- @treturn boolean
function cfg.held(t)
  if config.strict then return true end
  return first(t, of_ours) or false
end

-- The first key of a table that is in a set, that the side uses, and that LuaSec does not
-- have.
local function first_of(t, set, side)
  local _, key = first(t, function(key, value)
    return set[key] and keys.used_by(key, side) and of_ours(key, value)
  end)
  return key
end

--- The first key of a table that decides about trust, and that LuaSec does not have.
-- @tparam table t
-- @tparam[opt="client"] string side  "client" or "server": only keys that it uses
-- @treturn string|nil
function cfg.trusting(t, side)
  return first_of(t, keys.trust, side or "client")
end

--- The first key of a table that demands something of the peer's certificates.
-- @tparam table t
-- @tparam string side  "client" or "server": only keys that it uses
-- @treturn string|nil
function cfg.of_chain(t, side)
  return first_of(t, keys.chain, side)
end

--- Does a key say who this side is, or open what does?
-- @tparam any key
-- @treturn boolean
function cfg.identity(key)
  return keys.identity[key] == true
end

-- Faces whose tables have fields of their own. There a misspelled key is a mistake.
local MIXED = { connect = true, https = true }

-- Those that LuaSec does not have: their tables are checked in any case.
local OURS = { proxytls = true, resty = true }

--- The mistake in the keys of a table of parameters.
--
-- In a table that is checked against the list an unknown key is a mistake, and so is a
-- table that is no array where an array is wanted. In the flags of `ssl.connect` and in
-- requests of `ssl.https` a misspelled key is a mistake in any case. Other unknown keys
-- of a request are ignored, since it may have fields for other libraries.
-- @tparam table t
-- @tparam[opt="newcontext"] string face  or "connect", "https", "proxytls", "resty"
-- @treturn string|nil  a text that names the key, and the nearest known one
function cfg.problem(t, face)
  face = face or "newcontext"
  local known, held = keys.known(face), OURS[face] or cfg.held(t)
  if not held and not MIXED[face] then return nil end
  local what = face == "https" and "field" or "key"
  for _, name in ipairs(unknown.list(t, known.set)) do
    local slip = MIXED[face] and type(name) == "string" and nearest.slip(name, known.names)
    if slip then return unknown.message(what, name, slip) end
    if held and face ~= "https" then
      return unknown.message(what, name, unknown.suggestion(name, known.names))
    end
  end
  return held and first(t, shape.mistake) or nil
end

return cfg
