--- ssl.context.options.keylog: the receiver of the secrets.

local lib     = require "ssl.ffi.lib"
local context = require "ssl.context.table"
local keylog  = require "ssl.feature.keylog"
local option  = require "ssl.context.option"

-- A file name or a function.
local function set(ctx, sink)
  local lack = option.lacking("keylog", lib.has.SSL_CTX_set_keylog_callback)
  if lack then return false, lack end
  local fine = type(sink) == "function"
            or type(sink) == "string" and sink ~= "" and not sink:find("\0", 1, true)
  if not fine then return false, "invalid keylog (file name or function expected)" end
  return keylog.set(context.state(ctx), sink)
end

return { keylog = { set = set } }
