--- ssl.context.options.protocol: the keys of a configuration that bend the protocol.
--
-- Every one of them holds also after a server name has switched the context:
-- OpenSSL takes level and signature algorithms along with the certificate
-- (SSL_set_SSL_CTX), ssl.handshake.inherit the rest.

local lib         = require "ssl.ffi.lib"
local shim        = require "ssl.ffi.shim"
local context     = require "ssl.context.setters"
local earlystep   = require "ssl.feature.earlydata"
local group_names = require "ssl.context.group_names"
local protocol    = require "ssl.context.versions"
local C, K, H     = lib.C, lib.K, shim.K

local MOST_SECURE = 5

local settings = {}

local function invalid(key, expected, value)
  local got = type(value) == "number" and ("%.14g"):format(value) or type(value)
  return false, ("invalid %s (%s expected, got %s)"):format(key, expected, got)
end

--- `seclevel`. SSL_CTX_set_security_level(3). Before the certificates, which it
-- judges, and once more behind the ciphers, whose list may name a level too.
function settings.seclevel(ctx, cfg)
  local level = cfg.seclevel
  if not level then return true end
  if type(level) ~= "number" or level % 1 ~= 0 or level < 0 or level > MOST_SECURE then
    return invalid("seclevel", "0 to 5", level)
  end
  C.SSL_CTX_set_security_level(context.state(ctx).handle.ctx, level)
  return true
end

-- `minversion`, `maxversion`. SSL_CTX_set_min_proto_version(3).
local function versions(ctx, cfg)
  local minimum, maximum = cfg.minversion or nil, cfg.maxversion or nil
  if not minimum and not maximum then return true end
  local state = context.state(ctx)
  return protocol.narrow(state.handle.ctx, state.protocol, minimum, maximum)
end

-- What was set is noted in the state: groups for connections that are switched to this
-- context, signatures because sessions belong to what was verified by (ssl.session.fingerprint).
local function list(key, noun, command)
  return function(ctx, cfg)
    if not cfg[key] then return true end
    local text, why = group_names.text(cfg[key])
    if not text then return false, ("invalid %s (%s)"):format(key, why) end
    local state = context.state(ctx)
    local ok, message = group_names.apply(state.handle.ctx, command, noun, text)
    if not ok then return false, message end
    state[key] = text
    return true
  end
end

local groups = list("groups", "group", K.SSL_CTRL_SET_GROUPS_LIST)

local sigalgs = list("sigalgs", "signature algorithm", K.SSL_CTRL_SET_SIGALGS_LIST)

local clientsigalgs = list("clientsigalgs", "signature algorithm",
                           K.SSL_CTRL_SET_CLIENT_SIGALGS_LIST)

local PREFERENCES = { server = C.SSL_CTX_set_options, client = C.SSL_CTX_clear_options }

-- `cipherpreference`. Whose order of ciphers decides; since 3.5 of groups too.
local function preference(ctx, cfg)
  local whose = cfg.cipherpreference
  if not whose then return true end
  local change = PREFERENCES[whose]
  if not change then
    return false, ("invalid cipherpreference (%s)"):format(
      type(whose) == "string" and whose or "string expected, got " .. type(whose))
  end
  change(context.state(ctx).handle.ctx, lib.options.cipher_server_preference)
  return true
end

-- Is it on? True, or "once": the shim counts in each connection.
local function allowed(ctx, key, wanted, mark)
  if wanted == "once" then
    local state = context.state(ctx)
    state.once = bit.bor(state.once, mark)
  elseif wanted ~= true then
    return invalid(key, 'boolean or "once"', wanted)
  end
  return true
end

-- `renegotiation`. Every context begins without.
local function renegotiation(ctx, cfg)
  local wanted = cfg.renegotiation
  if not wanted then return true end
  local ok, why = allowed(ctx, "renegotiation", wanted, H.LSF_ONCE_HANDSHAKE)
  if not ok then return false, why end
  C.SSL_CTX_clear_options(context.state(ctx).handle.ctx, lib.options.no_renegotiation)
  return true
end

-- Where TLS 1.3 is not spoken, what comes with it cannot be had.
local function lacking(key)
  if protocol.speaks "tlsv1_3" then return nil end
  return ("invalid %s (%s cannot speak TLS 1.3)"):format(key, lib.openssl.version)
end

-- `posthandshakeauth`, a client's.
local function posthandshake(ctx, cfg)
  local wanted = cfg.posthandshakeauth
  if not wanted then return true end
  local lack = lacking "posthandshakeauth"
  if lack then return false, lack end
  local ok, why = allowed(ctx, "posthandshakeauth", wanted, H.LSF_ONCE_CERTIFICATE)
  if not ok then return false, why end
  local handle = context.state(ctx).handle
  if wanted == "once" then
    C.SSL_CTX_set_cert_cb(handle.ctx, shim.callback "certificate_asked", nil)
  end
  C.SSL_CTX_set_post_handshake_auth(handle.ctx, 1)
  return true
end

-- `earlydata`, in bytes.
local function earlydata(ctx, cfg)
  local most = cfg.earlydata
  if not most then return true end
  local lack = lacking "earlydata"
  if lack then return false, lack end
  if type(most) ~= "number" or most % 1 ~= 0 or most < 1 or most > earlystep.MOST then
    return invalid("earlydata", ("1 to %d"):format(earlystep.MOST), most)
  end
  return earlystep.allow(context.state(ctx), cfg, most)
end

local STEPS = { versions, settings.seclevel, groups, sigalgs, clientsigalgs, preference,
                renegotiation, posthandshake, earlydata }

--- All the others, behind ciphers, options and curves.
function settings.protocol(ctx, cfg)
  for _, set in ipairs(STEPS) do
    local ok, message = set(ctx, cfg)
    if not ok then return false, message end
  end
  return true
end

return settings
