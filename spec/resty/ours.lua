-- Our cosockets, which trust whom nginx's own trust in these specs.

return require("ssl.resty.socket").with { cafile = require("settings").pki.root.cert }
