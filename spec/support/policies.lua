--- Policies to walk: for each key of ssl.newcontext that belongs to the policy, two
-- configurations that differ in it, and a peer that tells them apart.
--
--   policies.client(version).cafile   { lax =, strict =, peer = }
--   policies.server(version).cafile
--
-- `lax` and `strict` are put on top of `policies.base.client(version)` or `.server`, and
-- `peer` names one of `policies.peers.client(version)` or `.server`: the configuration
-- of the other end; `policies.prepare` may have a function for the client's connection.
-- A full handshake with that peer goes through under `lax` and fails under `strict`, in
-- one version at least; in none where the entry is `neutral`: what differs is no verdict.
-- A text in the place of an entry says why the side has none.

local ffi       = require "ffi"
local process   = require "spec.support.process"
local responses = require "spec.support.ocsp"
local made      = require "spec.support.made"
local pki       = require "spec.support.pki"
local ssl       = require "ssl"

ffi.cdef 'int spec_setenv(const char *, const char *, int) __asm__("setenv");'
ffi.cdef 'int spec_unsetenv(const char *) __asm__("unsetenv");'

local policies = { base = {}, peers = {} }

local OTHER = { tlsv1_2 = "tlsv1_3", tlsv1_3 = "tlsv1_2" }

local NAMES = "basicConstraints = CA:FALSE\nsubjectAltName = DNS:localhost\n"
local BOTH  = NAMES .. "extendedKeyUsage = serverAuth, clientAuth\n"

-- Authorities and certificates, with P-256 keys where nothing else is said.
local C

local function rsa(folder, name, bits)
  local output = process.capture((
    "cd '%s' && printf '%s' >%s.ext && { openssl req -new -newkey rsa:%d -nodes -keyout %s.key "
    .. "-subj /CN=%s -out %s.csr && openssl x509 -req -in %s.csr -CA root.pem -CAkey root.key "
    .. "-set_serial 4%d -days 30 -sha256 -extfile %s.ext -out %s.pem; } 2>&1; echo status $?")
    :format(folder, BOTH:gsub("\n", "\\n"), name, bits, name, name, name, name, bits, name, name))
  assert(output:find "status 0\n$", output)
  return { cert = ("%s/%s.pem"):format(folder, name), key = ("%s/%s.key"):format(folder, name) }
end

local function make()
  local dir = process.folder()
  -- A name that the functions of an earlier walk do not have.
  C = { dir = dir, name = "walk of " .. dir }
  C.root  = responses.authority(dir, "root", "/CN=Root")
  C.other = responses.authority(dir, "other", "/CN=Other")
  C.inter = responses.issue(dir, "inter", C.root, "basicConstraints = critical, CA:TRUE\n")
  C.good     = responses.issue(dir, "good", C.root, BOTH)
  C.stranger = responses.issue(dir, "stranger", C.other, BOTH)
  C.revoked  = responses.issue(dir, "revoked", C.root, BOTH)
  C.usage    = responses.issue(dir, "usage", C.root,
                               NAMES .. "extendedKeyUsage = codeSigning\n")
  C.deep     = responses.issue(dir, "deep", C.inter, BOTH)
  C.chain = process.write(dir .. "/chain.pem",
                          process.read(C.deep.cert) .. process.read(C.inter.cert))
  C.weak, C.rsa = rsa(dir, "weak", 1024), rsa(dir, "rsa", 2048)
  C.crl = made.crl { cert = C.root.cert, key = C.root.key, revoked = C.revoked.cert }
  C.pkcs12 = made.pkcs12 { cert = C.good.cert, key = C.good.key, password = "p" }
  C.capath = process.folder()
  process.write(C.capath .. "/other.pem", process.read(C.other.cert))
  process.capture(("openssl rehash '%s' 2>&1"):format(C.capath))
  C.digest = ssl.loadcertificate(process.read(C.good.cert)):digest "sha256"
  C.dh = process.read(pki.dh.ffdhe2048)
end

local environment = {}

local function setenv(name, value)
  if value then ffi.C.spec_setenv(name, value, 1) else ffi.C.spec_unsetenv(name) end
end

--- Make the certificates, and have `systemca` mean one of the authorities.
-- `process.stop_all` removes them.
function policies.begin()
  make()
  for name, value in pairs { SSL_CERT_FILE = C.other.cert, SSL_CERT_DIR = C.dir .. "/none" } do
    environment[name] = os.getenv(name) or false
    setenv(name, value)
  end
end

--- What `begin` has made: entries with `cert` and `key`, by name.
function policies.files()
  return C
