--- ssl.config: what this library and the OpenSSL it found can do.
--
-- Every table is a set, name -> true. All of it is asked of the loaded OpenSSL
-- and nothing of the headers that something was once compiled with.
-- One field is for the reader to set: `strict` (ssl.cfg).

require("ssl.foreign").refuse "ssl.config"

local lib          = require "ssl.ffi.lib"
local shim         = require "ssl.ffi.shim"
local dane         = require "ssl.feature.dane"
local earlydata    = require "ssl.feature.earlydata"
local groups       = require "ssl.context.groups"
local keyuri       = require "ssl.credential.keyuri"
local pkcs12       = require "ssl.credential.pkcs12"
local versions     = require "ssl.context.versions"
local psk          = require "ssl.feature.psk"
local sessionstore = require "ssl.session.store"
local tickets      = require "ssl.session.tickets"
local stapling     = require "ssl.feature.stapling"

local options = {}
for name in pairs(lib.options) do options[name] = true end

local openssl = {}
for _, key in ipairs { "version", "number", "how", "libssl", "libcrypto" } do
  openssl[key] = lib.openssl[key]
end
openssl.shim = shim.path
openssl.fips = lib.has.EVP_default_properties_is_fips_enabled
               and lib.C.EVP_default_properties_is_fips_enabled(nil) == 1

local dane_flags = {}
for name in pairs(dane.flags) do dane_flags[name] = true end

-- An absent name reads as nil, so a feature that OpenSSL lacks is left out.
local has_curves = groups.curves_supported or nil
local protocols  = versions.list()
local has_tls13  = protocols.tlsv1_3

return {
  protocols    = protocols,
  options      = options,
  algorithms   = { ec = has_curves },
  capabilities = { curves_list = has_curves, ecdh_auto = has_curves,
                   alpn = true, psk = psk.supported or nil,
                   keylog = true, ocsp = stapling.supported or nil,
                   sessionstore = sessionstore.supported or nil,
                   ticketkeys = tickets.supported or nil,
                   groups = groups.list(), keyupdate = has_tls13 and lib.has.SSL_key_update or nil,
                   posthandshakeauth = has_tls13 and lib.has.SSL_CTX_set_cert_cb or nil,
                   earlydata = has_tls13 and earlydata.supported or nil,
                   pkcs12 = pkcs12.supported or nil, store = keyuri.supported or nil,
                   dane = dane.supported and dane_flags or nil },
  curves       = groups.curves(),
  openssl      = openssl,
  strict       = os.getenv "SSL_STRICT" == "1" or nil,
}
