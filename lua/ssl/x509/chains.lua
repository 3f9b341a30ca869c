--- ssl.x509.chains: the certificates of the other side.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local handle = require "ssl.ffi.handle"
local x509   = require "ssl.x509.certificate"
local C      = lib.C

local peer = {}

-- The leaf, with a reference of the caller's own; NULL when there is none.
local function leaf(ssl)
  return x509.own(C.SSL_get1_peer_certificate(ssl))
end

local own_session = handle.type("lsf_SSL_SESSION *peer_session", "SSL_SESSION_free")

-- The chain, and a reference to the session that holds it, or nil: the caller frees that.
-- Where a finalizer receives a ticket (TLS 1.3), the connection gets another session and
-- gives up this one.
local function chain_of(ssl)
  local chain, session
  repeat
    session = own_session(C.SSL_get1_session(ssl))
    chain = C.SSL_get_peer_cert_chain(ssl)
  until not session or C.SSL_get_session(ssl) == session.peer_session
  return chain, session
end

local function nth(chain, n)
  return x509.borrow(ffi.cast("lsf_X509 *", C.OPENSSL_sk_value(chain, n)))
end

--- Certificate n of the chain that the peer sent, 1 for its own.
-- @treturn userdata|nil
function peer.certificate(st, n)
  local ssl = st.conn.ssl
  if n == 1 then return leaf(ssl) end
  local chain, session = chain_of(ssl)
  -- A server is given the chain without the leaf.
  local index = st.server and n - 2 or n - 1
  local found = chain ~= nil and index < C.OPENSSL_sk_num(chain)
             and nth(chain, index) or nil
  if session then session:free() end
  return found
end

--- The whole chain as the peer sent it, its own certificate first.
function peer.chain(st)
  local ssl = st.conn.ssl
  local out = {}
  local chain, session = chain_of(ssl)
  -- A session that was read from bytes has the leaf alone.
  if st.server or chain == nil then out[1] = leaf(ssl) end
  if chain ~= nil then
    for i = 0, C.OPENSSL_sk_num(chain) - 1 do out[#out + 1] = nth(chain, i) end
  end
  if session then session:free() end
  return out
end

return peer
