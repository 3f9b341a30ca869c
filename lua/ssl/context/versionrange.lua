--- ssl.context.versionrange: ranges of versions, and which ones this OpenSSL can speak. Its
-- functions are fields of ssl.context.versions.

local lib      = require "ssl.ffi.lib"
local errors   = require "ssl.base.errors"
local versions = require "ssl.context.versions"
local C, K     = lib.C, lib.K
local numbers  = versions.numbers

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local LOWEST, HIGHEST = K.SSL_CTRL_GET_MIN_PROTO_VERSION, K.SSL_CTRL_GET_MAX_PROTO_VERSION

local range = {}

-- The same on a context of its own.
local function spoken(version)
  if versions.tried[version] then return true end
  local raw = C.SSL_CTX_new(C.TLS_method())
  if raw == nil then return false end
  local found = versions.available(raw, version)
  C.SSL_CTX_free(raw)
  return found
end

--- Can this OpenSSL speak it?
-- @tparam string name  of one version
-- @treturn boolean
function range.speaks(name)
  return spoken(numbers[name])
end

--- Do the limits and the options of a context leave TLS 1.3?
-- @param raw  SSL_CTX *
-- @treturn boolean
function range.leaves13(raw)
  local high = C.SSL_CTX_ctrl(raw, HIGHEST, 0, nil)
  local off = bit.band(C.SSL_CTX_get_options(raw), lib.options.no_tlsv1_3)
  return (high == 0 or high >= K.TLS1_3_VERSION) and off == 0
end

-- One end of a range: its version, or nil and the mistake in it.
local function bound(key, name)
  if name == nil then return nil end
  if type(name) ~= "string" then
    return nil, ("invalid %s (string expected, got %s)"):format(key, type(name))
  end
  local version = numbers[name]
  if not version then return nil, ("invalid %s (%s)"):format(key, name) end
  if not spoken(version) then
    return nil, ("invalid %s (%s): %s cannot speak it"):format(key, name,
                                                               lib.openssl.version)
  end
  return version
end

-- What contradicts what: a range against the one version of `protocol`.
local function outside(name, key, value)
  return false, ("%s %s contradicts protocol %s"):format(key, value, name)
end

local function apply(raw, minimum, maximum)
  local function set(command, version)
    return not version or C.SSL_CTX_ctrl(raw, command, version, nil) == 1
  end
  if not set(K.SSL_CTRL_SET_MIN_PROTO_VERSION, minimum)
     or not set(K.SSL_CTRL_SET_MAX_PROTO_VERSION, maximum) then
    return false
  end
  local low, high = C.SSL_CTX_ctrl(raw, LOWEST, 0, nil), C.SSL_CTX_ctrl(raw, HIGHEST, 0, nil)
  return low == 0 or high == 0 or low <= high
end

--- Narrow the versions of a context.
-- @param raw  SSL_CTX *
-- @tparam string name  the protocol that it was made with; one version stays alone,
--   and has to lie in the range
-- @tparam[opt] string minimum
-- @tparam[opt] string maximum
-- @treturn true
-- @treturn false,string  a name that is none, a version that this OpenSSL cannot
--   speak, or limits that contradict each other
function range.narrow(raw, name, minimum, maximum)
  local low, why = bound("minversion", minimum)
  if why then return false, why end
  local high
  high, why = bound("maxversion", maximum)
  if why then return false, why end
  local only = numbers[name]
  if low and high and low > high then
    return false, ("minversion %s contradicts maxversion %s"):format(minimum, maximum)
  end
  if only then
    if low and low > only then return outside(name, "minversion", minimum) end
    if high and high < only then return outside(name, "maxversion", maximum) end
    return true
  end
  errors.clear()
  local ok = apply(raw, low, high)
  errors.clear()
  if ok then return true end
  return false, ("%s contradicts the configuration of OpenSSL"):format(
    low and "minversion " .. minimum or "maxversion " .. maximum)
end

--- The protocols that this OpenSSL can speak, those that negotiate left out.
-- @treturn table  name -> true
function range.list()
  local out = {}
  errors.clear()
  local raw = C.SSL_CTX_new(C.TLS_method())
  if raw ~= nil then
    for name, version in pairs(numbers) do
      if version and versions.available(raw, version) then out[name] = true end
    end
    C.SSL_CTX_free(raw)
  end
  errors.clear()
  return out
end

return range
