--- ssl.cert: certificates from text. `load` is that of ssl.x509.

return { load = require("ssl.x509").load }
