--- ssl.cfg: does a table of parameters say what its author means?
--
-- LuaSec passes over keys that it does not know, and over every value of a table that is
-- no array: `verfy = "peer"` and `verify = { peer = true }` verify nobody and say
-- nothing. Programs for LuaSec may count on the former, so a table with nothing but
-- LuaSec's keys among those that are known is left alone. One with a key, or a value, of
-- ours is held to the list of ssl.cfg_keys; and every one is where `ssl.config.strict`
-- is on.

local config  = require "ssl.config"
local keys    = require "ssl.cfg_keys"
local nearest = require "ssl.nearest"
local trust   = require "ssl.trust"
local unknown = require "ssl.unknown"

local cfg = {
  --- What is wrong with a table of options that may have these keys only: see
  -- ssl.unknown.
  unknown = unknown.problem,
}

-- Is one of a list's values of ours, and unknown to LuaSec?
local function foreign(record, value)
  local known = trust.values[record.key]
  if not known then return false end
  for _, name in ipairs(type(value) == "table" and value or { value }) do
    if known[name] and not record.theirs[name] then return true end
  end
  return false
end

-- Is it there, and has LuaSec no such thing?
local function of_ours(record, value)
  return value and (not record.luasec or foreign(record, value))
end

--- Does a table owe LuaSec nothing?
-- @tparam table t
-- @treturn boolean
function cfg.held(t)
  if config.strict then return true end
  for _, record in ipairs(keys.list) do
    if not record.faces and of_ours(record, t[record.key]) then return true end
  end
  return false
end

--- The first key of a table that says whom or what to believe, and that LuaSec does not
-- have.
-- @tparam table t
-- @tparam[opt] string side  "client" or "server": of those that it has a use for
-- @treturn string|nil
function cfg.trusting(t, side)
  side = side or "client"
  for _, record in ipairs(keys.list) do
    if record.trust and (record.side == "both" or record.side == side)
       and of_ours(record, t[record.key]) then
      return record.key
    end
  end
end

local EXPECTED = { list = "a string or an array of strings", entries = "an array of tables",
                   files = "a file, or an array of them," }

-- What is wrong with the table that a key has for value.
local function shape(record, value)
  local key, kind = record.key, record.kind
  if kind == "fields" then
    local why = unknown.problem(value, record.fields)
    return why and ("%s: %s"):format(key, why)
  end
  if not EXPECTED[kind] then return nil end
  local name = unknown.misplaced(value)
  if name ~= nil then
    return ("%s: %s expected, got a table with the key %s"):format(key, EXPECTED[kind],
                                                                    unknown.quoted(name))
  end
  -- Of options there may be none. Whether that is meant of whom to verify is not sure.
  if key == "verify" and #value == 0 then
    return ("%s: %s expected, got an empty table"):format(key, EXPECTED[kind])
  end
end

-- What is wrong within one of `certificates`.
local function entry(record, i, value, records)
  local why = unknown.problem(value, record.fields)
  for _, name in ipairs(record.fields) do
    why = why or type(value[name]) == "table" and shape(records[name], value[name]) or nil
  end
  return why and ("%s[%d]: %s"):format(record.key, i, why)
end

-- What is wrong with the first value that is a table and should be another.
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

-- Whose tables have fields of their own: there only what is nearly a key is a mistake.
local MIXED = { connect = true, https = true }

--- What is wrong with a table of parameters, but for the values themselves.
--
-- In a table that is held to the list an unknown key is a mistake, and so is a table that
-- is no array where an array is wanted. In the flags of `ssl.connect` and in requests of
-- `ssl.https` a slip in a name is one in any case, and in a request nothing else is, since
-- it may have fields for other libraries.
-- @tparam table t
-- @tparam[opt="newcontext"] string face  or "connect", "https"
-- @treturn string|nil  half a sentence that names the key, and the nearest known one
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
