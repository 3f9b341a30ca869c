--- ssl.context.setters.credentials: functions of ssl.context: certificates and private keys.

local later        = require "ssl.base.later"
local certificates = require "ssl.credential.certificates"
local key          = require "ssl.credential.key"
local pkcs12       = later.module "ssl.credential.pkcs12"
local keyobject    = require "ssl.credential.keyobject"
local arg          = require "ssl.base.arg"
local common       = require "ssl.context.setters.common"
local material     = require "ssl.source.material"
local password     = require "ssl.source.password"
local sslctx       = require "ssl.context.sslctx"
local x509         = later.module "ssl.x509.certificate"
local live         = sslctx.live
local answer, sources = common.answer, common.sources

local setters = {}

--- Load a certificate and its chain, the leaf first.
-- @param chain  the name of a PEM file, PEM text, what ssl.der made, a certificate
--   object, or an array of these
function setters.loadcert(...)
  local ctx, chain = ...
  local c = live(ctx)
  chain = sources(chain, x509, 2)
  local ok, reason = certificates.load(c, chain)
  return answer("error loading certificate", ok, reason)
end

--- Load a private key.
-- @param source  the name of a PEM file, PEM text, what ssl.der made, "store:URI", or a
--   key object, also one of lua-resty-openssl
-- @tparam string|function|nil given  the password, to be given even as nil
function setters.loadkey(...)
  local ctx, source, given = ...
  local there = select("#", ...) > 2
  local c = live(ctx)
  source = keyobject.adopt(source) or source
  if not material.bytes(source) and not keyobject.is(source) then
    source = arg.string(source, 2)
  end
  if not there or not password.valid(given) then
    error("invalid callback value", 0)
  end
  local ok, reason = key.load(c, source, given)
  return answer("error loading private key", ok, reason)
end

--- Load key, certificate and chain from one PKCS#12.
-- @tparam string|userdata source  the name of a file, the bytes, or what ssl.der made
-- @tparam string|function|nil given  the password
function setters.loadpkcs12(...)
  local ctx, source, given = ...
  local c = live(ctx)
  if not material.bytes(source) then source = arg.string(source, 2) end
  if not password.valid(given) then arg.mismatch("string", given, 3) end
  local ok, reason = pkcs12.load(c, source, given)
  return answer("error loading PKCS#12", ok, reason)
end

--- Do the private key and the certificate belong together?
-- @treturn boolean
function setters.checkkey(...)
  local ctx = ...
  local c = live(ctx)
  return key.matches(c)
end

return common.changers(setters)
