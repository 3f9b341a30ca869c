--- ssl.connection.verified: what verification was made of, as methods of a connection.
--
-- Each answers `nil, "closed"` on a connection that is not connected.

local ffi      = require "ffi"
local lib      = require "ssl.ffi.lib"
local clientca = require "ssl.trust.clientca"
local state    = require "ssl.io.state"
local x509     = require "ssl.x509.certificate"
local C, K     = lib.C, lib.K

local methods, connected = state.class.methods, state.connected

--- The chain that verification built, from the peer's certificate to what the context
-- trusts, whatever the peer sent. SSL_get0_verified_chain(3).
-- @treturn {userdata,...}  certificates
-- @treturn nil  nothing was verified with success: no certificate, an error that was
--   passed over, or a resumed session
-- @treturn nil,string  "closed"
function methods:getverifiedchain()
  local st = connected(self)
  if not st then return nil, "closed" end
  local ssl = st.conn.ssl
  local chain = C.SSL_get0_verified_chain(ssl)
  if chain == nil or C.SSL_get_verify_result(ssl) ~= K.X509_V_OK then return nil end
  local list = {}
  for i = 0, C.OPENSSL_sk_num(chain) - 1 do
    list[i + 1] = x509.borrow(ffi.cast("lsf_X509 *", C.OPENSSL_sk_value(chain, i)))
  end
  return list[1] and list or nil
end

--- The names of the authorities whose certificates the server asks for: what it was
-- told on a client, what it asks for on a server. SSL_get_client_CA_list(3).
-- @treturn {string,...}  RFC 2253 text in UTF-8, the last entry first; empty where none
--   were named
-- @treturn nil,string  "closed"
function methods:getclientcas()
  local st = connected(self)
  if not st then return nil, "closed" end
  return clientca.names(st)
end
