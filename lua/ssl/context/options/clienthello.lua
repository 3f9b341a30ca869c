--- ssl.context.options.clienthello: the program's function that sees the ClientHello.

local context = require "ssl.context.table"

return {
  onclienthello = { set = function(ctx, f)
    if type(f) ~= "function" then return false, "invalid onclienthello (function expected)" end
    context.state(ctx).onclienthello = f
    return true
  end },
}
