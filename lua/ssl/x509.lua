--- ssl.x509: LuaSec's module of this name. See docs/x509.md.

require("ssl.foreign").refuse "ssl.x509"

return require "ssl.x509.certificate"
