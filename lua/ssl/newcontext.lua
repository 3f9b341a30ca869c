--- ssl.newcontext: a context from a table of parameters.
--
-- One list of keys in the order in which they are applied, and one loop. A key is
-- used when its value is true in the sense of Lua. What misuses a type raises as
-- the function of ssl.context behind the key would, at the caller of newcontext;
-- everything else is returned, and the first failure ends the work.

local arg     = require "ssl.arg"
local alpn    = require "ssl.alpn"
local context = require "ssl.context"
local psk     = require "ssl.psk"
local verifier = require "ssl.verifier"
local known_dane = require("ssl.dane").flags

-- Each function adds one to the level that it was given and passes it on.
local function misuse(position, name, message, level)
  error(("bad argument #%d to '%s' (%s)"):format(position, name, message), level + 1)
end

local function check(kind, convert)
  return function(value, position, name, level)
    local converted = convert(value)
    if converted == nil then
      misuse(position, name, arg.expected(kind, value), level + 1)
    end
    return converted
  end
end

local text = check("string", function(value)
  if type(value) == "number" then return tostring(value) end
  return type(value) == "string" and value or nil
end)

local number = check("number", function(value)
  local kind = type(value)
  return (kind == "number" or kind == "string") and tonumber(value) or nil
end)

-- A string, or an array of strings.
local function texts(value, name, level)
  if type(value) ~= "table" then
    local one = text(value, 2, name, level + 1)
    return { one }
  end
  local out = {}
  for i, element in ipairs(value) do
    out[i] = text(element, i + 1, name, level + 1)
  end
  return out
end

local function load_key(ctx, entry, level)
  local password = entry.password or nil
  local kind = type(password)
  if kind ~= "nil" and kind ~= "string" and kind ~= "function" then
    return false, "invalid password type"
  end
  local file = text(entry.key, 2, "loadkey", level + 1)
  return context.loadkey(ctx, file, password)
end

-- A key, a certificate, or both, which then have to match.
local function load_pair(ctx, entry, level)
  if entry.key then
    local ok, message = load_key(ctx, entry, level + 1)
    if not ok then return false, message end
  end
  if not entry.certificate then return true end
  local file = text(entry.certificate, 2, "loadcert", level + 1)
  local ok, message = context.loadcert(ctx, file)
  if not ok then return false, message end
  if entry.key and not context.checkkey(ctx) then
    return false, "private key does not match public key"
  end
  return true
end

local function certificates(ctx, cfg, level)
  local entries = cfg.certificates
  if not entries then
    local ok, message = load_pair(ctx, cfg, level + 1)
    return ok, message
  end
  if type(entries) ~= "table" then
    misuse(1, "ipairs", arg.expected("table", entries), level + 1)
  end
  for i, entry in ipairs(entries) do
    if type(entry) ~= "table" then
      misuse(1, "newcontext", ("certificates[%d]: %s"):format(
             i, arg.expected("table", entry)), level + 1)
    end
    local ok, message = load_pair(ctx, entry, level + 1)
    if not ok then return false, message end
  end
  return true
end

local function locations(ctx, cfg, level)
  local cafile, capath = cfg.cafile or nil, cfg.capath or nil
  if not cafile and not capath then return true end
  cafile = cafile and text(cafile, 2, "locations", level + 1)
  capath = capath and text(capath, 3, "locations", level + 1)
  return context.locations(ctx, cafile, capath)
end

local function groups(ctx, cfg, level)
  local name = cfg.curveslist and "setcurveslist" or cfg.curve and "setcurve"
  if not name then return true end
  local value = text(cfg.curveslist or cfg.curve, 2, name, level + 1)
  return context[name](ctx, value)
end

-- Setters of one key, by what ssl.context wants there.
local function string_key(key, name)
  return function(ctx, cfg, level)
    if not cfg[key] then return true end
    local value = text(cfg[key], 2, name, level + 1)
    return context[name](ctx, value)
  end
end

local function strings_key(key, name, set)
  return function(ctx, cfg, level)
    if not cfg[key] then return true end
    local values = texts(cfg[key], name, level + 1)
    return set(ctx, unpack(values))
  end
