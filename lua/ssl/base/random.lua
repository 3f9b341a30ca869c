--- ssl.base.random: random bytes of OpenSSL, RAND_bytes(3).

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local errors = require "ssl.base.errors"
local C      = lib.C

--- Unpredictable bytes.
-- @tparam number length
-- @treturn string
-- @raise when OpenSSL has none
return function(length)
  local bytes = ffi.new("unsigned char[?]", length)
  errors.must(C.RAND_bytes(bytes, length), "OpenSSL has no random bytes")
  local text = ffi.string(bytes, length)
  ffi.fill(bytes, length)
  return text
end
