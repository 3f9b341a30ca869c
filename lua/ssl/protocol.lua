--- ssl.protocol: the versions a context may speak.
--
-- OpenSSL accepts a version limit that it cannot honour: 1.1.1 and 3.x store SSLv3
-- and answer "done" though it is not built in, and only the handshake fails. So a
-- version is tried out: on a connection limited to it, and at security level 0,
-- because the level is a policy that the user's cipher list may still lift, some
-- cipher has to remain.

local lib = require "ssl.ffi.lib"
local err = require "ssl.err"
local C, K = lib.C, lib.K

local protocol = {}

-- false: negotiate, within OpenSSL's own limits.
local versions = {
  any     = false,
  sslv23  = false,
  sslv3   = K.SSL3_VERSION,
  tlsv1   = K.TLS1_VERSION,
  tlsv1_1 = K.TLS1_1_VERSION,
  tlsv1_2 = K.TLS1_2_VERSION,
  tlsv1_3 = K.TLS1_3_VERSION,
}

local function limit(ctx, version)
  return C.SSL_CTX_ctrl(ctx, K.SSL_CTRL_SET_MIN_PROTO_VERSION, version, nil) == 1
     and C.SSL_CTX_ctrl(ctx, K.SSL_CTRL_SET_MAX_PROTO_VERSION, version, nil) == 1
end

local function speaks(ctx, version)
  if not limit(ctx, version) then return false end
  local ssl = C.SSL_new(ctx)
  if ssl == nil then return false end
  C.SSL_set_security_level(ssl, 0)
  local ciphers = C.SSL_get1_supported_ciphers(ssl)
  local found = ciphers ~= nil
  C.OPENSSL_sk_free(ciphers)
  C.SSL_free(ssl)
  return found
end

local known = {}

--- Can this OpenSSL speak it? Tried once a version. Leaves the limits of the
-- context where the trial put them.
local function available(ctx, version)
  if known[version] == nil then known[version] = speaks(ctx, version) end
  return known[version]
end

--- Is it a name for a protocol?
function protocol.known(name)
  return versions[name] ~= nil
end

--- Limit a new context.
-- @param ctx  SSL_CTX *, without limits of its own yet
-- @tparam string name
-- @treturn boolean  false: this OpenSSL cannot speak it
function protocol.limit(ctx, name)
  local version = versions[name]
  if not version then return true end
  err.clear()
  local ok = available(ctx, version) and limit(ctx, version)
  err.clear()
  return ok
end

--- The protocols that this OpenSSL can speak, those that negotiate left out.
-- @treturn table  name -> true
function protocol.list()
  local out = {}
  err.clear()
  local ctx = C.SSL_CTX_new(C.TLS_method())
  if ctx ~= nil then
    for name, version in pairs(versions) do
      if version and available(ctx, version) then out[name] = true end
    end
    C.SSL_CTX_free(ctx)
  end
  err.clear()
  return out
end

return protocol
