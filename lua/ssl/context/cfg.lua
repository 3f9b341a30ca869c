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
local keys        = require "ssl.context.keys"
local theirs      = later.module "ssl.source.theirs"
local nearest     = later.module "ssl.base.nearest"
local verifyflags = require "ssl.trust.verifyflags"
local unknown     = later.module "ssl.base.unknown"

-- The loops go over all keys once for each table. To compile them would take longer.
jit.off(true, true)

local cfg = {
  --- The mistake in a table of options that may have these keys only: see
  -- ssl.base.unknown.
  unknown = later.func("ssl.base.unknown", "problem"),

  --- The keys of ssl.newcontext, in the order in which they are applied.
  keys = {},

  --- Does the value of a key name a file? See ssl.context.keys.
  names_file = keys.names_file,
}

for i, record in ipairs(keys.own) do cfg.keys[i] = record.key end

-- Does a list have a value that this library knows and LuaSec does not?
local function foreign(record, value)
  local known = verifyflags.values[record.key]
  if not known then return false end
  for _, name in ipairs(type(value) == "table" and value or { value }) do
    if known[name] and not record.theirs[name] then return true end
  end
  return false
end

-- Is a value given that LuaSec does not have?
local function of_ours(record, value)
  return value and (not record.luasec or foreign(record, value))
end

--- Is a table checked against the list of known keys?
-- @tparam table t
-- @treturn boolean
function cfg.held(t)
  if config.strict then return true end
  for _, record in ipairs(keys.list) do
    if not record.faces and of_ours(record, t[record.key]) then return true end
  end
  return false
end

-- The first key of a table whose record has a field, and that LuaSec does not have.
local function first(t, field, side)
  for _, record in ipairs(keys.list) do
    if record[field] and (record.side == "both" or record.side == side)
       and of_ours(record, t[record.key]) then
      return record.key
    end
  end
end

--- The first key of a table that decides about trust, and that LuaSec does not have.
-- @tparam table t
-- @tparam[opt="client"] string side  "client" or "server": only keys that it uses
-- @treturn string|nil
function cfg.trusting(t, side)
  return (first(t, "trust", side or "client"))
end

--- The first key of a table that demands something of the peer's certificates.
-- @tparam table t
-- @tparam string side  "client" or "server": only keys that it uses
-- @treturn string|nil
function cfg.of_chain(t, side)
  return (first(t, "chain", side))
end

local EXPECTED = { list = "a string or an array of strings", entries = "an array of tables",
                   files = "a file, or an array of them," }

-- The mistake in a table that is the value of a key, or nil.
local function shape(record, value)
  local key, kind = record.key, record.kind
  if kind == "fields" then
    local why = unknown.problem(value, record.fields)
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
local function entry(record, i, value, records)
  local why = unknown.problem(value, record.fields)
  for _, name in ipairs(record.fields) do
    why = why or type(value[name]) == "table" and shape(records[name], value[name]) or nil
  end
  return why and ("%s[%d]: %s"):format(record.key, i, why)
end

-- The mistake in the first value that is a table of a wrong form, or nil.
local function misshapen(t, records)
  for _, record in ipairs(keys.list) do
    local value = records[record.key] == record and t[record.key]
    if type(value) == "table" then
      local why = shape(record, value)
      if why then return why end
      for i, one in ipairs(record.kind == "entries" and value or {}) do
        why = type(one) == "table" and entry(record, i, one, records)
        if why then return why end
      end
    end
  end
end

-- Faces whose tables have fields of their own. There a misspelled key is a mistake.
local MIXED = { connect = true, https = true }

--- The mistake in the keys of a table of parameters.
--
-- In a table that is checked against the list an unknown key is a mistake, and so is a
-- table that is no array where an array is wanted. In the flags of `ssl.connect` and in
-- requests of `ssl.https` a misspelled key is a mistake in any case. Other unknown keys
-- of a request are ignored, since it may have fields for other libraries.
-- @tparam table t
-- @tparam[opt="newcontext"] string face  or "connect", "https"
-- @treturn string|nil  a text that names the key, and the nearest known one
function cfg.problem(t, face)
  face = face or "newcontext"
  local known, held = keys.known(face), cfg.held(t)
  if not held and not MIXED[face] then return nil end
  local what = face == "https" and "field" or "key"
  for _, name in ipairs(unknown.list(t, known.records)) do
    local slip = MIXED[face] and type(name) == "string" and nearest.slip(name, known.names)
    if slip then return unknown.message(what, name, slip) end
    if held and face ~= "https" then
      return unknown.message(what, name, unknown.suggestion(name, known.names))
    end
  end
  return held and misshapen(t, known.records) or nil
end

return cfg
