--- ssl.base.hash: OpenSSL's digest functions.
--
-- Each call has memory of its own: a finalizer that asks for another digest may run
-- before the string is made.

local ffi  = require "ffi"
local lib  = require "ssl.ffi.lib"
local C, K = lib.C, lib.K

local hash = {}

local bytes_t = ffi.typeof("unsigned char[" .. K.EVP_MAX_MD_SIZE .. "]")
local length_t = ffi.typeof "unsigned int[1]"

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
