--- ssl.context: LuaSec's module of this name. See docs/context.md.
--
-- Its functions are loaded when one of them is first read.

require("ssl.foreign").refuse "ssl.context"

return require "ssl.context.table"
