--- ssl.context: LuaSec's module of this name. See docs/context.md.

require("ssl.foreign").refuse "ssl.context"

return require "ssl.context.setters"
