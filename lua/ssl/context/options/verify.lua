--- ssl.context.options.verify: whether and how the peer's certificate is verified.
--
-- LuaSec does not verify by default. A key that decides about trust (ssl.context.keys) would
-- then have no effect, without an error. So a client with such a key that LuaSec does not
-- have verifies its server. A server can verify its clients in two ways, so its
-- configuration has to name one.

local lib      = require "ssl.ffi.lib"
local shim     = require "ssl.ffi.shim"
local later    = require "ssl.base.later"
local checks   = require "ssl.context.cfg"
local context  = require "ssl.context.table"
local onverify = later.module "ssl.feature.onverify"
local option   = require "ssl.context.option"
local errors   = require "ssl.base.errors"
local C, K     = lib.C, lib.K
local must     = errors.must

local PURPOSE, FLAGS = "error setting the purpose", "error setting the verification flags"

local verify_callback = shim.callback "verify"

local set_modes = option.strings_key("setverify", context.setverify)

-- A function `onverify` verifies the peer too (`mode`, below).
local function verifies(ctx, cfg)
  return cfg.onverify
      or C.SSL_CTX_get_verify_mode(context.state(ctx).handle.raw) ~= K.SSL_VERIFY_NONE
end

local WAYS = {
  client = 'it has no effect with verify = "none"',
  server = 'it has no effect without verify = "peer", or { "peer", "fail_if_no_peer_cert" }',
}

local function set_verify(ctx, value, cfg, level)
  if value then
    local ok, message = set_modes(ctx, value, cfg, level + 1)
    if not ok then return false, message end
  end
  local key = checks.trusting(cfg, cfg.mode)
  if not key or verifies(ctx, cfg) then return true end
  if cfg.mode == "client" and not value then return context.setverify(ctx, "peer") end
  return false, ("invalid %s (%s)"):format(key, WAYS[cfg.mode])
end

local function set_depth(ctx, value, _, level)
  value = option.number(value, 2, "setdepth", level + 1)
  return context.setdepth(ctx, value)
end

local function set_onverify(ctx, f)
  if type(f) ~= "function" then return false, "invalid onverify (function expected)" end
  if not onverify.supported then
    return false, "invalid onverify (this OpenSSL cannot do it)"
  end
  context.state(ctx).onverify = f
  return true
end

-- Does ssl.feature.onverify judge the certificates of connections?
local function judged(c)
  return c.onverify or c.psk_only
end

-- Where a function judges certificates, SSL_VERIFY_NONE must not be used: OpenSSL would
-- ignore the function's result.
local function mode(c)
  local wanted = C.SSL_CTX_get_verify_mode(c.handle.raw)
  return judged(c) and bit.bor(wanted, K.SSL_VERIFY_PEER) or wanted
end

-- lsec_ignore_purpose means "verify as a client does": it accepts certificates for servers
-- only. With false the function undoes the setting of an earlier context.
local function purpose(ssl, of_server)
  local param = C.SSL_get0_param(ssl)
  must(C.X509_VERIFY_PARAM_set_purpose(
    param, of_server and K.X509_PURPOSE_SSL_SERVER or K.X509_PURPOSE_SSL_CLIENT), PURPOSE)
  must(C.X509_VERIFY_PARAM_set_trust(
    param, of_server and K.X509_TRUST_SSL_SERVER or K.X509_TRUST_SSL_CLIENT), PURPOSE)
end

-- The keys `purpose`, `crl` and `partialchain`, the first of which wins over
-- lsec_ignore_purpose. Not in the store, which may belong to other contexts too.
local function chain(ssl, c)
  if c.verify_flags == 0 and not c.purpose then return end
  local param = C.SSL_get0_param(ssl)
  must(C.X509_VERIFY_PARAM_set_flags(param, c.verify_flags), FLAGS)
  if c.purpose then must(C.X509_VERIFY_PARAM_set_purpose(param, c.purpose), PURPOSE) end
  if c.purpose_trust then
    must(C.X509_VERIFY_PARAM_set_trust(param, c.purpose_trust), PURPOSE)
  end
end

-- With the key `crl` every certificate is looked up, and lists may be absent for a part of
-- the chain. With `crl_check_chain` in verifyext every certificate needs a list.
local function some_lists(c)
  if bit.band(c.verify_flags, K.X509_V_FLAG_CRL_CHECK_ALL) == 0 then return 0 end
  local param = C.X509_STORE_get0_param(C.SSL_CTX_get_cert_store(c.handle.raw))
  local demanded = tonumber(C.X509_VERIFY_PARAM_get_flags(param))
  return bit.band(demanded, K.X509_V_FLAG_CRL_CHECK_ALL) == 0 and 1 or 0
end

-- All that a connection verifies by, beside the store. A new one has 0 everywhere; to write
-- costs an object of Lua's.
local function apply(st, old, c)
  local conn = st.conn
  if old or c.verify_continue or judged(c) or c.verify_flags ~= 0 then
    conn.verify.go_on = c.verify_continue and 1 or 0
    conn.verify.some_lists = some_lists(c)
    conn.verify.ask = judged(c) and 1 or 0
  end
  C.SSL_set_verify(conn.ssl, mode(c), verify_callback)
  if c.ignore_purpose then purpose(conn.ssl, true) end
  chain(conn.ssl, c)
end

local function switch(st, old)
  purpose(st.conn.ssl, false)
  must(C.X509_VERIFY_PARAM_clear_flags(C.SSL_get0_param(st.conn.ssl), old.verify_flags),
       FLAGS)
end

return {
  verify    = { set = set_verify, apply = apply, switch = switch },
  depth     = {
    set = set_depth,
    switch = function(st, _, new)
      C.SSL_set_verify_depth(st.conn.ssl, C.SSL_CTX_get_verify_depth(new.handle.raw))
    end,
  },
  verifyext = { set = option.strings_key("setverifyext", function(ctx, ...)
    return ctx:setverifyext(...)
  end) },
  onverify  = { set = set_onverify },
}
