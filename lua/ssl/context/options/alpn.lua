--- ssl.context.options.alpn: the keys of a configuration whose answers a handshake asks
-- for: functions of the program, and what stands in for them.

local alpn       = require "ssl.feature.alpn"
local context    = require "ssl.context.setters"
local psk        = require "ssl.feature.psk"
local option     = require "ssl.context.option"
local onverify   = require "ssl.feature.onverify"
local known_dane = require("ssl.feature.dane").flags

local questions = {}

--- `alpn`: a list, for servers also a function.
function questions.protocols(ctx, cfg)
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

--- `psk`: a client's function; a server's, or a table with a hint beside it.
function questions.preshared(ctx, cfg)
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

--- `dane`: flags in a table; anything else that is true just turns it on.
function questions.dane(ctx, cfg, level)
  local choice = cfg.dane
  if not choice then return true end
  local flags = type(choice) == "table" and option.texts(choice, "setdane", level + 1) or {}
  for i, name in ipairs(flags) do
    if not known_dane[name] then
      option.misuse(i + 1, "setdane", ("invalid option '%s'"):format(name), level + 1)
    end
  end
  return context.setdane(ctx, unpack(flags))
end

--- `onverify`. With it ssl.handshake.inherit has the peer verified in any case.
function questions.onverify(ctx, cfg)
  local f = cfg.onverify
  if not f then return true end
  if type(f) ~= "function" then return false, "invalid onverify (function expected)" end
  if not onverify.supported then
    return false, "invalid onverify (this OpenSSL cannot do it)"
  end
  context.state(ctx).onverify = f
  return true
end

--- `onclienthello`.
function questions.onclienthello(ctx, cfg)
  local f = cfg.onclienthello
  if not f then return true end
  if type(f) ~= "function" then
    return false, "invalid onclienthello (function expected)"
  end
  context.state(ctx).onclienthello = f
  return true
end

return questions
