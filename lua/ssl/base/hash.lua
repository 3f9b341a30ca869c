--- ssl.base.hash: OpenSSL's digest functions.
--
-- Each call has memory of its own: a finalizer that asks for another digest may run
-- before the string is made.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local handle = require "ssl.ffi.handle"
local C, K   = lib.C, lib.K

local hash = {}

local bytes_t = ffi.typeof("unsigned char[" .. K.EVP_MAX_MD_SIZE .. "]")
local length_t = ffi.typeof "unsigned int[1]"

local fetched

--- SHA-256. From 3.0 on each digest by the EVP_MD of a name looks for an implementation, which
-- takes longer than the digest of a short text: EVP_MD_fetch(3). So it is looked for once.
-- @treturn cdata  EVP_MD *, for the next call
function hash.sha256()
  if fetched == nil and lib.has.EVP_MD_fetch then
    local own = handle.type("lsf_EVP_MD *md", "EVP_MD_free")
    fetched = own(C.EVP_MD_fetch(nil, "SHA256", nil)) or false
  end
  if fetched and not fetched:lost() then return fetched.md end
  return C.EVP_get_digestbyname "SHA256"
end

--- Of a text.
-- @tparam string text
-- @tparam cdata md  EVP_MD *
-- @treturn string|nil  bytes; nil where OpenSSL fails
function hash.text(text, md)
  local bytes, length = bytes_t(), length_t()
  if C.EVP_Digest(text, #text, bytes, length, md, nil) ~= 1 then return nil end
  return ffi.string(bytes, length[0])
end

--- Of a certificate's DER.
-- @tparam cdata x509  X509 *, which the caller keeps alive
-- @tparam cdata md
-- @treturn string|nil  as of `text`
function hash.certificate(x509, md)
  local bytes, length = bytes_t(), length_t()
  if C.X509_digest(x509, md, bytes, length) ~= 1 then return nil end
  return ffi.string(bytes, length[0])
end

--- Of a revocation list's DER.
-- @tparam cdata crl  X509_CRL *, which the caller keeps alive
-- @tparam cdata md
-- @treturn string|nil  as of `text`
function hash.crl(crl, md)
  local bytes, length = bytes_t(), length_t()
  if C.X509_CRL_digest(crl, md, bytes, length) ~= 1 then return nil end
  return ffi.string(bytes, length[0])
end

local function hex_byte(byte)
  return ("%02x"):format(byte:byte())
end

--- Bytes as lower-case hexadecimal digits.
-- @tparam string bytes
-- @treturn string
function hash.hex(bytes)
  return (bytes:gsub(".", hex_byte))
end

return hash
