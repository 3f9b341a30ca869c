--- ssl.base.encode: the DER that an encoder of OpenSSL makes.

local ffi = require "ffi"

local bytes_t, out_t = ffi.typeof "unsigned char[?]", ffi.typeof "unsigned char *[1]"

--- The bytes of an OpenSSL encoder. The memory is made here: LibreSSL's i2d_X509_AUX makes
-- too little, and writes beyond it.
-- @tparam function encoder  as i2d_X509: encoder(value, out) -> length
-- @param value
-- @treturn string|nil  nil where it fails
return function(encoder, value)
  local length = encoder(value, nil)
  if length <= 0 then return nil end
  local bytes = bytes_t(length)
  if encoder(value, out_t(bytes)) ~= length then return nil end
  return ffi.string(bytes, length)
end
