--- ssl.trust.verifyflags: whether and how a context verifies: the values of `verify` and
-- `verifyext`.

local lib    = require "ssl.ffi.lib"
local errors = require "ssl.base.errors"
local store  = require "ssl.trust.store"
local C, K   = lib.C, lib.K
local bor    = bit.bor

-- What asks for more than `peer` brings it along: alone, OpenSSL would ignore it
-- and verify nothing.
local modes = {
  none                 = K.SSL_VERIFY_NONE,
  peer                 = K.SSL_VERIFY_PEER,
  client_once          = bor(K.SSL_VERIFY_PEER, K.SSL_VERIFY_CLIENT_ONCE),
  fail_if_no_peer_cert = bor(K.SSL_VERIFY_PEER, K.SSL_VERIFY_FAIL_IF_NO_PEER_CERT),
  post_handshake       = bor(K.SSL_VERIFY_PEER, K.SSL_VERIFY_POST_HANDSHAKE),
}

-- The same with crl_check_chain, which OpenSSL reads only beside crl_check.
local extensions = {
  lsec_continue       = 0,
  lsec_ignore_purpose = 0,
  crl_check           = K.X509_V_FLAG_CRL_CHECK,
  crl_check_chain     = bor(K.X509_V_FLAG_CRL_CHECK, K.X509_V_FLAG_CRL_CHECK_ALL),
  -- Not in LuaSec: the others of OpenSSL's flags that mean something by themselves.
  ignore_critical      = K.X509_V_FLAG_IGNORE_CRITICAL,
  x509_strict          = K.X509_V_FLAG_X509_STRICT,
  allow_proxy_certs    = K.X509_V_FLAG_ALLOW_PROXY_CERTS,
  extended_crl_support = K.X509_V_FLAG_EXTENDED_CRL_SUPPORT,
  use_deltas           = K.X509_V_FLAG_USE_DELTAS,
  check_ss_signature   = K.X509_V_FLAG_CHECK_SS_SIGNATURE,
  trusted_first        = K.X509_V_FLAG_TRUSTED_FIRST,
  suiteb_128_los_only  = K.X509_V_FLAG_SUITEB_128_LOS_ONLY,
  suiteb_192_los       = K.X509_V_FLAG_SUITEB_192_LOS,
  suiteb_128_los       = K.X509_V_FLAG_SUITEB_128_LOS,
  no_alt_chains        = K.X509_V_FLAG_NO_ALT_CHAINS,
  no_check_time        = K.X509_V_FLAG_NO_CHECK_TIME,
}

local verifyflags = {
  --- The values of the keys `verify` and `verifyext`, by name.
  values = { verify = modes, verifyext = extensions },
}

-- Those that demand something of certificates. The others allow more, or change how others work.
local DEMANDS = {}
for _, name in ipairs { "crl_check", "crl_check_chain", "x509_strict", "check_ss_signature",
                        "suiteb_128_los_only", "suiteb_192_los", "suiteb_128_los" } do
  DEMANDS[name] = true
end

-- The first value that nothing would be judged by, since the peer shows a raw public key.
local function without_chain(c, names)
  for _, name in ipairs(c.rawkeys and names or {}) do
    if DEMANDS[name] then
      return ("%s is about certificates, and the context has rawkeys"):format(name)
    end
  end
end

local function combine(values, names)
  local flags = 0
  for _, name in ipairs(names) do
    if not values[name] then return nil, name end
    flags = bor(flags, values[name])
  end
  return flags
end

--- Set the verification mode to exactly these values; without a value, leave it.
-- Ends lsec_continue, as in LuaSec.
-- @treturn true
-- @treturn nil,string  an unknown name; nothing was changed
function verifyflags.verify(c, names)
  local mode, unknown = combine(modes, names)
  if not mode then return nil, unknown end
  if #names > 0 then
    C.SSL_CTX_set_verify(c.handle.raw, mode, nil)
    c.verify_continue = false
    c.verify_said, c.psk_only = true, false
  end
  return true
end

--- Set the extended verification flags. OpenSSL's flags, once on, stay on; the lsec flags
-- are set to exactly these.
-- @treturn true
-- @treturn nil,string  an unknown name, or one that cannot be used; nothing was changed
function verifyflags.extend(c, names)
  local flags, unknown = combine(extensions, names)
  unknown = unknown or without_chain(c, names)
  if unknown then return nil, unknown end
  if flags ~= 0 then
    errors.must(C.X509_STORE_set_flags(store.of(c), flags),
                "error setting the verification flags")
  end
  c.verify_continue, c.ignore_purpose = false, false
  for _, name in ipairs(names) do
    if name == "lsec_continue" then c.verify_continue = true end
    if name == "lsec_ignore_purpose" then c.ignore_purpose = true end
  end
  return true
end

return verifyflags
