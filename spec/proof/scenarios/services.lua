--- What works: each failure within is reported, or it makes no difference. The texts that
-- these return are what a program sees.

local context   = require "ssl.context"
local pki       = require "spec.support.pki"
local process   = require "spec.support.process"
local ssl       = require "ssl"
local meet      = require "spec.proof.meet"
local scenario  = require "spec.proof.scenario"

local must = meet.must
local server, client, shows = scenario.server, scenario.client, scenario.shows

local out = {}

local function add(name, run)
  scenario.add(out, nil, name, run)
end

local DEMANDS = { cafile = pki.root.cert, verify = { "peer", "fail_if_no_peer_cert" } }

local function done(ends)
  if ends.server ~= true then error(ends.server, 0) end
  if ends.client ~= true then error(ends.client, 0) end
  return ends
end

local function subject(conn)
  return must(must(conn:getpeercertificate(), "no certificate"):subjecttext(), "no text")
end

add("both ends verified over loopback", function(version)
  local ends = done(meet.sockets(
    server(version, DEMANDS, { alpn = { "one" }, tickets = 1 }),
    client(version, shows(pki.ec_client), { alpn = { "one" }, servername = "localhost" })))
  local a, b = ends.a, ends.b
  a:settimeout(5)
  b:settimeout(5)
  must(a:send "hello\n")
  local line = must(b:receive())
  must(b:send(line .. " again\n"))
  local seen = { line, must(a:receive()), subject(a), subject(b), must(a:getalpn()),
                 must(b:info "protocol"), must(b:info "cipher"),
                 #must(b:getpeerchain()), #must(b:getverifiedchain()), b:getpeerverification(),
                 must(b:exportkeyingmaterial("EXPORTER-proof", 16))
                   == must(a:exportkeyingmaterial("EXPORTER-proof", 16)) }
  b:close()
  local _, word = a:receive()
  seen[#seen + 1] = word
  a:close()
  return seen
end)

add("a context from memory", function(version)
  local root = process.read(pki.root.cert)
  local ends = done(meet.engines(
    server(version, { certificate = process.read(pki.server.chain),
                      key = process.read(pki.server.encrypted_key),
                      password = pki.server.password, clientca = root }, DEMANDS,
           { cafile = root, crl = process.read(pki.root.crl) }),
    client(version, shows(pki.ec_client), { cafile = root, servername = "127.0.0.1" })))
  return { meet.tell(ends.a, ends.b, "hello"), subject(ends.a:connection()),
           #must(ends.b:connection():getpeerchain()),
           table.concat(must(ends.b:connection():getclientcas()), ";") }
end)

add("a context of ssl.context with every setter", function(version)
  local own = must(context.create(version))
  must(context.setmode(own, "server"))
  must(context.loadcert(own, pki.rsa_server.cert))
  must(context.loadkey(own, pki.rsa_server.key, nil))
  must(context.checkkey(own), "the key does not match")
  must(context.locations(own, pki.root.cert, nil))
  must(context.setcipher(own, "ECDHE+AESGCM"))
  must(context.setciphersuites(own, "TLS_AES_128_GCM_SHA256"))
  must(context.setdepth(own, 4))
  must(context.setverify(own, "peer"))
  must(context.setoptions(own, "no_ticket"))
  must(context.setcurveslist(own, "P-256"))
  local ends = done(meet.engines(own, client(version)))
  return { meet.tell(ends.a, ends.b, "hello"), must(ends.b:connection():info "cipher") }
end)

local function offering(session)
  return function(_, conn) must(conn:setsession(session)) end
end

add("a session, exported and resumed", function(version)
  local at_server = must(ssl.newcontext(server(version, {
    sessionid = "proof", ticketkeys = { ("k"):rep(80) } })))
  local at_client = must(ssl.newcontext(client(version)))
  local ends = done(meet.engines(at_server, at_client))
  meet.tell(ends.a, ends.b, "hello")
  local bytes = must(must(ends.b:connection():getsession()):export())
  local session = must(ssl.importsession(bytes))
  ends = done(meet.engines(at_server, at_client, offering(session)))
  return { ends.a:connection():resumed(), ends.b:connection():resumed(),
           ends.b:connection():getpeerverification(), subject(ends.b:connection()) }
end)

local good

add("a stapled response that is good", function(version)
  good = good or require("spec.support.ocsp").make {
    cert = pki.server.cert, issuer = pki.root.cert, signer = pki.root }
  local der = good
  local ends = done(meet.engines(server(version, { ocspresponse = der }),
                                 client(version, { ocsp = "require" })))
  local got, status = ends.b:connection():getocspresponse()
  return { got == der, status }
end)

add("a key shared beforehand", function(version)
  local key = ("k"):rep(32)
  local ends = done(meet.engines(
    { mode = "server", protocol = version, ciphers = "PSK",
      psk = function() return key end },
    { mode = "client", protocol = version, ciphers = "PSK",
      psk = function() return "device", key end }))
  return { meet.tell(ends.a, ends.b, "hello") }
end)

out[#out + 1] = { name = "early data and a key update", run = function()
  local at_server = must(ssl.newcontext(server("tlsv1_3", { earlydata = 1000 })))
  local at_client = must(ssl.newcontext(client("tlsv1_3", { earlydata = 1000 })))
  local ends = done(meet.engines(at_server, at_client))
  meet.tell(ends.a, ends.b, "hello")
  local session = must(ends.b:connection():getsession())
  ends = { a = must(ssl.engine(at_server)), b = must(ssl.engine(at_client)) }
  must(ends.b:connection():setsession(session))
  must(ends.b:connection():sendearlydata "early")
  ends.a:feed(ends.b:drain())
  local early = must(ends.a:connection():receiveearlydata())
  meet.shake(ends)
  done(ends)
  must(ends.a:connection():keyupdate(true))
  meet.settle(ends)
  return { early, must(ends.b:connection():earlydata()), meet.tell(ends.a, ends.b, "hello"),
           meet.tell(ends.b, ends.a, "again") }
end }

-- Where the file holds none, LuaSec's function has no message.
local function loaded(entry)
  local cert, why = ssl.loadcertificate(process.read(entry.cert))
  return must(cert, why or "no certificate")
end

out[#out + 1] = { name = "the methods of a certificate", run = function()
  local cert, leaf, root = loaded(pki.odd), loaded(pki.server), loaded(pki.root)
  local names = 0
  for _, extension in pairs(must(cert:extensions())) do
    for _, values in pairs(extension) do
      names = names + (type(values) == "table" and #values or 0)
    end
  end
  local pem, kind = cert:pubkey()
  must(pem, kind)
  local valid, why = cert:validat(os.time())
  if valid == nil then must(nil, why) end
  return { must(cert:subjecttext()), must(cert:issuertext()), #must(cert:subject()), names,
           must(cert:pem()), #must(cert:der()), must(cert:digest "sha256"),
           must(cert:spkidigest()), #must(cert:spki()), must(cert:serial()),
           must(cert:notbefore()), must(cert:notafter()), tostring(valid),
           must(cert:getsignaturename()), #must(cert:text()), kind,
           tostring(must(root:issued(leaf))), must(root:basicconstraints()).ca,
           must(leaf:extkeyusage()).serverAuth }
end }

return out
