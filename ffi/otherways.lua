--- Other ways to functions of OpenSSL that not every libssl has by their name.
--
-- OpenSSL renamed functions, and made functions of macros. LibreSSL has kept the older names
-- and the macros. The rest of the library uses OpenSSL's present name, and `lib.has` is true
-- for it where a way of this file leads there.

local ffi = require "ffi"

local otherways = {
  --- The older name of the same function: with the same arguments and the same results.
  older = {
    -- Before 3.0.
    SSL_get1_peer_certificate = "SSL_get_peer_certificate",
    EVP_PKEY_get_id           = "EVP_PKEY_id",
    EVP_PKEY_get_bits         = "EVP_PKEY_bits",
    EVP_PKEY_get_base_id      = "EVP_PKEY_base_id",
    -- LibreSSL.
    OPENSSL_sk_num            = "sk_num",
    OPENSSL_sk_value          = "sk_value",
    OPENSSL_sk_new_null       = "sk_new_null",
    OPENSSL_sk_push           = "sk_push",
    OPENSSL_sk_free           = "sk_free",
    OPENSSL_sk_pop_free       = "sk_pop_free",
  },
}

-- The bits of options as `long`, whose sign does not matter.
local function bits(options)
  return bit.tobit(bit.band(options, 0xffffffffULL))
end

-- What the macro of a command does. OpenSSL has had functions for these since 1.1.0, and
-- does not know the commands any more.
local function through(ctrl, command)
  return function(bind, K)
    local call = bind(ctrl)
    return function(object, options)
      -- The highest option makes the result negative.
      return tonumber(call(object, K[command], options and bits(options) or 0, nil)) % 2^32
    end
  end
end

-- The trust settings that each purpose goes with.
local function trust_of_purpose(bind, K)
  local id = bind "X509_PURPOSE_get_id"
  local trust = {
    [K.X509_PURPOSE_SSL_CLIENT]     = K.X509_TRUST_SSL_CLIENT,
    [K.X509_PURPOSE_SSL_SERVER]     = K.X509_TRUST_SSL_SERVER,
    [K.X509_PURPOSE_NS_SSL_SERVER]  = K.X509_TRUST_SSL_SERVER,
    [K.X509_PURPOSE_SMIME_SIGN]     = K.X509_TRUST_EMAIL,
    [K.X509_PURPOSE_SMIME_ENCRYPT]  = K.X509_TRUST_EMAIL,
    [K.X509_PURPOSE_CRL_SIGN]       = K.X509_TRUST_COMPAT,
    [K.X509_PURPOSE_OCSP_HELPER]    = K.X509_TRUST_COMPAT,
    [K.X509_PURPOSE_TIMESTAMP_SIGN] = K.X509_TRUST_TSA,
  }
  return function(purpose) return trust[id(purpose)] or 0 end
end

-- LibreSSL's verifier counts the trusted certificate too, and has no limit at 0. One more than
-- the deepest would be a negative number.
local DEEPEST = 2^31 - 1

local function depth_setter(name)
  return function(bind)
    local set = bind(name)
    return function(object, depth)
      set(object, depth >= 0 and math.min(depth + 1, DEEPEST) or depth)
    end
  end
end

local function depth_getter(name)
  return function(bind)
    local get = bind(name)
    return function(object)
      local depth = get(object)
      return depth > 0 and depth < DEEPEST and depth - 1 or depth
    end
  end
end

-- LibreSSL's function always answers 0. In TLS 1.3 it resumes nothing, and before it what has
-- an id: a session with a ticket gets one, too.
local function resumable(bind, K)
  local version, id = bind "SSL_SESSION_get_protocol_version", bind "SSL_SESSION_get_id"
  local length_t = ffi.typeof "unsigned int[1]"
  return function(session)
    local length = length_t()
    id(session, length)
    return version(session) < K.TLS1_3_VERSION and length[0] > 0 and 1 or 0
  end
end

-- LibreSSL answers 1 where it cannot load the public key of the signer, and has verified
-- nothing. It leaves an error in the queue, which the caller has emptied before.
local function basic_verify(bind)
  local verify, peek = bind "OCSP_basic_verify", bind "ERR_peek_error"
  return function(response, certs, store, flags)
    local rc = verify(response, certs, store, flags)
    return peek() == 0 and rc or 0
  end
end

--- LibreSSL: name -> f(bind, K), which makes the function of others, whatever stands behind
-- the name there; or false where it does nothing, so that it counts as lacking.
otherways.libressl = {
  SSL_CTX_set_verify_depth = depth_setter "SSL_CTX_set_verify_depth",
  SSL_set_verify_depth     = depth_setter "SSL_set_verify_depth",
  SSL_CTX_get_verify_depth = depth_getter "SSL_CTX_get_verify_depth",
  SSL_SESSION_is_resumable = resumable,
  OCSP_basic_verify        = basic_verify,
  SSL_CTX_set_keylog_callback      = false,
  SSL_CTX_set_post_handshake_auth  = false,
  SSL_verify_client_post_handshake = false,
  SSL_CTX_set_max_early_data       = false,
  -- It takes no address back, which is the only use of it.
  X509_VERIFY_PARAM_set1_ip        = false,
  SSL_CTX_get_options    = through("SSL_CTX_ctrl", "SSL_CTRL_OPTIONS"),
  SSL_CTX_set_options    = through("SSL_CTX_ctrl", "SSL_CTRL_OPTIONS"),
  SSL_CTX_clear_options  = through("SSL_CTX_ctrl", "SSL_CTRL_CLEAR_OPTIONS"),
  SSL_get_options        = through("SSL_ctrl", "SSL_CTRL_OPTIONS"),
  SSL_set_options        = through("SSL_ctrl", "SSL_CTRL_OPTIONS"),
  SSL_clear_options      = through("SSL_ctrl", "SSL_CTRL_CLEAR_OPTIONS"),
  SSL_session_reused     = through("SSL_ctrl", "SSL_CTRL_GET_SESSION_REUSED"),
  X509_PURPOSE_get_trust = trust_of_purpose,
}

return otherways