end

--- Restore the environment.
function policies.finish()
  for name, value in pairs(environment) do setenv(name, value) end
end

local function pair(entry)
  return { key = entry.key, certificate = entry.cert }
end

local function over(...)
  local out = {}
  for _, one in ipairs { ... } do
    for key, value in pairs(one) do out[key] = value end
  end
  return out
end

policies.over = over

function policies.base.client(version)
  return { mode = "client", protocol = version, verify = "peer", cafile = C.root.cert }
end

function policies.base.server(version)
  return over(pair(C.good), { mode = "server", protocol = version, cafile = C.root.cert,
                              verify = { "peer", "fail_if_no_peer_cert" },
                              sessionid = C.name })
end

local KEYED = { ciphers = "PSK-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256" }
local KEY, WRONG = ("k"):rep(32), ("w"):rep(32)

local function client_key() return "device", KEY end
local function client_wrong() return "device", WRONG end
-- A ticket is an identity, too, where it is short enough.
local function server_key(identity) return identity == "device" and KEY or nil end
local function server_wrong(identity) return identity == "device" and WRONG or nil end
local function accepts() return true end
local function refuses() return false end
local function parameters() return C.dh end

-- The records of a domain that has some.
local function records(conn)
  if conn:setdane "elsewhere.test" then
    conn:settlsa(3, 0, 1, (C.digest:gsub("%x%x", function(hex)
      return string.char(tonumber(hex, 16))
    end)))
  end
end

