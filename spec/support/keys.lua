--- Private keys that the openssl program cannot make, or that no other spec wants.
-- Each function returns the path of a file in the build folder, one a mode: these run
-- side by side.

local ffi   = require "ffi"
local house = require "spec.support.init"
local pki   = require "spec.support.pki"
local lib   = require "ssl.ffi.lib"
local C     = lib.C

ffi.cdef [[
int spec_PEM_write_bio_PKCS8PrivateKey(void *bio, void *key, const void *cipher, char *password,
                                       int length, void *callback, void *u)
  __asm__("PEM_write_bio_PKCS8PrivateKey");
void *spec_EVP_aes_128_cbc(void) __asm__("EVP_aes_128_cbc");
]]
local X = lib.openssl.crypto

local keys = {}

local function path(name) return ("%s/%s-%s"):format(house.build, house.mode, name) end

--- The server's key, encrypted the way of OpenSSL before PKCS 8.
function keys.traditional()
  local file = path "traditional.key"
  assert(house.run(("openssl pkey -in '%s' -traditional -aes128 -passout pass:%s -out '%s'"
                    .. " 2>/dev/null"):format(pki.server.key, pki.server.password, file)))
  return file
end

--- The server's key, under any password.
function keys.with_password(password)
  local file = path "password.key"
  local input = C.BIO_new_file(pki.server.key, "r")
  local key = C.PEM_read_bio_PrivateKey(input, nil, nil, nil)
  local output = C.BIO_new_file(file, "w")
  assert(X.spec_PEM_write_bio_PKCS8PrivateKey(output, key, X.spec_EVP_aes_128_cbc(),
           ffi.cast("char *", password), #password, nil, nil) == 1)
  C.BIO_free(output)
  C.BIO_free(input)
  C.EVP_PKEY_free(key)
  return file
end

--- A certificate whose PEM says that it is encrypted: odd, and legal.
function keys.encrypted_certificate()
  local file = path "encrypted.pem"
  local input, output = assert(io.open(pki.server.cert)), assert(io.open(file, "w"))
  output:write((input:read "*a":gsub("BEGIN CERTIFICATE%-%-%-%-%-\n",
    "%0Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
    .. ("00112233"):rep(4) .. "\n\n")))
  input:close()
  output:close()
  return file
end

return keys
