--- ssl.x509: LuaSec's module of this name. See docs/x509.md.

require("ssl.foreign").refuse "ssl.x509"

local later = require "ssl.base.later"

local NAME = "ssl.x509.certificate"

local x509 = later.module(NAME)
x509.load = later.func(NAME, "load")

return x509
