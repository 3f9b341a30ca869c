--- ssl.context.cached: contexts, made once for each configuration.
--
-- Making a context takes a quarter of the CPU of a resumed connection, and where it reads the
-- authorities of a system twenty times that of a request. So ssl.connect, ssl.https and
-- ssl.resty use one again. It is kept under the digest of a text with all values that it was
-- made of; a digest, because some of them are secrets. A file counts with its stamp, so a
-- changed one is read again.
--
-- Why a hit is right: newcontext reads the keys of ssl.context.keys and no others.

local digest     = require "ssl.session.digest"
local filestamp  = require "ssl.source.filestamp"
local keys       = require "ssl.context.keyset"
local kept       = require "ssl.session.kept"
local later      = require "ssl.base.later"
local lru        = require "ssl.base.lru"
local newcontext = require "ssl.context.new"
local sslctx     = require "ssl.context.sslctx"
local systemca   = later.module "ssl.trust.systemca"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local LIMIT, DEEPEST, LARGEST = 16, 4, 2 ^ 31 - 1

local known, places, files = keys.list, keys.place, keys.files

local cache = lru.new(LIMIT)   -- digest -> context

-- Functions and objects are compared by identity. Numbers are never reused.
local identities, last_identity = setmetatable({}, { __mode = "k" }), 0

local function identity(value)
  if not identities[value] then
    last_identity = last_identity + 1
    identities[value] = last_identity
  end
  return type(value) .. " " .. identities[value]
end

-- The state of one file. One that has just changed may change once more without a new stamp.
local function stamp_of(name, seen)
  local stamp = filestamp.settled(name)
  if stamp then return stamp end
  stamp = filestamp.of(name)
  seen.young = seen.young or stamp ~= nil
  return stamp
end

-- A stamp may hold any bytes.
local function whole(stamp)
  if not stamp then return "none" end
  return ("%d:%s"):format(#stamp, stamp)
end

-- A name, or a list of them, as it is and as what lies there. Text of several lines
-- is PEM and no name.
local function stamped(names, seen)
  local text = ("%q"):format(names)
  if names:find("\n", 1, true) then return text end
  local parts = { text, whole(stamp_of(names, seen)) }
  if not names:find "[:;]" then return table.concat(parts, " ") end
  -- What is behind a URI has no stamp.
  seen.objects = seen.objects or names:find "^store:" ~= nil
  for name in names:gmatch "[^:;]+" do
    parts[#parts + 1] = whole(stamp_of(name, seen))
  end
  return table.concat(parts, " ")
end

-- What `systemca` stands for now.
local function system(seen)
  local found = systemca.places() or {}
  return "system " .. stamped(found.cafile or "", seen) .. stamped(found.capath or "", seen)
end

-- Tables that nobody changes -> their descriptions.
local constants = {}

-- Most are positions in lists; with %g these would take ten times as long.
local function number(value)
  if value > 0 and value <= LARGEST and value % 1 == 0 then return ("%d"):format(value) end
  return ("%.17g"):format(value)
end

local function describe(value, key, depth, seen)
  local kind = type(value)
  if key == "systemca" and value then return system(seen) end
  if kind == "string" then
    return files[key] and stamped(value, seen) or ("%q"):format(value)
  elseif kind == "number" then
    return number(value)
  elseif kind == "table" and depth < DEEPEST then
    if constants[value] then return constants[value] end
    local parts = {}
    -- It may have values behind it that are not among its own.
    if getmetatable(value) ~= nil then
      parts[1], seen.objects = identity(value), true
    end
    for k, v in pairs(value) do
      local name = type(k) == "number" and key or k
      parts[#parts + 1] = describe(k, nil, DEEPEST, seen) .. "="
                          .. describe(v, name, depth + 1, seen)
    end
    table.sort(parts)
    return "{" .. table.concat(parts, ",") .. "}"
  elseif kind == "nil" or kind == "boolean" then
    return tostring(value)
  end
  seen.objects = seen.objects or value ~= kept.remember
  return identity(value)
end

-- All that newcontext may look at: a few of a hundred keys, unless the table has defaults
-- behind it.
local function described(params, seen)
  local parts = {}
  local function add(key, value)
    parts[#parts + 1] = key .. "=" .. describe(value, key, 0, seen) .. ";"
  end
  if getmetatable(params) ~= nil then
    for _, key in ipairs(known) do
      local value = params[key]
      if value ~= nil then add(key, value) end
    end
  else
    for key, value in pairs(params) do
      if places[key] then add(key, value) end
    end
  end
  table.sort(parts)
  return table.concat(parts)
end

-- Its finalizer can be called by a program, and at the end of a Lua state it has run.
local function alive(ctx)
  return not sslctx.state(ctx).handle:lost()
end

local cached = {}

--- A text that identifies a value of a request: functions and objects by identity.
-- @treturn string
cached.identity = identity

--- A value for configurations, whose description is made once.
-- @tparam table value  a list of strings that are no names of files, which nobody changes
-- @treturn table  the same
function cached.constant(value)
  constants[value] = describe(value, nil, 0, {})
  return value
end

--- A text that identifies the content of a configuration. Where a file has changed it is
-- another one.
-- @tparam table params  for ssl.newcontext
-- @treturn string
function cached.signature(params)
  return digest(described(params, {}))
end

local function find(params, level, keeps)
  -- The stamps are taken before the files are read.
  local seen = { young = false, objects = false }
  local wanted = digest(described(params, seen))
  local found = cache:get(wanted)
  if found and alive(found) then return found, wanted end
  local why
  found, why = newcontext(params, level + 1, false)
  if not found then return nil, why end
  if not seen.young and (keeps or not seen.objects) then cache:put(wanted, found) end
  return found, wanted
end

--- A context, perhaps one that others use too: it must not be changed.
-- @tparam table params  for ssl.newcontext, whose keys the caller has checked; not modified
-- @treturn userdata,string  and the digest of all that it was made of
-- @treturn nil,string  an error of newcontext
-- @raise for a value of a wrong type
function cached.of(params)
  local found, wanted = find(params, 2, true)
  return found, wanted
end

--- The same for a caller whose functions and objects may be those of one call: a context with
-- one of them is not kept, and so nothing that they hold.
-- @tparam table params
-- @tparam[opt=1] number level  the function at which an error is positioned: 1 the caller
-- @treturn userdata,string
-- @treturn nil,string
-- @raise for a value of a wrong type
function cached.plain(params, level)
  local found, wanted = find(params, (level or 1) + 1, false)
  return found, wanted
end

return cached
