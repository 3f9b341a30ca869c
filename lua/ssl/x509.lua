--- ssl.x509: LuaSec's module of this name. See docs/x509.md.

require("ssl.foreign").refuse "ssl.x509"

local later = require "ssl.base.later"

local NAME = "ssl.x509.certificate"

local meta = {}

function meta.__index(_, field)
  meta.__index = later.require(NAME)
  return meta.__index[field]
end

return setmetatable({ load = later.func(NAME, "load") }, meta)
