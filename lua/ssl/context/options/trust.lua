--- ssl.context.options.trust: the keys of a configuration that say whom to trust, for what,
-- and until when.

local lib          = require "ssl.ffi.lib"
local anchors      = require "ssl.trust.anchors"
local arg          = require "ssl.base.arg"
local certificates = require "ssl.credential.certificates"
local clientca     = require "ssl.trust.clientca"
local context      = require "ssl.context.setters"
local errors       = require "ssl.base.errors"
local material     = require "ssl.source.material"
local peername     = require "ssl.feature.peername"
local option       = require "ssl.context.option"
local systemca     = require "ssl.trust.systemca"
local verifyflags  = require "ssl.trust.verifyflags"
local x509         = require "ssl.x509.certificate"
local C, K         = lib.C, lib.K

local keys = {}

local function wrong(key, value, level, kind)
  option.misuse(1, "newcontext", key .. ": " .. arg.expected(kind or "string", value),
                 level + 1)
end

-- Not just anything that is true: a file's name would mean more than is in the file.
local function switch(cfg, key, level)
  local value = cfg[key]
  if value and value ~= true then wrong(key, value, level + 1, "boolean") end
  return value
end

local function sources(cfg, key, takes, level)
  local list, other = material.sources(cfg[key], takes)
  if not list then wrong(key, other, level + 1) end
  return list
end

--- `systemca`: whom the system trusts, beside `cafile` and `capath`.
function keys.systemca(ctx, cfg, level)
  if not switch(cfg, "systemca", level + 1) then return true end
  local found, reason = systemca()
  if found then
    local ok
    ok, reason = verifyflags.locations(context.state(ctx), found.cafile, found.capath)
    if ok then return true end
    reason = ("%s; tried %s"):format(reason, table.concat(found.tried, ", "))
  end
  return false, ("error loading CA locations (%s)"):format(reason)
end

--- `servername`: a client's.
function keys.servername(ctx, cfg, level)
  local name = cfg.servername
  if not name then return true end
  if type(name) ~= "string" then wrong("servername", name, level + 1) end
  local ok, reason = nil, "for clients only"
  if cfg.mode == "client" then
    ok, reason = peername.set(context.state(ctx), name)
  end
  if ok then return true end
  return false, ("invalid servername (%s)"):format(reason)
end

-- OpenSSL either looks up the peer's certificate alone, or demands a list for each. So it
-- looks up each, and a list that is absent above the peer's is passed over (ssl.handshake.inherit).
local LOOK_UP_EACH = bit.bor(K.X509_V_FLAG_CRL_CHECK, K.X509_V_FLAG_CRL_CHECK_ALL)

--- `crl`: with it the peer's certificate has to be covered by one, and the others of its
-- chain are looked up in what there is of their issuers.
function keys.crl(ctx, cfg, level)
  if not cfg.crl then return true end
  local state, list = context.state(ctx), sources(cfg, "crl", nil, level + 1)
  local ok, reason = anchors.revoke(state, list)
  if not ok then return false, ("error loading CRL (%s)"):format(reason) end
  state.verify_flags = bit.bor(state.verify_flags, LOOK_UP_EACH)
  return true
end

--- `clientca`: a server's.
function keys.clientca(ctx, cfg, level)
  if not cfg.clientca then return true end
  local list = sources(cfg, "clientca", x509.is, level + 1)
  if cfg.mode ~= "server" then return false, "invalid clientca (for servers only)" end
  local ok
  local certs, reason = certificates.collect(list)
  if certs then ok, reason = clientca.ask(context.state(ctx), certs) end
  if ok then return true end
  return false, ("error loading client CA names (%s)"):format(reason)
end

--- `purpose`: what the peer's certificate has to be made for.
function keys.purpose(ctx, cfg, level)
  local name = cfg.purpose
  if not name then return true end
  if type(name) ~= "string" then wrong("purpose", name, level + 1) end
  local index = -1
  if not name:find("\0", 1, true) then index = C.X509_PURPOSE_get_by_sname(name) end
  local known = index >= 0 and C.X509_PURPOSE_get0(index)
  errors.clear()
  if not known or known == nil then
    return false, ("invalid purpose (%s)"):format(name)
  end
  local state, of = context.state(ctx), C.X509_PURPOSE_get_trust(known)
  state.purpose = C.X509_PURPOSE_get_id(known)
  -- "any" has no trust settings of its own: those of the side stay.
  state.purpose_trust = of > 0 and of
  return true
end

--- `partialchain`: a chain may end in any trusted certificate.
function keys.partialchain(ctx, cfg, level)
  if not switch(cfg, "partialchain", level + 1) then return true end
  local state = context.state(ctx)
  state.verify_flags = bit.bor(state.verify_flags, K.X509_V_FLAG_PARTIAL_CHAIN)
  return true
end

--- The setter of all of them, in this order.
return function(ctx, cfg, level)
  for _, name in ipairs { "systemca", "servername", "crl", "clientca", "purpose",
                          "partialchain" } do
    local ok, message = keys[name](ctx, cfg, level + 1)
    if not ok then return false, message end
  end
  return true
end
