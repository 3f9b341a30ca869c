-- Loaded by init_by_lua: from here on ngx.socket.tcp makes objects with our TLS.

local pki = require("settings").pki

require("ssl.resty").install {
  cafile = pki.root.cert,                       -- trusted where a program wants verification
  certificate = pki.client.chain, key = pki.client.key,
  alpn = "http/1.1",
  sessions = "sessions",                        -- a lua_shared_dict, for all workers
}
