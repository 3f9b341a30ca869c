--- Peers that have to be refused by what a connection has beyond its chain: stapled responses,
-- TLSA records, keys shared beforehand, names that choose a context, certificates on demand.

local pki       = require "spec.support.pki"
local process   = require "spec.support.process"
local ssl       = require "ssl"
local meet      = require "spec.proof.meet"
local scenario  = require "spec.proof.scenario"

local must, over = meet.must, scenario.over
local server, client, shows = scenario.server, scenario.client, scenario.shows

local out = {}

local function add(side, name, f)
  scenario.refusal(out, side, name, f)
end

-- Made when it is first asked for.
local made = {}

local function staple(name, recipe)
  made[name] = made[name] or require("spec.support.ocsp").make(over({
    cert = pki.server.cert, issuer = pki.root, signer = pki.root,
  }, { issuer = pki.root.cert }, recipe))
  return made[name]
end

local function demanding()
  made.demanding = made.demanding or require("spec.support.ocsp").issue(
    process.folder(), "demanding", pki.root,
    "tlsfeature = status_request\nsubjectAltName = DNS:localhost\n")
  return made.demanding
end

add("client", "a server without a stapled response", function(version)
  return server(version), client(version, { ocsp = "require" })
end)

add("client", "a server whose certificate demands a response", function(version)
  return server(version, shows(demanding())), client(version, { ocsp = "request" })
end)

for name, recipe in pairs {
  ["a revoked certificate"] = { status = "revoked" },
  ["an unknown certificate"] = { status = "unknown" },
  ["a certificate, by an old response"] = { from = -9 * 86400, till = -8 * 86400 },
  ["another certificate"] = { cert = pki.ec_client.cert },
  ["a certificate, by a forged response"] = { signer = pki.other },
} do
  add("client", "a server with a response for " .. name, function(version)
    return server(version, { ocspresponse = staple(name, recipe) }),
           client(version, { ocsp = "request" })
  end)
end

local function digest(path)
  local hex = ssl.loadcertificate(process.read(path)):digest "sha256"
  return (hex:gsub("%x%x", function(byte) return string.char(tonumber(byte, 16)) end))
end

for name, record in pairs {
  ["another certificate"] = { 3, 0, 1, digest(pki.other_server.cert) },
  ["another authority"] = { 2, 0, 1, digest(pki.other.cert) },
  ["an authority beside the chain"] = { 0, 0, 1, digest(pki.other.cert) },
} do
  add("client", "a server with a TLSA record for " .. name, function(version)
    return server(version, { certificate = pki.server.chain }),
           client(version, { dane = true }), function(_, conn)
      must(conn:setdane "localhost")
      must(conn:settlsa(unpack(record)))
    end
  end)
end

add("client", "a server with another name, by setdane", function(version)
  return server(version), client(version, { dane = true }), function(_, conn)
    must(conn:setdane "elsewhere.test")
    must(conn:settlsa(1, 0, 1, digest(pki.server.cert)))
  end
end)

local function key(byte)
  return function() return "device", byte:rep(32) end
end

add("client", "a server with another key shared beforehand", function(version)
  return { mode = "server", protocol = version, ciphers = "PSK",
           psk = function() return ("w"):rep(32) end },
         { mode = "client", protocol = version, ciphers = "PSK", psk = key "k" }
end)

add("server", "a client with another key shared beforehand", function(version)
  return { mode = "server", protocol = version, ciphers = "PSK",
           psk = function() return ("w"):rep(32) end },
         { mode = "client", protocol = version, ciphers = "PSK", psk = key "k" }
end)

add("client", "a server that has a certificate in place of the key", function(version)
  return server(version), { mode = "client", protocol = version, psk = key "k" }
end)

local DEMANDS = { cafile = pki.root.cert, verify = { "peer", "fail_if_no_peer_cert" } }

local function named(extra)
  return function(version)
    local chosen = must(ssl.newcontext(server(version, extra)))
    return server(version), client(version), function(at_server, at_client)
      at_server:sni({ ["some.test"] = chosen }, true)
      at_client:sni "some.test"
    end
  end
end

add("server", "a client without the certificate that a name demands", named(DEMANDS))
add("server", "a client without a list that a name demands", function(version)
  local own, other, prepare = named(over(DEMANDS, { crl = pki.root.crl }))(version)
  return own, over(other, shows(pki.revoked)), prepare
end)
add("server", "a client with a purpose that a name refuses", function(version)
  local own, other, prepare = named(over(DEMANDS, { purpose = "sslserver" }))(version)
  return own, over(other, shows(pki.ec_client)), prepare
end)

add("server", "a client of a version that a name refuses", function(version)
  local other = version == "tlsv1_2" and "tlsv1_3" or "tlsv1_2"
  local chosen = must(ssl.newcontext(server(other)))
  return server "any", client(version), function(at_server, at_client)
    at_server:sni({ ["some.test"] = chosen }, true)
    at_client:sni "some.test"
  end
end)

add("server", "a client of an unknown name", function(version)
  return server(version), client(version), function(at_server, at_client)
    at_server:sni({}, true)
    at_client:sni "some.test"
  end
end)

add("server", "a client without the certificate that onclienthello demands", function(version)
  local chosen = must(ssl.newcontext(server(version, DEMANDS)))
  return server(version, { onclienthello = function() return chosen end }), client(version)
end)

add("server", "a client below the lowest version", function(version)
  local above = version == "tlsv1_3" and "tlsv1_2" or "tlsv1_1"
  return server("any", { minversion = version }),
         client("any", { maxversion = above, seclevel = 0, ciphers = "ALL:@SECLEVEL=0" })
end)

return out
