--- Certificates from bytes, and every method over them.

local ssl   = require "ssl"
local der   = require "fuzz.der"
local draw  = require "fuzz.draw"
local watch = require "fuzz.watch"

local call = watch.call

-- Arguments of the methods that take some.
local OIDS = { "2.5.29.17", "2.5.29.15", "2.5.29.37", "2.5.29.19", "1.3.6.1.5.5.7.1.1", "1.2" }
local NAMES = { "localhost", "a.wild.test", "127.0.0.1", "::1", "cn.only.test", "x" }
local DIGESTS = { "sha1", "sha256", "sha512", "md5" }

local PLAIN = { "subject", "issuer", "extensions", "pem", "pubkey", "notbefore", "notafter",
                "serial", "getsignaturename", "der", "spki", "text", "subjecttext",
                "issuertext", "basicconstraints", "keyusage", "extkeyusage", "ocspurls" }

local function text(value)
  return type(value) == "string" or error("no string: " .. tostring(value), 0)
end

local function all(cert, encoding)
  assert(cert:setencode(encoding))
  for _, name in ipairs(PLAIN) do call(cert[name], cert) end
  for _, oid in ipairs(OIDS) do call(cert.extension, cert, oid) end
  for _, name in ipairs(NAMES) do
    assert(type(ssl.checkhostname(cert, name)) == "boolean")
  end
  for _, name in ipairs(DIGESTS) do
    call(cert.digest, cert, name)
    call(cert.spkidigest, cert, name)
  end
  for _, time in ipairs { 0, -1, 2 ^ 40, os.time() } do
    assert(type(cert:validat(time)) == "boolean")
  end
  call(cert.issued, cert, cert)
end

-- What is written can be read, and is the same certificate.
local function again(cert)
  local pem = cert:pem()
  if pem then
    local other = ssl.loadcertificate(pem)
    if other then assert(other:digest "sha256" == cert:digest "sha256", "another certificate") end
  end
  text(tostring(cert))
end

local target = { about = "certificates from bytes, every method over them", mutate = der.mutate }

function target.one(bytes)
  local cert = call(ssl.loadcertificate, ssl.der(bytes))
  if not cert then
    -- The same bytes as text.
    cert = call(ssl.loadcertificate, bytes)
    if not cert then return end
  end
  all(cert, "ai5")
  all(cert, "utf8")
  again(cert)
  call(ssl.ocsp.request, cert, cert)
  local d = draw.new(bytes)
  cert:setencode(d:yes() and "utf8" or "ai5")
end

return target