end

local function mode(ctx, cfg, level)
  local value = text(cfg.mode, 2, "setmode", level + 1)
  return context.setmode(ctx, value)
end

local function depth(ctx, cfg, level)
  if not cfg.depth then return true end
  local value = number(cfg.depth, 2, "setdepth", level + 1)
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

local function protocols(ctx, cfg)
  local choice = cfg.alpn
  if not choice then return true end
  local kind = type(choice)
  if cfg.mode == "server" then
    if kind ~= "table" and kind ~= "function" then
      return false, "invalid ALPN parameter"
    end
    if kind == "table" then
      local wire, message = alpn.encode(choice)
      if not wire then return false, message end
    end
    context.setalpncb(ctx, alpn.selector(choice))
    return true
  end
  if kind == "string" then choice = { choice } end
  if type(choice) ~= "table" then return false, "invalid ALPN parameter" end
  local wire, message = alpn.encode(choice)
  if not wire then return false, message end
  return context.setalpn(ctx, wire)
end

-- A client's function; a server's, or a table with a hint beside it.
local function preshared(ctx, cfg)
  local choice = cfg.psk
  if not choice then return true end
  local hint, f = nil, choice
  if cfg.mode == "server" and type(choice) == "table" then
    hint, f = choice.hint, choice.callback
  end
  if type(f) ~= "function" or (hint ~= nil and type(hint) ~= "string") then
    return false, "invalid PSK configuration"
  end
  if not psk.supported then
    return false, "invalid PSK configuration (this OpenSSL cannot do it)"
  end
  if hint and not context.setpskhint(ctx, hint) then
    return false, "invalid PSK configuration (hint too long)"
  end
  return context[cfg.mode == "server" and "setserverpskcb" or "setclientpskcb"](ctx, f)
end

-- Flags in a table; anything else that is true just turns it on.
local function dane(ctx, cfg, level)
  local choice = cfg.dane
  if not choice then return true end
  local flags = type(choice) == "table" and texts(choice, "setdane", level + 1) or {}
  for i, name in ipairs(flags) do
    if not known_dane[name] then
      misuse(i + 1, "setdane", ("invalid option '%s'"):format(name), level + 1)
    end
  end
  return context.setdane(ctx, unpack(flags))
end

-- With a function that judges certificates ssl.policy has the peer verified in any case.
local function onverify(ctx, cfg)
  local f = cfg.onverify
  if not f then return true end
  if type(f) ~= "function" then return false, "invalid onverify (function expected)" end
  if not verifier.supported then
    return false, "invalid onverify (this OpenSSL cannot do it)"
  end
  context.state(ctx).onverify = f
  return true
end

local function onclienthello(ctx, cfg)
  local f = cfg.onclienthello
  if not f then return true end
  if type(f) ~= "function" then
    return false, "invalid onclienthello (function expected)"
  end
  context.state(ctx).onclienthello = f
  return true
end

local STEPS = {
  mode,
  certificates,
  locations,
  string_key("ciphers", "setcipher"),
  string_key("ciphersuites", "setciphersuites"),
  strings_key("verify", "setverify", context.setverify),
  strings_key("options", "setoptions", context.setoptions),
  depth,
  dhparam,
  groups,
  strings_key("verifyext", "setverifyext", verifyext),
  protocols,
  preshared,
  onverify,
  onclienthello,
  dane,
}

--- A context from parameters; see docs/newcontext.md.
-- @tparam table cfg  not modified
-- @tparam[opt=1] number level  whom a wrong type is blamed on: 1 the caller
-- @treturn userdata
-- @treturn nil,string
local function newcontext(cfg, level)
  level = level or 1
  local protocol = text(cfg.protocol, 1, "create", level + 1)
  local ctx, message = context.create(protocol)
  if not ctx then return nil, message end
  for _, set in ipairs(STEPS) do
    local ok, why = set(ctx, cfg, level + 1)
    if not ok then return nil, why end
  end
  return ctx
end

return newcontext
