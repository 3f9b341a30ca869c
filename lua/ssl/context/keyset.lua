--- ssl.context.keyset: what the library keeps of the records of ssl.context.keys.
--
-- The records are data with reasons for the reader, 25 KB of Lua's memory. So they are read
-- once and let go. Each field that is used while the library runs is a table here: name of a
-- key -> the field.

local open     = require "ssl.ffi.open"
local later    = require "ssl.base.later"
local facekeys = later.module "ssl.context.facekeys"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local keyset = {
  --- The names, in the order in which the keys are applied; and their places in it.
  list = {}, place = {},

  --- See ssl.context.keys.
  room = {}, kind = {}, luasec = {}, theirs = {}, trust = {}, chain = {}, always = {},
  fields = {}, identity = {},

  --- Of keys that one side has: "client" or "server". Nil is both.
  side = {},

  --- Of keys whose values name files, whose content counts: true.
  files = {},

  --- The names of keys with something to do when a connection is made, and for each context
  -- that a connection gets; true of those that have it also where the contexts have the
  -- defaults of the fields.
  at_beginning = {}, at_context = {}, each = {},

  --- Of keys that have fields in a context's state: the fields, with their defaults.
  state = {},

  --- The fields that do not count in the fingerprint: set of names.
  uncounted = {},
}

local COPIED = { "room", "kind", "luasec", "theirs", "trust", "chain", "always", "fields",
                 "state", "each", "identity" }

-- Kinds whose values name files.
local FILES = { file = true, files = true, folder = true }

local function add(record)
  local key = record.key
  table.insert(keyset.list, key)
  keyset.place[key] = #keyset.list
  for _, field in ipairs(COPIED) do keyset[field][key] = record[field] or nil end
  keyset.side[key]  = record.side ~= "both" and record.side or nil
  keyset.files[key] = FILES[record.kind]
  if record.begins then table.insert(keyset.at_beginning, key) end
  if not record.switch then table.insert(keyset.at_context, key) end
  if record.counted or record.policy ~= true then
    for field in pairs(record.state or {}) do keyset.uncounted[field] = true end
  end
end

-- The records are not kept, unless the program has them already.
local NAME = "ssl.context.keys"
local kept = package.loaded[NAME]
for _, record in ipairs(open(NAME)) do add(record) end
package.loaded[NAME] = kept

-- Of a face: its keys and those of newcontext.
local function known(face)
  local set, names = {}, {}
  for _, key in ipairs(keyset.list) do set[key] = true end
  for _, record in ipairs(face ~= "newcontext" and facekeys[face] or {}) do
    set[record.key] = true
  end
  for name in pairs(set) do names[#names + 1] = name end
  table.sort(names)
  return { set = set, names = names }
end

local FACES = {}

--- The keys that a face knows.
-- @tparam string face  "newcontext", or one of ssl.context.facekeys
-- @treturn table  `set`: name -> true, `names`: sorted
function keyset.known(face)
  FACES[face] = FACES[face] or known(face)
  return FACES[face]
end

--- Does a side use a key?
-- @tparam string key
-- @tparam string side  "client" or "server"
-- @treturn boolean
function keyset.used_by(key, side)
  return keyset.side[key] == nil or keyset.side[key] == side
end

return keyset
