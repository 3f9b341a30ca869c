--- ssl.context.new: a context from a table of parameters.
--
-- One list of setters (ssl.context.option) in the order in which they are applied, and one
-- loop. A wrong type raises at the caller of newcontext; everything else is returned,
-- and the first failure ends the work.

local context                 = require "ssl.context.setters"
local errors                  = require "ssl.base.errors"
local certificates            = require "ssl.context.options.credentials"
local checks                  = require "ssl.context.cfg"
local fingerprint             = require "ssl.session.fingerprint"
local identity                = require "ssl.context.options.ocsp"
local questions               = require "ssl.context.options.alpn"
local bending                 = require "ssl.context.options.protocol"
local sessions                = require "ssl.context.options.sessions"
local policykeys              = require "ssl.context.policykeys"
local option                  = require "ssl.context.option"
local manners                 = require "ssl.context.options.connection"
local trusting                = require "ssl.context.options.trust"
local verify                  = require "ssl.context.options.verify"
local x509                    = require "ssl.x509.certificate"
local string_key, strings_key = option.string_key, option.strings_key

local function locations(ctx, cfg, level)
  local cafile, capath = cfg.cafile or nil, cfg.capath or nil
  if not cafile and not capath then return true end
  cafile = cafile and option.sources(cafile, x509.is, 2, "locations", level + 1)
  capath = capath and option.text(capath, 3, "locations", level + 1)
  return context.locations(ctx, cafile, capath)
end

local function groups(ctx, cfg, level)
  local name = cfg.curveslist and "setcurveslist" or cfg.curve and "setcurve"
  if not name then return true end
  local value = option.text(cfg.curveslist or cfg.curve, 2, name, level + 1)
  return context[name](ctx, value)
end

local function mode(ctx, cfg, level)
  local value = option.text(cfg.mode, 2, "setmode", level + 1)
  return context.setmode(ctx, value)
end

local function depth(ctx, cfg, level)
  if not cfg.depth then return true end
  local value = option.number(cfg.depth, 2, "setdepth", level + 1)
  return context.setdepth(ctx, value)
end

local function dhparam(ctx, cfg)
  if not cfg.dhparam then return true end
  if type(cfg.dhparam) ~= "function" then
    return false, "invalid DH parameter type"
  end
  context.setdhparam(ctx, cfg.dhparam)
  return true
end

local function verifyext(ctx, ...)
  return ctx:setverifyext(...)
end

local STEPS = {
  mode,
  bending.seclevel,
  certificates,
  locations,
  trusting,
  string_key("ciphers", "setcipher"),
  string_key("ciphersuites", "setciphersuites"),
  verify,
  strings_key("options", "setoptions", context.setoptions),
  depth,
  dhparam,
  groups,
  bending.protocol,
  strings_key("verifyext", "setverifyext", verifyext),
  questions.protocols,
  questions.preshared,
  questions.onverify,
  questions.onclienthello,
  questions.dane,
  identity.ocsp,
  identity.ocspresponse,
  identity.keylog,
  sessions,
  manners.eof,
  manners.explain,
  manners.maxline,
  manners.maxall,
}

-- The same, noting in `asked` what is looked at.
local function noting(cfg, asked)
  return setmetatable({}, { __index = function(_, key)
    local value = cfg[key]
    asked[key] = value
    return value
  end })
end

local function build(cfg, face, level)
  local protocol = option.text(cfg.protocol, 1, "create", level + 1)
  local problem = face ~= false and checks.problem(cfg, face)
  if problem then option.misuse(1, "newcontext", problem, level + 1) end
  local asked = {}
  cfg = noting(cfg, asked)
  local ctx, message = context.create(protocol)
  if not ctx then return nil, message end
  for _, set in ipairs(STEPS) do
    local ok, why = set(ctx, cfg, level + 1)
    if not ok then return nil, why end
  end
  policykeys.note(context.state(ctx), asked)
  if not fingerprint.named(context.state(ctx)) then
    return nil, "invalid sessionid (another function has this name)"
  end
  return ctx
end

--- A context from parameters; see docs/newcontext.md.
-- @tparam table cfg  not modified
-- @tparam[opt=1] number level  whom a wrong type is blamed on: 1 the caller
-- @tparam[opt] string|false face  of ssl.cfg, whose keys may be in the table too; false
--   where the caller has checked the table
-- @treturn userdata
-- @treturn nil,string
-- @raise for a value of a wrong type, and for what ssl.cfg finds wrong
local function newcontext(cfg, level, face)
  local before = errors.newest
  local ctx, why = build(cfg, face, (level or 1) + 1)
  if ctx then return ctx end
  errors.note(before, why)
  return nil, why
end

return newcontext
