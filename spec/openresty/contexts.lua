-- Loaded by init_by_lua: the master process may read keys that workers may not, and all
-- workers share contexts that are made before it forks, ticket keys included.

local ssl = require "ssl"
local pki = require("settings").pki

-- The workers share what is loaded now.
ssl.preload()

local contexts = {}

contexts.server = assert(ssl.newcontext {
  mode = "server", protocol = "any",
  key = pki.server.key, certificate = pki.server.chain,
})

contexts.client = assert(ssl.newcontext {
  mode = "client", protocol = "any",
  verify = "peer", cafile = pki.root.cert,
})

return contexts
