--- ssl.base.encode: the DER that an encoder of OpenSSL makes.

local ffi = require "ffi"
local lib = require "ssl.ffi.lib"
local C   = lib.C

--- The bytes of an OpenSSL encoder.
-- @tparam function encoder  as i2d_X509: encoder(value, out) -> length
-- @param value
-- @treturn string|nil  nil where it fails
return function(encoder, value)
  local out = ffi.new "unsigned char *[1]"
  local length = encoder(value, out)
  if length <= 0 then return nil end
  local der = ffi.string(out[0], length)
  C.CRYPTO_free(out[0], nil, 0)
  return der
end
