--- ssl.base.random: random bytes of OpenSSL, RAND_bytes(3).

local ffi = require "ffi"
local lib = require "ssl.ffi.lib"
local C   = lib.C

--- Unpredictable bytes.
-- @tparam number length
-- @treturn string
-- @raise when OpenSSL has none
return function(length)
  local bytes = ffi.new("unsigned char[?]", length)
  if C.RAND_bytes(bytes, length) ~= 1 then error("ssl: OpenSSL has no random bytes", 0) end
  local text = ffi.string(bytes, length)
  ffi.fill(bytes, length)
  return text
end