local AES = { ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256", ciphersuites = "TLS_AES_128_GCM_SHA256" }

--- The settings of a client's connection before it meets a peer, by the peer's name.
policies.prepare = { named = records }

--- Keys that not every OpenSSL has, and where they are tried.
policies.elsewhere = {
  ech = "feature/ech_spec.lua", rawkey = "feature/rawkey_spec.lua",
  rawkeys = "feature/rawkey_spec.lua",
}

--- The servers that a client may meet.
function policies.peers.client(version)
  local function server(...) return over({ mode = "server", protocol = version }, ...) end
  return {
    good     = server(pair(C.good)),
    stranger = server(pair(C.stranger)),
    revoked  = server(pair(C.revoked)),
    usage    = server(pair(C.usage)),
    deep     = server { key = C.deep.key, certificate = C.chain },
    weak     = server(pair(C.weak), { seclevel = 1 }),
    aes      = server(pair(C.good), AES),
    curve    = server(pair(C.good), { groups = "P-256" }),
    keyed    = server(pair(C.good), KEYED, { psk = server_key }),
    named    = server(pair(C.good)),
    demanding = server(pair(C.good), { verify = { "peer", "fail_if_no_peer_cert" },
                                       cafile = C.root.cert, clientsigalgs = "ECDSA+SHA256" }),
  }
end

--- The clients that a server may meet.
function policies.peers.server(version)
  local function client(...) return over({ mode = "client", protocol = version }, ...) end
  return {
    nobody   = client(),
    good     = client(pair(C.good)),
    stranger = client(pair(C.stranger)),
    revoked  = client(pair(C.revoked)),
    usage    = client(pair(C.usage)),
    deep     = client { key = C.deep.key, certificate = C.chain },
    weak     = client(pair(C.weak), { seclevel = 1 }),
    aes      = client(pair(C.good), AES),
    curve    = client(pair(C.good), { groups = "P-256" }),
    keyed    = client(pair(C.good), KEYED, { psk = client_key, verify = "none" }),
    ecdsa    = client(pair(C.good), { sigalgs = "ECDSA+SHA256",
                                      ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256" }),
    dhe      = client(pair(C.good), { ciphers = "DHE-RSA-AES128-GCM-SHA256",
                                      curveslist = "P-256" }) -- and no group of RFC 7919,
  }
end

-- The common part of both sides.
local function common(version)
  local any = { protocol = "any" }
  return {
    protocol   = { strict = { protocol = OTHER[version] }, peer = "good" },
    minversion = { lax = any, strict = over(any, { minversion = "tlsv1_3" }), peer = "good" },
    maxversion = { lax = any, strict = over(any, { maxversion = "tlsv1_2" }), peer = "good" },
    cafile     = { lax = { cafile = C.other.cert }, peer = "stranger" },
    capath     = { lax = { capath = C.capath }, peer = "stranger" },
    systemca   = { lax = { systemca = true }, peer = "stranger" },
    crl        = { strict = { crl = C.crl }, peer = "revoked" },
    verifyext  = { lax = { verifyext = "lsec_continue" }, peer = "stranger" },
    depth      = { strict = { depth = 0 }, peer = "deep" },
    purpose    = { lax = { purpose = "any" }, peer = "usage" },
    partialchain = { lax = { cafile = C.inter.cert, partialchain = true },
                     strict = { cafile = C.inter.cert }, peer = "deep" },
    onverify   = { lax = { onverify = accepts }, peer = "good",
                   strict = { onverify = refuses, sessionid = C.name .. ", refused" } },
    ciphers    = { strict = { ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305" }, peer = "aes" },
    ciphersuites = { strict = { ciphersuites = "TLS_CHACHA20_POLY1305_SHA256" }, peer = "aes" },
    options    = { strict = { options = "no_" .. version }, peer = "good" },
    seclevel   = { lax = { seclevel = 1 }, strict = { seclevel = 2 }, peer = "weak" },
    curve      = { lax = { curve = "P-256" }, strict = { curve = "P-384" }, peer = "curve" },
    curveslist = { lax = { curveslist = "P-256" }, strict = { curveslist = "P-384" },
                   peer = "curve" },
    groups     = { lax = { groups = { "P-256" } }, strict = { groups = { "P-384" } },
                   peer = "curve" },
    sessionid  = { strict = { sessionid = "another" }, peer = "good", neutral = true },
  }
end

--- A client's. The keys of several that are the same certificate stand for it.
function policies.client(version)
  local known, some = { pair(C.good), pair(C.rsa) }, { pair(C.stranger), pair(C.rsa) }
  local shown = { lax = pair(C.good), peer = "demanding" }
  return over(common(version), {
    verify      = { lax = { verify = "none" }, peer = "stranger" },
    key = shown, certificate = shown,
    certificates = { lax = { certificates = known }, strict = { certificates = some },
                     peer = "demanding" },
    pkcs12      = { lax = { pkcs12 = C.pkcs12, password = "p" }, peer = "demanding" },
    servername  = { strict = { servername = "elsewhere.test" }, peer = "good" },
    psk         = { lax = over(KEYED, { psk = client_key }),
                    strict = over(KEYED, { psk = client_wrong }), peer = "keyed" },
    dane        = { lax = { dane = { "no_ee_namechecks" } }, strict = { dane = true },
                    peer = "named" },
    ocsp        = { strict = { ocsp = "require" }, peer = "good" },
    sigalgs     = { strict = { sigalgs = "rsa_pss_rsae_sha256" }, peer = "good" },
    clientsigalgs = { lax = pair(C.good), peer = "demanding",
                      strict = over(pair(C.good), { clientsigalgs = "rsa_pss_rsae_sha256" }) },
    clientca = "for servers only", dhparam = "a server's",
    ech = policies.elsewhere.ech,
    rawkey = policies.elsewhere.rawkey,
    rawkeys = policies.elsewhere.rawkeys,
    mode = "the other mode is the other side",
  })
end

--- A server's.
function policies.server(version)
  local none = { key = false, certificate = false }
  local by_rsa = over(pair(C.rsa), { ciphers = "DHE-RSA-AES128-GCM-SHA256" })
  local shown = { strict = none, peer = "good" }
  return over(common(version), {
    verify      = { lax = { verify = "none" }, peer = "nobody" },
    key = shown, certificate = shown,
    certificates = { lax = { certificates = { pair(C.good), pair(C.rsa) } },
                     strict = { certificates = { pair(C.rsa) } }, peer = "ecdsa" },
    pkcs12      = { lax = over(none, { pkcs12 = C.pkcs12, password = "p" }), strict = none,
                    peer = "good" },
    psk         = { lax = over(KEYED, { psk = server_key }),
                    strict = over(KEYED, { psk = server_wrong, sessionid = C.name .. ", wrong" }),
                    peer = "keyed" },
    sigalgs     = { strict = { sigalgs = "rsa_pss_rsae_sha256" }, peer = "good" },
    clientsigalgs = { strict = { clientsigalgs = "rsa_pss_rsae_sha256" }, peer = "good" },
    clientca    = { strict = { clientca = C.root.cert }, peer = "good", neutral = true },
    dhparam     = { lax = over(by_rsa, { dhparam = parameters }), strict = by_rsa, peer = "dhe" },
    servername = "for clients only", dane = "a client's", ocsp = "for clients only",
    ech = "a client's",
    rawkey = policies.elsewhere.rawkey,
    rawkeys = policies.elsewhere.rawkeys,
    mode = "the other mode is the other side",
  })
end

return policies
