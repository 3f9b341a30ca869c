--- ssl.context.options.keylog: the receiver of the secrets.

local context = require "ssl.context.setters"
local keylog  = require "ssl.feature.keylog"

-- A file name or a function.
local function set(ctx, sink)
  local fine = type(sink) == "function"
            or type(sink) == "string" and sink ~= "" and not sink:find("\0", 1, true)
  if not fine then return false, "invalid keylog (file name or function expected)" end
  return keylog.set(context.state(ctx), sink)
end

return { keylog = { set = set } }
