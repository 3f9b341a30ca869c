--- ssl.context: LuaSec's module of this name. See docs/context.md.
--
-- Its functions are loaded when one of them is first read.

require("ssl.foreign").refuse "ssl.context"

local later = require "ssl.base.later"

return setmetatable(require "ssl.context.table", { __index = function(self, name)
  later.require "ssl.context.setters"
  return rawget(self, name)
end })
