--- ssl.context.options.psk: pre-shared keys.

local context = require "ssl.context.table"
local psk     = require "ssl.feature.psk"

-- A client's function; a server's, or a table with a hint beside it.
local function set(ctx, choice, cfg)
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

return { psk = { set = set, apply = function(st, _, new) psk.apply(st, new) end } }
