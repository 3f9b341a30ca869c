--- Peers that have to be refused, whatever fails within.

local pki      = require "spec.support.pki"
local meet     = require "spec.proof.meet"
local scenario = require "spec.proof.scenario"

local server, client, shows = scenario.server, scenario.client, scenario.shows

local out = {}

local function add(side, name, f)
  scenario.refusal(out, side, name, f)
end

add("client", "a server of an unknown authority", function(version)
  return server(version, shows(pki.other_server)), client(version)
end)

add("client", "a server whose certificate has expired", function(version)
  return server(version, shows(pki.expired)), client(version)
end)

add("client", "a server that signed its certificate itself", function(version)
  return server(version, shows(pki.selfsigned)), client(version)
end)

add("client", "a server with another name", function(version)
  return server(version), client(version, { servername = "elsewhere.test" })
end)

add("client", "a server with another address", function(version)
  return server(version), client(version, { servername = "127.0.0.2" })
end)

add("client", "a server with another common name", function(version)
  return server(version, shows(pki.cn_only)), client(version, { servername = "elsewhere.test" })
end)

add("client", "a server with another name, by setverifyname", function(version)
  return server(version), client(version), function(_, conn)
    meet.must(conn:setverifyname "elsewhere.test")
  end
end)

add("client", "a server whose intermediate authority is missing", function(version)
  return server(version, { certificate = pki.server.leaf }), client(version)
end)

add("client", "a server below more authorities than allowed", function(version)
  return server(version, { certificate = pki.server.chain }), client(version, { depth = 0 })
end)

add("client", "a server of the only trusted leaf, without partialchain", function(version)
  return server(version), client(version, { cafile = pki.server.cert })
end)

add("client", "a server without a list of its authority", function(version)
  return server(version), client(version, { verifyext = "crl_check" })
end)

add("client", "a server that onverify denies", function(version)
  return server(version), client(version, { onverify = function() return false end })
end)

add("client", "a server with another pinned key", function(version)
  return server(version), client(version, { onverify = function(_, ok, cert, depth)
    return ok and (depth > 0 or cert:spkidigest "sha256" == ("0"):rep(64))
  end })
end)

add("client", "a server with the certificate of a client, by purpose", function(version)
  return server(version, shows(pki.ec_client)), client(version)
end)

add("client", "a server with no protocol in common", function(version)
  return server(version, { alpn = { "one" } }), client(version, { alpn = { "two" } })
end)

local DEMANDS = { cafile = pki.root.cert, verify = { "peer", "fail_if_no_peer_cert" } }

add("server", "a client without a certificate", function(version)
  return server(version, DEMANDS), client(version)
end)

add("server", "a client of an unknown authority", function(version)
  return server(version, DEMANDS, { cafile = pki.ec_root.cert }),
         client(version, shows(pki.ec_client))
end)

add("server", "a client with the certificate of a server", function(version)
  return server(version, DEMANDS), client(version, shows(pki.wrong_usage))
end)

add("server", "a client on a list of revoked certificates", function(version)
  return server(version, DEMANDS, { crl = pki.root.crl }), client(version, shows(pki.revoked))
end)

add("server", "a client on a list in the file of authorities", function(version)
  return server(version, DEMANDS, { cafile = pki.root.with_crl, verifyext = "crl_check" }),
         client(version, shows(pki.revoked))
end)

add("server", "a client on a list from memory", function(version)
  local process = require "spec.support.process"
  return server(version, DEMANDS, { cafile = process.read(pki.root.cert),
                                    crl = process.read(pki.root.crl) }),
         client(version, shows(pki.revoked))
end)

add("server", "a client that onclienthello refuses", function(version)
  return server(version, { onclienthello = function() return false end }), client(version)
end)

return out
