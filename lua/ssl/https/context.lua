--- ssl.https.context: contexts, made once for each configuration.
--
-- Reading the authorities of a system takes twenty times the CPU of a request. So a context
-- is kept under the digest of a text with all values that it was made of; a digest, because
-- some of them are secrets. newcontext itself shows which keys it reads: it gets a table
-- that notes them. A file counts with its stamp, so a changed one is read again.
--
-- Why a hit is right: with the same values under every key that was ever read,
-- newcontext would read the same keys in the same order and do the same.

local ssl = require "ssl"

local LIMIT, DEEPEST = 16, 4

-- Keys that name files, wherever in the configuration they stand: one, or a list.
local FILES = { cafile = true, capath = true, certificate = true, key = true,
                crl = true, clientca = true, pkcs12 = true }

-- What newcontext has asked for so far, in this order; only ever appended to. The
-- keys of files are there from the start: stamps are taken before files are read.
local known = { "certificates", "systemca" }
local listed = { certificates = true, systemca = true }
for name in pairs(FILES) do listed[name], known[#known + 1] = true, name end

local cache = {}   -- { signature =, context = }, last used first

-- Functions and objects are compared by identity. Numbers are never reused.
local identities, last_identity = setmetatable({}, { __mode = "k" }), 0

local function identity(value)
  if not identities[value] then
    last_identity = last_identity + 1
    identities[value] = last_identity
  end
  return type(value) .. " " .. identities[value]
end

-- A name, or a list of them, as it is and as what lies there. Text of several lines
-- is PEM and no name.
local function stamped(names)
  local text = ("%q"):format(names)
  if names:find("\n", 1, true) then return text end
  local parts = { text, (ssl.filestamp(names)) }
  if not names:find "[:;]" then return table.concat(parts, " ") end
  for name in names:gmatch "[^:;]+" do
    parts[#parts + 1] = ssl.filestamp(name) or "none"
  end
  return table.concat(parts, " ")
end

-- What `systemca` stands for now.
local function system()
  local found = ssl.systemca() or {}
  return "system " .. stamped(found.cafile or "") .. stamped(found.capath or "")
end

local function describe(value, key, depth)
  local kind = type(value)
  if key == "systemca" and value then return system() end
  if kind == "string" then
    return FILES[key] and stamped(value) or ("%q"):format(value)
  elseif kind == "number" then
    return ("%.17g"):format(value)
  elseif kind == "table" and depth < DEEPEST then
    local parts = {}
    for k, v in pairs(value) do
      local name = type(k) == "number" and key or k
      parts[#parts + 1] = describe(k, nil, DEEPEST) .. "=" .. describe(v, name, depth + 1)
    end
    table.sort(parts)
    return "{" .. table.concat(parts, ",") .. "}"
  elseif kind == "nil" or kind == "boolean" then
    return tostring(value)
  end
  return identity(value)
end

-- The part of a signature that keys `from` and later make up. Keys without a value
-- leave no mark: a signature stays the same when more keys become known.
local function signature(cfg, from)
  local parts = {}
  for i = from, #known do
    local value = cfg[known[i]]
    if value ~= nil then
      parts[#parts + 1] = known[i] .. "=" .. describe(value, known[i], 0) .. ";"
    end
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

local context = {}

--- A text that identifies a value of a request: functions and objects by identity.
-- @treturn string
context.identity = identity

--- A context, perhaps one that others use too: it must not be changed.
-- @tparam table cfg  for ssl.newcontext; not modified
-- @treturn userdata,string  and the digest of all that it was made of
-- @treturn nil,string  an error of newcontext
function context.of(cfg)
  local text, count = signature(cfg, 1), #known
  local wanted = ssl.digest(text)
  local found = find(wanted)
  if found then return found, wanted end
  local why
  found, why = ssl.checkedcontext(noting(cfg))
  if not found then return nil, why end
  wanted = ssl.digest(text .. signature(cfg, count + 1))
  table.insert(cache, 1, { signature = wanted, context = found })
  cache[LIMIT + 1] = nil
  return found, wanted
end

return context
