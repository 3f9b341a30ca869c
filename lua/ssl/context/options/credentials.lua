--- ssl.context.options.credentials: the keys and certificates of a configuration.

local later     = require "ssl.base.later"
local arg       = require "ssl.base.arg"
local context   = require "ssl.context.table"
local key       = require "ssl.credential.key"
local material  = require "ssl.source.material"
local password  = require "ssl.source.password"
local keyobject = require "ssl.credential.keyobject"
local option    = require "ssl.context.option"
local x509      = later.module "ssl.x509.certificate"

local function load_key(ctx, entry, level)
  local given = entry.password or nil
  if not password.valid(given) then return false, "invalid password type" end
  local source = keyobject.adopt(entry.key) or entry.key
  if not material.bytes(source) and not keyobject.is(source) then
    source = option.text(source, 2, "loadkey", level + 1)
  end
  return context.loadkey(ctx, source, given)
end

-- Everything from one place.
local function load_pkcs12(ctx, entry, level)
  local given = entry.password or nil
  if not password.valid(given) then return false, "invalid password type" end
  if entry.key or entry.certificate then
    return false, "pkcs12 takes the place of key and certificate"
  end
  local source = entry.pkcs12
  if not material.bytes(source) then
    source = option.text(source, 2, "loadpkcs12", level + 1)
  end
  return context.loadpkcs12(ctx, source, given)
end

-- A key, a certificate, or both, which then have to match. A certificate of another kind
-- may have a key from an earlier pair, and match that.
local function load_pair(ctx, entry, level)
  local given
  if entry.pkcs12 then
    local ok, message = load_pkcs12(ctx, entry, level + 1)
    return ok, message
  end
  if entry.key then
    local ok, message = load_key(ctx, entry, level + 1)
    if not ok then return false, message end
    given = key.current(context.state(ctx))
  end
  if not entry.certificate then return true end
  local chain = option.sources(entry.certificate, x509, 2, "loadcert", level + 1)
  local ok, message = context.loadcert(ctx, chain)
  if not ok then return false, message end
  local same = key.current(context.state(ctx)) == given
  if entry.key and not (same and context.checkkey(ctx)) then
    return false, "private key does not match public key"
  end
  return true
end

local function set_certificates(ctx, entries, _, level)
  if type(entries) ~= "table" then
    option.misuse(1, "ipairs", arg.expected("table", entries), level + 1)
  end
  for i, entry in ipairs(entries) do
    if type(entry) ~= "table" then
      option.misuse(1, "newcontext", ("certificates[%d]: %s"):format(
             i, arg.expected("table", entry)), level + 1)
    end
    local ok, message = load_pair(ctx, entry, level + 1)
    if not ok then return false, message end
  end
  return true
end

-- The other keys belong together, and mean nothing beside `certificates`. The first of
-- `key`, `certificate` and `pkcs12` that there is loads everything.
local function pair(...)
  local earlier = { "certificates", ... }
  return { set = function(ctx, _, cfg, level)
    for _, name in ipairs(earlier) do
      if cfg[name] then return true end
    end
    local ok, message = load_pair(ctx, cfg, level + 1)
    return ok, message
  end }
end

return {
  certificates = { set = set_certificates },
  key          = pair(),
  -- The key's setter has used it.
  password     = { set = function() return true end },
  certificate  = pair "key",
  pkcs12       = pair("key", "certificate"),
}
