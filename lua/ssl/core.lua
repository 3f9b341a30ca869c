--- ssl.core: what LuaSec's C module exports.

require("ssl.foreign").refuse "ssl.core"

local later = require "ssl.base.later"

local core = { SOCKET_INVALID = -1 }

for _, name in ipairs { "create", "setfd", "setmethod", "info", "compression" } do
  core[name] = later.func("ssl.connection.core", name)
end

--- The copyright of this library.
function core.copyright()
  return "luasec-ffi - Copyright (C) 2026 the luasec-ffi authors"
end

return core
