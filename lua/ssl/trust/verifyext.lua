--- ssl.trust.verifyext: how a context verifies: the values of `verifyext`.

local lib         = require "ssl.ffi.lib"
local errors      = require "ssl.base.errors"
local store       = require "ssl.trust.store"
local verifyflags = require "ssl.trust.verifyflags"
local C, K        = lib.C, lib.K
local bor         = bit.bor

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

-- `crl_check_chain` brings crl_check along, beside which alone OpenSSL reads it.
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

local verifyext = { values = extensions }

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

--- Set the extended verification flags. OpenSSL's flags, once on, stay on; the lsec flags
-- are set to exactly these.
-- @treturn true
-- @treturn nil,string  an unknown name, or one that cannot be used; nothing was changed
function verifyext.extend(c, names)
  local flags, unknown = verifyflags.combine(extensions, names)
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

return verifyext
