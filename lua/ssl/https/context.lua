--- ssl.https.context: contexts, made once for each configuration.
--
-- Reading the authorities of a system takes twenty times the CPU of a request. So a context
-- is kept under the digest of a text with all values that it was made of; a digest, because
-- some of them are secrets. A file counts with its stamp, so a changed one is read again.
--
-- Why a hit is right: newcontext reads the keys of ssl.cfg.keys and no others.

local lru = require "ssl.base.lru"
local ssl = require "ssl"

local LIMIT, DEEPEST = 16, 4

local known, names_file = ssl.cfg.keys, ssl.cfg.names_file

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
    return names_file(key) and stamped(value) or ("%q"):format(value)
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

-- All that newcontext may look at.
local function described(cfg)
  local parts = {}
  for i, key in ipairs(known) do
    local value = cfg[key]
    parts[i] = value == nil and "" or key .. "=" .. describe(value, key, 0) .. ";"
  end
  return table.concat(parts)
end

local context = {}

--- A text that identifies a value of a request: functions and objects by identity.
-- @treturn string
context.identity = identity

--- A text that identifies the content of a configuration. Where a file has changed it is
-- another one.
-- @tparam table cfg  for ssl.newcontext
-- @treturn string
function context.signature(cfg)
  return ssl.digest(described(cfg))
end

--- A context, perhaps one that others use too: it must not be changed.
-- @tparam table cfg  for ssl.newcontext; not modified
-- @treturn userdata,string  and the digest of all that it was made of
-- @treturn nil,string  an error of newcontext
function context.of(cfg)
  -- The stamps are taken before the files are read.
  local wanted = context.signature(cfg)
  local found = cache:get(wanted)
  if found then return found, wanted end
  local why
  found, why = ssl.checkedcontext(cfg)
  if not found then return nil, why end
  cache:put(wanted, found)
  return found, wanted
end

return context
