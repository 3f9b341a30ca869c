--- ssl.context: LuaSec's module of this name. See docs/context.md.

require("ssl.foreign").refuse "ssl.context"

require "ssl.context.sessions"

return require "ssl.context.setters"
