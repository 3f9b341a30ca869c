--- ssl.session.digest: a digest of a text, for caches.
--
-- An entry of a cache is found by all that it was made of. That includes passwords and
-- private keys, and a cache must not keep these. So the digest is kept instead. It has a
-- key that exists in this process only: a short secret cannot be found by trying.

local arg         = require "ssl.base.arg"
local fingerprint = require "ssl.session.fingerprint"
local random      = require "ssl.base.random"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

-- Made when it is first needed: OpenSSL has no random bytes where its configuration
-- demands approved algorithms and names no module that has them.
local key

--- The digest of a text: SHA-256, keyed, the same within this process and its children.
-- @tparam string text
-- @treturn string  32 bytes
-- @raise when `text` is no string
return function(text)
  text = arg.string(text, 1)
  key = key or random(32)
  local digest = fingerprint.digest(key .. fingerprint.digest(key .. text))
  return digest
end
