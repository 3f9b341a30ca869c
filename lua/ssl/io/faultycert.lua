--- ssl.io.faultycert: the certificate that verification refused, or the issuer of a missing CRL.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local errors = require "ssl.base.errors"
local x509   = require "ssl.x509.certificate"
local C, K   = lib.C, lib.K

-- Errors about a CRL: its issuer is that of the certificate.
local OF_LISTS = {
  [K.X509_V_ERR_UNABLE_TO_GET_CRL]        = true,
  [K.X509_V_ERR_CRL_SIGNATURE_FAILURE]    = true,
  [K.X509_V_ERR_CRL_NOT_YET_VALID]        = true,
  [K.X509_V_ERR_CRL_HAS_EXPIRED]          = true,
  [K.X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER] = true,
}

-- The certificate at a depth of the chain that was built, as far as that came.
local function at(ssl, depth)
  local chain = C.SSL_get0_verified_chain(ssl)
  if chain == nil or depth < 0 or depth >= C.OPENSSL_sk_num(chain) then return nil end
  return x509.borrow(ffi.cast("lsf_X509 *", C.OPENSSL_sk_value(chain, depth)))
end

--- After a handshake that verification ended.
-- @tparam table st
-- @tparam number code  X509_V_ERR_*
-- @treturn number  the depth: 0 for the peer's own certificate
-- @treturn string|nil  the subject there (RFC 4514)
-- @treturn string|nil  where a CRL is missing or cannot be used: its expected issuer
return function(st, code)
  local depth = st.conn.verify.depth
  local cert = at(st.conn.ssl, depth)
  local subject = cert and cert:subjecttext()
  local issuer = cert and OF_LISTS[code] and cert:issuertext() or nil
  errors.clear()
  return depth, subject, issuer
end
