--- ssl.context.capabilities: the fields of ssl.config, which has each of them when it is first
-- read.

local lib          = require "ssl.ffi.lib"
local shim         = require "ssl.ffi.shim"
local later        = require "ssl.base.later"
local dane         = later.module "ssl.feature.dane"
local compression  = later.module "ssl.feature.certcompression"
local ech          = later.module "ssl.feature.ech"
local earlydata    = later.module "ssl.feature.earlydata"
local groups       = later.module "ssl.context.groups"
local keyuri       = later.module "ssl.credential.keyuri"
local pkcs12       = later.module "ssl.credential.pkcs12"
local versions     = later.module "ssl.context.versions"
local psk          = later.module "ssl.feature.psk"
local sessionstore = later.module "ssl.session.store"
local tickets      = later.module "ssl.session.tickets"
local rawkey       = later.module "ssl.feature.rawkey"
local stapling     = later.module "ssl.feature.stapling"

-- An absent name in a set reads as nil, so a feature that OpenSSL lacks is left out.
local fields = {}

local function names(set)
  local out = {}
  for name in pairs(set) do out[name] = true end
  return out
end

function fields.version()
  return later.require "ssl.base.version"
end

function fields.protocols()
  return versions.list()
end

function fields.options()
  return names(lib.every(lib.options))
end

function fields.curves()
  return groups.curves()
end

function fields.algorithms()
  return { ec = groups.curves_supported or nil }
end

function fields.capabilities()
  local has_curves, has_tls13 = groups.curves_supported or nil, versions.list().tlsv1_3
  return { curves_list = has_curves, ecdh_auto = has_curves,
           alpn = true, psk = psk.supported or nil,
           keylog = lib.has.SSL_CTX_set_keylog_callback or nil,
           ocsp = stapling.supported or nil,
           sessionstore = sessionstore.supported or nil,
           ticketkeys = tickets.supported or nil,
           groups = groups.list(),
           keyupdate = has_tls13 and lib.has.SSL_key_update or nil,
           posthandshakeauth = has_tls13 and lib.has.SSL_CTX_set_cert_cb or nil,
           earlydata = has_tls13 and earlydata.supported or nil,
           rawkey = rawkey.supported or nil, certcompression = compression.set(),
           ech = has_tls13 and ech.supported or nil,
           pkcs12 = pkcs12.supported or nil, store = keyuri.supported or nil,
           dane = dane.supported and names(dane.flags) or nil }
end

function fields.openssl()
  local out = { shim = shim.path }
  for _, key in ipairs { "version", "number", "how", "libssl", "libcrypto" } do
    out[key] = lib.openssl[key]
  end
  out.fips = lib.has.EVP_default_properties_is_fips_enabled
             and lib.C.EVP_default_properties_is_fips_enabled(nil) == 1
  return out
end

return fields
