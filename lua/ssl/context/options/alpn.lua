--- ssl.context.options.alpn: the protocols that are agreed on in the handshake.

local alpn    = require "ssl.feature.alpn"
local context = require "ssl.context.table"

-- A list, for servers also a function.
local function server(ctx, choice)
  local kind = type(choice)
  if kind ~= "table" and kind ~= "function" then return false, "invalid ALPN parameter" end
  if kind == "table" then
    local wire, message = alpn.encode(choice)
    if not wire then return false, message end
  end
  context.setalpncb(ctx, alpn.selector(choice))
  return true
end

local function client(ctx, choice)
  if type(choice) == "string" then choice = { choice } end
  if type(choice) ~= "table" then return false, "invalid ALPN parameter" end
  local wire, message = alpn.encode(choice)
  if not wire then return false, message end
  return context.setalpn(ctx, wire)
end

return {
  alpn = { set = function(ctx, choice, cfg)
    return (cfg.mode == "server" and server or client)(ctx, choice)
  end },
}
