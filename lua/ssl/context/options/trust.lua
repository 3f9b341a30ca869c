--- ssl.context.options.trust: the keys about the system's authorities, names, purposes
-- and revocation.

local lib          = require "ssl.ffi.lib"
local later        = require "ssl.base.later"
local anchors      = later.module "ssl.trust.anchors"
local arg          = require "ssl.base.arg"
local certificates = later.module "ssl.credential.certificates"
local clientca     = later.module "ssl.trust.clientca"
local context      = require "ssl.context.table"
local errors       = require "ssl.base.errors"
local material     = require "ssl.source.material"
local peername     = later.module "ssl.feature.peername"
local option       = require "ssl.context.option"
local store        = require "ssl.trust.store"
local x509         = later.module "ssl.x509.certificate"
local C, K         = lib.C, lib.K

local function wrong(key, value, level, kind)
  option.misuse(1, "newcontext", key .. ": " .. arg.expected(kind or "string", value),
                 level + 1)
end

-- Not just anything that is true: a file's name would mean more than is in the file.
local function switch(key, value, level)
  if value ~= true then wrong(key, value, level + 1, "boolean") end
end

local function sources(key, value, takes, level)
  local list, other = material.sources(value, takes)
  if not list then wrong(key, other, level + 1) end
  return list
end

-- Whom the system trusts, beside `cafile` and `capath`.
local function set_systemca(ctx, value, _, level)
  switch("systemca", value, level + 1)
  local found, reason = later.require "ssl.trust.systemca".places()
  if found then
    local ok
    ok, reason = store.locations(context.state(ctx), found.cafile, found.capath)
    if ok then return true end
    reason = ("%s; tried %s"):format(reason, table.concat(found.tried, ", "))
  end
  return false, ("error loading CA locations (%s)"):format(reason)
end

-- It reads the field when it is called: the file is loaded then.
local function begin_servername(st, c)
  return peername.begin(st, c)
end

local function set_servername(ctx, name, cfg, level)
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

-- The peer's certificate has to be covered by a list. The others of its chain are looked up
-- in the lists of their issuers, where these are given.
local function set_crl(ctx, value, _, level)
  local c, list = context.state(ctx), sources("crl", value, nil, level + 1)
  local ok, reason = anchors.revoke(c, list)
  if not ok then return false, ("error loading CRL (%s)"):format(reason) end
  c.verify_flags = bit.bor(c.verify_flags, LOOK_UP_EACH)
  return true
end

local function set_clientca(ctx, value, cfg, level)
  local list = sources("clientca", value, x509, level + 1)
  if cfg.mode ~= "server" then return false, "invalid clientca (for servers only)" end
  local ok
  local certs, reason = certificates.collect(list)
  if certs then ok, reason = clientca.ask(context.state(ctx), certs) end
  if ok then return true end
  return false, ("error loading client CA names (%s)"):format(reason)
end

-- The purpose that the peer's certificate must have.
local function set_purpose(ctx, name, _, level)
  if type(name) ~= "string" then wrong("purpose", name, level + 1) end
  local index = -1
  if not name:find("\0", 1, true) then index = C.X509_PURPOSE_get_by_sname(name) end
  local known = index >= 0 and C.X509_PURPOSE_get0(index)
  errors.clear()
  if not known or known == nil then
    return false, ("invalid purpose (%s)"):format(name)
  end
  local c, of = context.state(ctx), C.X509_PURPOSE_get_trust(known)
  c.purpose = C.X509_PURPOSE_get_id(known)
  -- "any" has no trust settings of its own: those of the side stay.
  c.purpose_trust = of > 0 and of
  return true
end

-- A chain may end in any trusted certificate.
local function set_partialchain(ctx, value, _, level)
  switch("partialchain", value, level + 1)
  local c = context.state(ctx)
  c.verify_flags = bit.bor(c.verify_flags, K.X509_V_FLAG_PARTIAL_CHAIN)
  return true
end

return {
  systemca     = { set = set_systemca },
  servername   = { set = set_servername, begin = begin_servername },
  crl          = { set = set_crl },
  clientca     = { set = set_clientca },
  purpose      = { set = set_purpose },
  partialchain = { set = set_partialchain },
}
