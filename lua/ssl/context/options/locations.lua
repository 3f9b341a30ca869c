--- ssl.context.options.locations: the keys `cafile` and `capath`.

local later   = require "ssl.base.later"
local context = require "ssl.context.table"
local option  = require "ssl.context.option"
local x509    = later.module "ssl.x509.certificate"

-- A file, a folder or both: LuaSec's one function takes them together.
local function set_locations(ctx, _, cfg, level)
  local cafile, capath = cfg.cafile or nil, cfg.capath or nil
  cafile = cafile and option.sources(cafile, x509, 2, "locations", level + 1)
  capath = capath and option.text(capath, 3, "locations", level + 1)
  return context.locations(ctx, cafile, capath)
end

local function set_capath(ctx, value, cfg, level)
  if cfg.cafile then return true end
  local ok, why = set_locations(ctx, value, cfg, level + 1)
  return ok, why
end

return {
  cafile = { set = set_locations },
  capath = { set = set_capath },
}
