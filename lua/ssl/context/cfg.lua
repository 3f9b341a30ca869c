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

local cfg = {
  --- The mistake in a table of options that may have these keys only: see
  -- ssl.base.unknown.
  unknown = later.func("ssl.base.unknown", "problem"),

  --- The keys of ssl.newcontext, in the order in which they are applied.
  keys = {},

  --- The keys whose values name files: a set.
  files = keys.files,
}

local records, places = keys.records, {}
for i, record in ipairs(keys.list) do cfg.keys[i], places[record] = record.key, i end

-- What a function answers for the first record, in order, for which it answers at all, and
-- the record. It gets the record and the table's value, perhaps nil.
--
-- A request has a few of the hundred keys. So only these are looked at, unless the table has
-- defaults behind it.
local function first(t, asked)
  local answer, found
  if getmetatable(t) ~= nil then
    for _, record in ipairs(keys.list) do
      answer = asked(record, t[record.key])
      if answer then return answer, record end
    end
    return nil
  end
  for key, value in pairs(t) do
    local record = records[key]
    if record and not (found and places[found] < places[record]) then
      local this = asked(record, value)
      if this then answer, found = this, record end
    end
  end
  return answer, found
end

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
  return first(t, of_ours) or false
end

-- The first key of a table whose record has a field, and that LuaSec does not have.
local function first_with(t, field, side)
  local _, record = first(t, function(record, value)
    return record[field] and (record.side == "both" or record.side == side)
           and of_ours(record, value)
  end)
  return record and record.key
end

--- The first key of a table that decides about trust, and that LuaSec does not have.
-- @tparam table t
-- @tparam[opt="client"] string side  "client" or "server": only keys that it uses
-- @treturn string|nil
function cfg.trusting(t, side)
  return first_with(t, "trust", side or "client")
end

--- The first key of a table that demands something of the peer's certificates.
-- @tparam table t
-- @tparam string side  "client" or "server": only keys that it uses
-- @treturn string|nil
function cfg.of_chain(t, side)
  return first_with(t, "chain", side)
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
local function entry(record, i, value)
  local why = unknown.problem(value, record.fields)
  for _, name in ipairs(record.fields) do
    why = why or type(value[name]) == "table" and shape(records[name], value[name]) or nil
  end
  return why and ("%s[%d]: %s"):format(record.key, i, why)
end

-- The mistake in a value of a wrong form, or nil.
local function misshapen(record, value)
  if type(value) ~= "table" then return nil end
  local why = shape(record, value)
  for i, one in ipairs(not why and record.kind == "entries" and value or {}) do
    why = why or type(one) == "table" and entry(record, i, one) or nil
  end
  return why
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
  return held and first(t, misshapen) or nil
end

return cfg
