--- ssl.context.options.verify: `verify`, and its default.
--
-- LuaSec's default is to verify nobody. A key that decides whom or what to trust
-- (ssl.context.keys) would then have no effect, without an error. So a client with such a key
-- that LuaSec does not have verifies its server. A server can ask its clients in two ways
-- and has to say which.

local checks  = require "ssl.context.cfg"
local context = require "ssl.context.setters"
local lib     = require "ssl.ffi.lib"
local option  = require "ssl.context.option"
local C, K    = lib.C, lib.K

local set = option.strings_key("verify", "setverify", context.setverify)

-- A function `onverify` verifies the peer too (ssl.handshake.inherit).
local function verifies(ctx, cfg)
  return cfg.onverify
      or C.SSL_CTX_get_verify_mode(context.state(ctx).handle.ctx) ~= K.SSL_VERIFY_NONE
end

local WAYS = {
  client = 'it means nothing where verify = "none" verifies nobody',
  server = 'it means nothing without verify = "peer", or { "peer", "fail_if_no_peer_cert" }',
}

--- The setter of `verify`.
return function(ctx, cfg, level)
  local ok, message = set(ctx, cfg, level + 1)
  if not ok then return false, message end
  local key = checks.trusting(cfg, cfg.mode)
  if not key or verifies(ctx, cfg) then return true end
  if cfg.mode == "client" and not cfg.verify then return context.setverify(ctx, "peer") end
  return false, ("invalid %s (%s)"):format(key, WAYS[cfg.mode])
end
