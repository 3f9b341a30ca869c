--- ssl.x509.ownchain: the certificates that this side was configured with.
--
-- Of several pairs the one that the handshake chose. A chain that OpenSSL puts
-- together from the trusted certificates because none was configured is not
-- among them.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local errors = require "ssl.base.errors"
local x509   = require "ssl.x509.certificate"
local C, K   = lib.C, lib.K

local own = {}

local stack_t = ffi.typeof "lsf_OPENSSL_STACK *[1]"

-- What follows the leaf; nil when there is nothing.
local function rest(ssl)
  local stack = stack_t()
  C.SSL_ctrl(ssl, K.SSL_CTRL_GET_CHAIN_CERTS, 0, stack)
  return stack[0] ~= nil and stack[0] or nil
end

local function nth(chain, index)
  return x509.borrow(ffi.cast("lsf_X509 *", C.OPENSSL_sk_value(chain, index)))
end

-- Are there several certificates? The mark that OpenSSL moves to count them is put back.
local function several(ssl)
  local function mark(which)
    return C.SSL_ctrl(ssl, K.SSL_CTRL_SET_CURRENT_CERT, which, nil) == 1
  end
  local chosen = C.SSL_get_certificate(ssl)
  local more = mark(K.SSL_CERT_SET_FIRST) and mark(K.SSL_CERT_SET_NEXT)
  if more then
    mark(K.SSL_CERT_SET_FIRST)
    while C.SSL_get_certificate(ssl) ~= chosen and mark(K.SSL_CERT_SET_NEXT) do end
  end
  errors.clear()
  return more
end

--- In a resumed handshake no certificate is chosen: which one it was in the first
-- handshake is known only where there is one.
function own.unknown(st)
  return C.SSL_session_reused(st.conn.ssl) == 1 and several(st.conn.ssl)
end

--- Certificate n of the own chain, 1 for the leaf.
-- @treturn userdata|nil
function own.certificate(st, n)
  local ssl = st.conn.ssl
  if own.unknown(st) then return nil end
  if n == 1 then return x509.borrow(C.SSL_get_certificate(ssl)) end
  local chain = rest(ssl)
  if not chain or n - 2 >= C.OPENSSL_sk_num(chain) then return nil end
  return nth(chain, n - 2)
end

--- The whole chain, leaf first; empty without a certificate.
function own.chain(st)
  local ssl = st.conn.ssl
  if own.unknown(st) then return {} end
  local out = { x509.borrow(C.SSL_get_certificate(ssl)) }
  local chain = rest(ssl)
  if chain then
    for i = 0, C.OPENSSL_sk_num(chain) - 1 do out[#out + 1] = nth(chain, i) end
  end
  return out
end

return own
