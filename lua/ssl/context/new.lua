--- ssl.context.new: a context from a table of parameters.
--
-- It applies the records of ssl.context.keys in their order. A wrong type raises at the
-- caller of newcontext; everything else is returned, and the first failure ends the work.

local context     = require "ssl.context.table"
local errors      = require "ssl.base.errors"
local checks      = require "ssl.context.cfg"
local later       = require "ssl.base.later"
local fingerprint = later.module "ssl.session.fingerprint"
local keys        = require "ssl.context.keyset"
local option      = require "ssl.context.option"
local rooms       = require "ssl.context.rooms"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local known = keys.place

-- The same as a setter may read it. A key without a record would be missing in all that
-- comes from the records: the fingerprint, the cache of contexts, the documentation.
local function recorded(cfg)
  return setmetatable({}, { __index = function(_, key)
    if not known[key] then error("ssl: no record of the key " .. tostring(key), 0) end
    return cfg[key]
  end })
end

-- The keys without a default.
local NEEDED = {
  { key = "protocol", values = '"any", or one version such as "tlsv1_3"' },
  { key = "mode",     values = '"client" or "server"' },
}

-- LuaSec's errors for these name functions that the program has not called. So a table that
-- LuaSec would not have taken gets another one.
local function missing(cfg)
  for _, needed in ipairs(NEEDED) do
    if cfg[needed.key] == nil and checks.held(cfg) then
      return ("no key '%s': %s expected"):format(needed.key, needed.values)
    end
  end
end

local function build(cfg, face, level)
  local protocol = cfg.protocol
  if protocol ~= nil then protocol = option.text(protocol, 1, "create", level + 1) end
  -- A string is no table, though it can be indexed.
  local problem = face ~= false and type(cfg) ~= "string"
                  and (checks.problem(cfg, face) or missing(cfg))
  if problem then option.misuse(1, "newcontext", problem, level + 1) end
  protocol = option.text(protocol, 1, "create", level + 1)
  local ctx, message = context.create(protocol)
  if not ctx then return nil, message end
  cfg = recorded(cfg)
  for _, key in ipairs(keys.list) do
    local value = cfg[key]
    if value or keys.always[key] then
      local ok, why = rooms.of(key).set(ctx, value, cfg, level + 1)
      if not ok then return nil, why end
    end
  end
  local c = context.state(ctx)
  if c.sessionid and not fingerprint.named(c) then
    return nil, "invalid sessionid (another function has this name)"
  end
  return ctx
end

--- A context from parameters; see docs/newcontext.md.
-- @tparam table cfg  not modified
-- @tparam[opt=1] number level  the function at which an error is positioned: 1 the caller
-- @tparam[opt] string|false face  of ssl.cfg, whose keys may be in the table too; false
--   where the caller has checked the table
-- @treturn userdata
-- @treturn nil,string
-- @raise for a value of a wrong type, and for a mistake that ssl.cfg finds
local function newcontext(cfg, level, face)
  local before = errors.newest
  -- Two functions are between this one and `build`.
  local ctx, why = errors.attempt(build, cfg, face, (level or 1) + 3)
  if ctx then return ctx end
  errors.clear()
  errors.note(before, why)
  return nil, why
end

return newcontext
