--- ssl.own: the certificates that this side was configured with.
--
-- Of several pairs the one that the handshake chose. A chain that OpenSSL puts
-- together from the trusted certificates because none was configured is not
-- among them.

local ffi  = require "ffi"
local lib  = require "ssl.ffi.lib"
local x509 = require "ssl.x509"
local C, K = lib.C, lib.K

local own = {}

local stack = ffi.new "lsf_OPENSSL_STACK *[1]"

-- What follows the leaf; nil when there is nothing.
local function rest(ssl)
  C.SSL_ctrl(ssl, K.SSL_CTRL_GET_CHAIN_CERTS, 0, stack)
  return stack[0] ~= nil and stack[0] or nil
end

local function nth(chain, index)
  return x509.borrow(ffi.cast("lsf_X509 *", C.OPENSSL_sk_value(chain, index)))
end

--- Certificate n of the own chain, 1 for the leaf.
-- @treturn userdata|nil
function own.certificate(st, n)
  local ssl = st.conn.ssl
  if n == 1 then return x509.borrow(C.SSL_get_certificate(ssl)) end
  local chain = rest(ssl)
  if not chain or n - 2 >= C.OPENSSL_sk_num(chain) then return nil end
  return nth(chain, n - 2)
end

--- The whole chain, leaf first; empty without a certificate.
function own.chain(st)
  local ssl = st.conn.ssl
  local out = { x509.borrow(C.SSL_get_certificate(ssl)) }
  local chain = rest(ssl)
  if chain then
    for i = 0, C.OPENSSL_sk_num(chain) - 1 do out[#out + 1] = nth(chain, i) end
  end
  return out
end

return own
