--- ssl.context.versions: the versions that a context may use.
--
-- OpenSSL accepts a version limit that it cannot honour: 1.1.1 and 3.x accept SSLv3 also
-- where it is not built in, and only the handshake fails. So a version is tried out: on a
-- connection limited to it, some cipher has to remain. The test uses security level 0,
-- because the program's cipher list may still lower the level.

local lib    = require "ssl.ffi.lib"
local errors = require "ssl.base.errors"
local later  = require "ssl.base.later"
local C, K   = lib.C, lib.K

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local protocol = later.places({}, {
  speaks   = "ssl.context.versionrange speaks",
  leaves13 = "ssl.context.versionrange leaves13",
  narrow   = "ssl.context.versionrange narrow",
  list     = "ssl.context.versionrange list",
})

--- Name -> number; false: negotiate, within OpenSSL's own limits.
protocol.numbers = {
  any     = false,
  sslv23  = false,
  sslv3   = K.SSL3_VERSION,
  tlsv1   = K.TLS1_VERSION,
  tlsv1_1 = K.TLS1_1_VERSION,
  tlsv1_2 = K.TLS1_2_VERSION,
  tlsv1_3 = K.TLS1_3_VERSION,
}

-- LibreSSL takes no lower limit above the upper one, which may be that of the last call.
local function limit(raw, version)
  C.SSL_CTX_ctrl(raw, K.SSL_CTRL_SET_MAX_PROTO_VERSION, 0, nil)
  return C.SSL_CTX_ctrl(raw, K.SSL_CTRL_SET_MIN_PROTO_VERSION, version, nil) == 1
     and C.SSL_CTX_ctrl(raw, K.SSL_CTRL_SET_MAX_PROTO_VERSION, version, nil) == 1
end

local function speaks(raw, version)
  if not limit(raw, version) then return false end
  local ssl = C.SSL_new(raw)
  if ssl == nil then return false end
  C.SSL_set_security_level(ssl, 0)
  local ciphers = C.SSL_get1_supported_ciphers(ssl)
  local found = ciphers ~= nil
  C.OPENSSL_sk_free(ciphers)
  C.SSL_free(ssl)
  return found
end

--- Versions that it can speak, as far as they were tried.
protocol.tried = {}

--- Can this OpenSSL speak it? Tried until it can: a trial may fail for want of memory. Leaves
-- the limits of the context where the trial put them.
-- @param raw  SSL_CTX *
-- @tparam number version
-- @treturn boolean
function protocol.available(raw, version)
  local tried = protocol.tried
  tried[version] = tried[version] or speaks(raw, version)
  return tried[version]
end

--- Is it a name for a protocol?
function protocol.known(name)
  return protocol.numbers[name] ~= nil
end

--- Limit a new context.
-- @param raw  SSL_CTX *, without limits of its own yet
-- @tparam string name
-- @treturn boolean  false: this OpenSSL cannot speak it
function protocol.limit(raw, name)
  local version = protocol.numbers[name]
  if not version then return true end
  errors.clear()
  local ok = protocol.available(raw, version) and limit(raw, version)
  errors.clear()
  return ok
end

return protocol
