--- ssl.context.options.algorithms: ciphers, groups and signatures, and how strong they have
-- to be.

local lib      = require "ssl.ffi.lib"
local later    = require "ssl.base.later"
local context  = require "ssl.context.table"
local groups   = later.module "ssl.context.groups"
local namelist = later.module "ssl.context.namelist"
local option   = require "ssl.context.option"
local C, K     = lib.C, lib.K

local MOST_SECURE = 5

-- SSL_CTX_set_security_level(3).
local function seclevel(ctx, level)
  if not option.whole(level, 0, MOST_SECURE) then
    return option.invalid("seclevel", "0 to 5", level)
  end
  C.SSL_CTX_set_security_level(context.state(ctx).handle.raw, level)
  return true
end

local set_ciphers = option.string_key "setcipher"

-- The list may name a level, too. That of `seclevel` wins.
local function ciphers(ctx, value, cfg, level)
  local ok, why = set_ciphers(ctx, value, cfg, level + 1)
  if ok and cfg.seclevel then ok, why = seclevel(ctx, cfg.seclevel) end
  return ok, why
end

-- The text is noted in the state: groups for connections that are switched to this context,
-- signatures because they are part of the policy of sessions (ssl.session.fingerprint).
local function list(key, noun, command)
  return function(ctx, value)
    local lack = option.lacking(key, command)
    if lack then return false, lack end
    local text, why = namelist.text(value)
    if not text then return false, ("invalid %s (%s)"):format(key, why) end
    local c = context.state(ctx)
    local ok, message = namelist.apply(c.handle.raw, command, noun, text)
    if not ok then return false, message end
    c[key] = text
    return true
  end
end

local PREFERENCES = { server = C.SSL_CTX_set_options, client = C.SSL_CTX_clear_options }

-- Since 3.5 the order of groups, too.
local function cipherpreference(ctx, whose)
  local change = PREFERENCES[whose]
  if not change then
    return false, ("invalid cipherpreference (%s)"):format(
      type(whose) == "string" and whose or "string expected, got " .. type(whose))
  end
  change(context.state(ctx).handle.raw, lib.options.cipher_server_preference)
  return true
end

local function dhparam(ctx, f)
  if type(f) ~= "function" then return false, "invalid DH parameter type" end
  context.setdhparam(ctx, f)
  return true
end

local set_curve = option.string_key "setcurve"

return {
  seclevel = { set = seclevel },
  ciphers = { set = ciphers },
  ciphersuites = { set = option.string_key "setciphersuites" },
  dhparam = { set = dhparam },
  curveslist = { set = option.string_key "setcurveslist" },
  curve = { set = function(ctx, value, cfg, level)
    if cfg.curveslist then return true end
    local ok, why = set_curve(ctx, value, cfg, level + 1)
    return ok, why
  end },
  groups = {
    set = list("groups", "group", K.SSL_CTRL_SET_GROUPS_LIST),
    switch = function(st, old, new) groups.switch(st.conn.ssl, old, new) end,
  },
  sigalgs = { set = list("sigalgs", "signature algorithm", K.SSL_CTRL_SET_SIGALGS_LIST) },
  clientsigalgs = { set = list("clientsigalgs", "signature algorithm",
                               K.SSL_CTRL_SET_CLIENT_SIGALGS_LIST) },
  cipherpreference = { set = cipherpreference },
}
