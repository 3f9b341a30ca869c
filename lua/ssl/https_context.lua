--- ssl.https_context: contexts, made once for each configuration.
--
-- Reading the authorities of a system takes twenty times the CPU of a request, so
-- a context is kept under a text that says all that it was made of. Which keys that
-- is, newcontext itself tells: it gets a table that notes what it is asked for. A
-- file counts with its stamp, so a changed one is read again.
--
-- Why a hit is right: with the same values under every key that was ever read,
-- newcontext would read the same keys in the same order and do the same.

local ssl = require "ssl"

local LIMIT, DEEPEST = 16, 4

-- Keys that name files, wherever in the configuration they stand.
local FILES = { cafile = true, capath = true, certificate = true, key = true }

-- What newcontext has asked for so far, in this order; only ever appended to. The
-- keys of files are there from the start: stamps are taken before files are read.
local known  = { "cafile", "capath", "certificate", "key", "certificates" }
local listed = {}
for _, name in ipairs(known) do listed[name] = true end

local cache = {}   -- { signature =, context = }, last used first

-- Functions and objects are told apart by who they are. Numbers are never reused.
local identities, last_identity = setmetatable({}, { __mode = "k" }), 0

local function identity(value)
  if not identities[value] then
    last_identity = last_identity + 1
    identities[value] = last_identity
  end
  return type(value) .. " " .. identities[value]
end

-- A name, or a list of them, as it is and as what lies there.
local function stamped(names)
  local parts = { ("%q"):format(names), (ssl.filestamp(names)) }
  for name in names:gmatch "[^:;]+" do
    parts[#parts + 1] = ssl.filestamp(name) or "none"
  end
  return table.concat(parts, " ")
end

local function describe(value, key, depth)
  local kind = type(value)
  if kind == "string" then
    return FILES[key] and stamped(value) or ("%q"):format(value)
  elseif kind == "number" then
    return ("%.17g"):format(value)
  elseif kind == "table" and depth < DEEPEST then
    local parts = {}
    for k, v in pairs(value) do
      parts[#parts + 1] = describe(k, nil, DEEPEST) .. "=" .. describe(v, k, depth + 1)
    end
    table.sort(parts)
    return "{" .. table.concat(parts, ",") .. "}"
  elseif kind == "nil" or kind == "boolean" then
    return tostring(value)
  end
  return identity(value)
end

-- The part of a signature that keys `from` and later make up.
local function signature(cfg, from)
  local parts = {}
  for i = from, #known do
    parts[#parts + 1] = describe(cfg[known[i]], known[i], 0) .. ";"
  end
  return table.concat(parts)
end

local function find(wanted)
  for i, entry in ipairs(cache) do
    if entry.signature == wanted then
      table.insert(cache, 1, table.remove(cache, i))
      return entry.context
    end
  end
end

local function noting(cfg)
  return setmetatable({}, { __index = function(_, name)
    if not listed[name] then
      listed[name], known[#known + 1] = true, name
    end
    return cfg[name]
  end })
end

--- A context, perhaps one that others use too: it must not be changed.
-- @tparam table cfg  for ssl.newcontext; not modified
-- @treturn userdata
-- @treturn nil,string  an error of newcontext
return function(cfg)
  local wanted, count = signature(cfg, 1), #known
  local context = find(wanted)
  if context then return context end
  local why
  context, why = ssl.newcontext(noting(cfg))
  if not context then return nil, why end
  table.insert(cache, 1, { signature = wanted .. signature(cfg, count + 1),
                           context = context })
  cache[LIMIT + 1] = nil
  return context
end
