--- ssl.context.options.certform: the form in which certificates come: as raw public keys, or
-- compressed.

local arg         = require "ssl.base.arg"
local checks      = require "ssl.context.cfg"
local later       = require "ssl.base.later"
local compression = later.module "ssl.feature.certcompression"
local context     = require "ssl.context.table"
local material    = require "ssl.source.material"
local option      = require "ssl.context.option"
local rawkey      = require "ssl.feature.rawkey"

-- The peer's. It then shows no certificate, of which nothing could be judged.
local function set_rawkeys(ctx, value, cfg)
  local lack = option.lacking("rawkeys", rawkey.supported)
  if lack then return false, lack end
  local list, wrong = material.sources(value, rawkey.objects)
  if not list then return false, ("invalid rawkeys (%s)"):format(arg.expected("string", wrong)) end
  local ok, why = rawkey.expect(context.state(ctx), list)
  if not ok then return false, ("invalid rawkeys (%s)"):format(why) end
  local other = checks.of_chain(cfg, cfg.mode)
  if other then return false, ("invalid rawkeys (%s is about certificates)"):format(other) end
  return true
end

-- The own one.
local function set_rawkey(ctx, value, cfg)
  local lack = option.lacking("rawkey", rawkey.supported)
  if lack then return false, lack end
  if value ~= true then return option.invalid("rawkey", "boolean", value) end
  local certified = cfg.certificate or cfg.certificates or cfg.pkcs12
  local ok, why = rawkey.show(context.state(ctx), not certified)
  if not ok then return false, ("invalid rawkey (%s)"):format(why) end
  return true
end

local function set_certcompression(ctx, value, _, level)
  local names = option.texts(value, "certcompression", level + 1)
  local c = context.state(ctx)
  local ok, why = compression.prefer(c, names)
  if not ok then return false, ("invalid certcompression (%s)"):format(why) end
  return true
end

return {
  rawkey  = { set = set_rawkey, switch = rawkey.switch },
  rawkeys = { set = set_rawkeys, apply = rawkey.apply, switch = rawkey.switch },
  certcompression = {
    set = set_certcompression,
    switch = function(st, _, new) compression.switch(st, new) end,
  },
}
