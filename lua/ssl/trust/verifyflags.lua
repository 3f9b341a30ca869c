--- ssl.trust.verifyflags: whether a context verifies: the values of `verify`. Those of
-- `verifyext` are in ssl.trust.verifyext.

local lib   = require "ssl.ffi.lib"
local later = require "ssl.base.later"
local C, K  = lib.C, lib.K
local bor   = bit.bor

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

-- What asks for more than `peer` brings it along: alone, OpenSSL would ignore it
-- and verify nothing.
local modes = {
  none                 = K.SSL_VERIFY_NONE,
  peer                 = K.SSL_VERIFY_PEER,
  client_once          = bor(K.SSL_VERIFY_PEER, K.SSL_VERIFY_CLIENT_ONCE),
  fail_if_no_peer_cert = bor(K.SSL_VERIFY_PEER, K.SSL_VERIFY_FAIL_IF_NO_PEER_CERT),
  post_handshake       = bor(K.SSL_VERIFY_PEER, K.SSL_VERIFY_POST_HANDSHAKE),
}

local verifyflags = later.places({}, { extend = "ssl.trust.verifyext extend" })

--- The values of the keys `verify` and `verifyext`, by name.
verifyflags.values = later.places({ verify = modes },
                                  { verifyext = "ssl.trust.verifyext values" })

--- The flags of these names.
-- @tparam table values  name -> flags
-- @tparam {string,...} names
-- @treturn number
-- @treturn nil,string  the first unknown name
function verifyflags.combine(values, names)
  local flags = 0
  for _, name in ipairs(names) do
    if not values[name] then return nil, name end
    flags = bor(flags, values[name])
  end
  return flags
end

--- Set the verification mode to exactly these values; without a value, leave it.
-- Ends lsec_continue, as in LuaSec.
-- @treturn true
-- @treturn nil,string  an unknown name; nothing was changed
function verifyflags.verify(c, names)
  local mode, unknown = verifyflags.combine(modes, names)
  if not mode then return nil, unknown end
  if #names > 0 then
    C.SSL_CTX_set_verify(c.handle.raw, mode, nil)
    c.verify_continue = false
    c.verify_said, c.psk_only = true, false
  end
  return true
end

return verifyflags
