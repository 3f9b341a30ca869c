--- OCSP responses of every kind, and certificates to judge with them.
--
--   responses.make { cert = path, issuer = path, ... }   DER, made in this process,
--       with times and signers of choice
--   responses.of_openssl { cert =, issuer = entry, status = }   DER, made by `openssl ocsp`
--   responses.issue(folder, name, issuer, extensions)    a certificate: { cert, key }
--   responses.authority(folder, name, subject)   one that nobody else vouches for

local ffi     = require "ffi"
local lib     = require "ssl.ffi.lib"
local process = require "spec.support.process"
local ssl     = require "ssl"
local x509    = require "ssl.x509"
local C       = lib.C

for _, text in ipairs {
  "void *OCSP_BASICRESP_new(void)", "void OCSP_BASICRESP_free(void *)",
  "void *OCSP_basic_add1_status(void *, void *, int, int, void *, void *, void *)",
  "int OCSP_basic_sign(void *, void *, void *, void *, void *, unsigned long)",
  "int OCSP_copy_nonce(void *, void *)", "void *OCSP_response_create(int, void *)",
  "void OCSP_RESPONSE_free(void *)", "int i2d_OCSP_RESPONSE(void *, unsigned char **)",
  "void *OCSP_cert_to_id(void *, void *, void *)", "void OCSP_CERTID_free(void *)",
  "void *ASN1_GENERALIZEDTIME_set(void *, intptr_t)", "void ASN1_TIME_free(void *)",
  "void *d2i_OCSP_REQUEST(void *, const unsigned char **, long)",
  "void OCSP_REQUEST_free(void *)",
} do
  local name = text:match "([%w_]+)%("
  ffi.cdef(text:gsub("%f[%w_]" .. name .. "%f[^%w_]", "spec_" .. name)
           .. (' __asm__("%s");'):format(name))
end
local X = lib.openssl.crypto

local responses = {}

local STATUS = { good = 0, revoked = 1, unknown = 2 }
local NOCERTS = 1
local DAY = 86400

local function load(path)
  return assert(ssl.loadcertificate(process.read(path)), path)
end

local function load_key(path)
  local bio = C.BIO_new_file(path, "r")
  local key = C.PEM_read_bio_PrivateKey(bio, nil, nil, nil)
  C.BIO_free(bio)
  assert(key ~= nil, path)
  return ffi.gc(key, C.EVP_PKEY_free)
end

-- Seconds from now.
local function moment(seconds)
  if not seconds then return nil end
  return ffi.gc(X.spec_ASN1_GENERALIZEDTIME_set(nil, os.time() + seconds),
                X.spec_ASN1_TIME_free)
end

