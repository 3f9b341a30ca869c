--- ssl.context.options.ech: Encrypted ClientHello, on both sides.

local context  = require "ssl.context.table"
local ech      = require "ssl.feature.ech"
local material = require "ssl.source.material"
local option   = require "ssl.context.option"
local versions = require "ssl.context.versions"

-- Earlier versions have no Encrypted ClientHello: OpenSSL would send the name in the clear.
local EXCLUDED = "invalid %s (it needs TLS 1.3, which protocol, maxversion or options exclude)"

-- The message where the key cannot be used, or nil.
local function refused(key, side, ctx, cfg)
  if cfg.mode ~= side then return ("invalid %s (for %ss only)"):format(key, side) end
  local lack = option.lacking(key, ech.supported) or option.lacking13(key)
  if lack then return lack end
  return not versions.leaves13(context.state(ctx).handle.raw) and EXCLUDED:format(key) or nil
end

local function set_ech(ctx, value, cfg)
  local lack = refused("ech", "client", ctx, cfg)
  if lack then return false, lack end
  if type(value) ~= "string" then return option.invalid("ech", "string", value) end
  local c = context.state(ctx)
  local why = ech.offer(c, value)
  if why then return false, ("invalid ech (%s)"):format(why) end
  c.ech = value
  return true
end

local function set_echkeys(ctx, value, cfg)
  local lack = refused("echkeys", "server", ctx, cfg)
  if lack then return false, lack end
  local list, wrong = material.sources(value)
  for _, source in ipairs(list or {}) do
    if type(source) ~= "string" then list, wrong = nil, source end
  end
  if not list then return option.invalid("echkeys", "string", wrong) end
  local why = ech.accept(context.state(ctx), list)
  if why then return false, ("invalid echkeys (%s)"):format(why) end
  return true
end

return {
  ech     = { set = set_ech },
  echkeys = { set = set_echkeys },
}
