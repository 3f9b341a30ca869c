-- Client contexts of one protocol version, and one that trusts nobody here.

local ssl = require "ssl"
local pki = require("settings").pki

local function client(protocol, authority)
  return assert(ssl.newcontext {
    mode = "client", protocol = protocol, verify = "peer", cafile = authority.cert,
  })
end

return {
  tlsv1_2 = client("tlsv1_2", pki.root), tlsv1_3 = client("tlsv1_3", pki.root),
  stranger = client("any", pki.other),
}
