--- ssl.context.groups: the groups for the key exchange that this OpenSSL knows.
--
-- It has no list before 3.5, so each name is tried on a context.

local lib         = require "ssl.ffi.lib"
local errors      = require "ssl.base.errors"
local group_names = require "ssl.context.group_names"
local C, K        = lib.C, lib.K

-- As the IANA's registry has them, but for NIST's three, which every version knows by
-- the names in front.
local NAMES = {
  "P-256", "P-384", "P-521", "X25519", "X448",
  "ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192",
  "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1",
  "brainpoolP256r1tls13", "brainpoolP384r1tls13", "brainpoolP512r1tls13", "curveSM2",
  "X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024", "curveSM2MLKEM768",
  "MLKEM512", "MLKEM768", "MLKEM1024",
}

--- Those that `groups` accepts.
-- @treturn table  name -> true; a new one at each call
return function()
  local out = {}
  local ctx = C.SSL_CTX_new(C.TLS_method())
  if ctx == nil then return out end
  for _, name in ipairs(NAMES) do
    out[name] = group_names.knows(ctx, K.SSL_CTRL_SET_GROUPS_LIST, name) or nil
  end
  C.SSL_CTX_free(ctx)
  errors.clear()
  return out
end
