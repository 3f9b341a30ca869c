--- ssl.digest: texts told apart by who must not keep them.
--
-- What lies in a cache is found under all that it was made of, passwords and private
-- keys among them. A digest of that will do. It is made with a key that nobody has, so
-- that a short secret cannot be found by trying.

local ffi         = require "ffi"
local lib         = require "ssl.ffi.lib"
local arg         = require "ssl.arg"
local fingerprint = require "ssl.fingerprint"

local KEY = 32

local function random()
  local bytes = ffi.new("unsigned char[?]", KEY)
  if lib.C.RAND_bytes(bytes, KEY) ~= 1 then
    error("ssl: OpenSSL has no random bytes", 0)
  end
  local text = ffi.string(bytes, KEY)
  ffi.fill(bytes, KEY)
  return text
end

local key = random()

--- The digest of a text: SHA-256, keyed, the same within this process and its children.
-- @tparam string text
-- @treturn string  32 bytes
-- @raise when `text` is no string
return function(text)
  text = arg.string(text, 1)
  local digest = fingerprint.digest(key .. fingerprint.digest(key .. text))
  return digest
end