local function copy_nonce(basic, der)
  local at = ffi.new("const unsigned char *[1]", ffi.cast("const unsigned char *", der))
  local request = X.spec_d2i_OCSP_REQUEST(nil, at, #der)
  assert(X.spec_OCSP_copy_nonce(basic, request) == 1)
  X.spec_OCSP_REQUEST_free(request)
end

local function state(basic, id, recipe)
  local till = recipe.till
  if till == nil then till = DAY end
  local status = recipe.status or "good"
  assert(X.spec_OCSP_basic_add1_status(basic, id, STATUS[status], recipe.reason or 1,
           status == "revoked" and moment(-DAY) or nil, moment(recipe.from or -60),
           moment(till)) ~= nil)
end

--- A response.
-- @tparam table recipe  `cert`, `issuer` (paths); `signer` (an entry with cert and
--   key); `status` ("good"), `reason` (a number), `from` (-60) and `till` (a day;
--   false: none), both seconds from now; `hash` of the identifier ("sha1"); `bare`: the
--   signer's certificate is not in it; `nonce`: that of this request; `more`: further
--   statements about the certificate, as recipes with `status`, `reason`, `from`, `till`
-- @treturn string  DER
function responses.make(recipe)
  local cert, issuer = load(recipe.cert), load(recipe.issuer)
  local signer, key = load(recipe.signer.cert), load_key(recipe.signer.key)
  local basic = ffi.gc(X.spec_OCSP_BASICRESP_new(), X.spec_OCSP_BASICRESP_free)
  local id = X.spec_OCSP_cert_to_id(C.EVP_get_digestbyname(recipe.hash or "sha1"),
                                    x509.pointer(cert), x509.pointer(issuer))
  state(basic, id, recipe)
  for _, further in ipairs(recipe.more or {}) do state(basic, id, further) end
  X.spec_OCSP_CERTID_free(id)
  if recipe.nonce then copy_nonce(basic, recipe.nonce) end
  assert(X.spec_OCSP_basic_sign(basic, x509.pointer(signer), key,
                                C.EVP_get_digestbyname "sha256", nil,
                                recipe.bare and NOCERTS or 0) == 1)
  local response = X.spec_OCSP_response_create(0, basic)
  local out = ffi.new "unsigned char *[1]"
  local length = X.spec_i2d_OCSP_RESPONSE(response, out)
  local der = ffi.string(out[0], length)
  C.CRYPTO_free(out[0], nil, 0)
  X.spec_OCSP_RESPONSE_free(response)
  return der
end

local function run(folder, command)
  local output = process.capture(("cd '%s' && { %s; } 2>&1; echo \"status $?\"")
                                 :format(folder, command))
  assert(output:find("status 0\n", 1, true), command .. "\n" .. output)
end

--- A response of `openssl ocsp`, signed by the issuer.
-- @tparam table recipe  `cert` (a path), `issuer` (an entry), `status` ("good")
-- @treturn string  DER
function responses.of_openssl(recipe)
  local folder = process.folder()
  local serial = load(recipe.cert):serial()
  local status = recipe.status or "good"
  local line = ""
  if status == "good" then
    line = ("V\t391231235959Z\t\t%s\tunknown\t/CN=x\n"):format(serial)
  elseif status == "revoked" then
    line = ("R\t391231235959Z\t250101000000Z,keyCompromise\t%s\tunknown\t/CN=x\n")
           :format(serial)
  end
  process.write(folder .. "/index", line)
  local issuer = recipe.issuer
  run(folder, ("openssl ocsp -issuer '%s' -cert '%s' -no_nonce -reqout request"):format(
      issuer.cert, recipe.cert))
  run(folder, ("openssl ocsp -reqin request -index index -CA '%s' -rsigner '%s' -rkey '%s' "
               .. "-ndays 2 -respout response"):format(issuer.cert, issuer.cert, issuer.key))
  return process.read(folder .. "/response")
end

local serial = 70000

--- A certificate with a P-256 key.
-- @tparam string folder
-- @tparam string name  of its files
-- @tparam table issuer  an entry
-- @tparam string extensions  lines
-- @treturn {cert=string,key=string}
function responses.issue(folder, name, issuer, extensions)
  serial = serial + 1
  process.write(("%s/%s.ext"):format(folder, name), extensions)
  run(folder, ("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
               .. "-keyout %s.key -subj '/CN=%s' -out %s.csr"):format(name, name, name))
  run(folder, ("openssl x509 -req -in %s.csr -CA '%s' -CAkey '%s' -set_serial %d -days 30 "
               .. "-sha256 -extfile %s.ext -out %s.pem"):format(name, issuer.cert, issuer.key,
                                                                serial, name, name))
  return { cert = ("%s/%s.pem"):format(folder, name), key = ("%s/%s.key"):format(folder, name) }
end

--- An authority with a P-256 key and no key identifier, by which it could be told from
-- another one of its name.
-- @tparam string folder
-- @tparam string name  of its files
-- @tparam string subject  as `openssl req` takes it
-- @treturn {cert=string,key=string}
function responses.authority(folder, name, subject)
  process.write(("%s/%s.ext"):format(folder, name), "basicConstraints = critical, CA:TRUE\n")
  run(folder, ("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
               .. "-keyout %s.key -subj '%s' -out %s.csr"):format(name, subject, name))
  run(folder, ("openssl x509 -req -in %s.csr -signkey %s.key -days 30 -sha256 -extfile "
               .. "%s.ext -out %s.pem"):format(name, name, name, name))
  return { cert = ("%s/%s.pem"):format(folder, name), key = ("%s/%s.key"):format(folder, name) }
end

return responses
