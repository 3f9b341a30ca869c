--- ssl.peer: the certificates of the other side, and what became of verifying them.

local ffi  = require "ffi"
local lib  = require "ssl.ffi.lib"
local err  = require "ssl.err"
local x509 = require "ssl.x509"
local C, K = lib.C, lib.K

local peer = {}

-- The leaf, with a reference of the caller's own; NULL when there is none.
local function leaf(ssl)
  return x509.own(C.SSL_get1_peer_certificate(ssl))
end

local function nth(chain, n)
  return x509.borrow(ffi.cast("lsf_X509 *", C.OPENSSL_sk_value(chain, n)))
end

--- Certificate n of the chain that the peer sent, 1 for its own.
-- @treturn userdata|nil
function peer.certificate(st, n)
  local ssl = st.conn.ssl
  if n == 1 then return leaf(ssl) end
  local chain = C.SSL_get_peer_cert_chain(ssl)
  -- A server is given the chain without the leaf.
  local index = st.server and n - 2 or n - 1
  if chain == nil or index >= C.OPENSSL_sk_num(chain) then return nil end
  return nth(chain, index)
end

--- The whole chain as the peer sent it, its own certificate first.
function peer.chain(st)
  local ssl = st.conn.ssl
  local out = {}
  if st.server then out[1] = leaf(ssl) end
  local chain = C.SSL_get_peer_cert_chain(ssl)
  if chain ~= nil then
    for i = 0, C.OPENSSL_sk_num(chain) - 1 do out[#out + 1] = nth(chain, i) end
  end
  return out
end

local function words(code)
  return ffi.string(C.X509_verify_cert_error_string(code))
end

-- Errors that lsec_continue passed over: depth + 1 -> texts in order.
local function collected(conn)
  local out = {}
  for i = 0, conn.verdicts - 1 do
    local at = conn.verdict[i].depth + 1
    out[at] = out[at] or {}
    table.insert(out[at], words(conn.verdict[i].code))
  end
  return out
end

--- What verification found, also where it was not asked for.
-- @treturn true
-- @treturn false,string  the last error
-- @treturn false,table  with lsec_continue: errors by depth + 1
function peer.verification(st)
  local conn = st.conn
  local result = C.SSL_get_verify_result(conn.ssl)
  err.clear()
  if result == K.X509_V_OK then return true end
  if conn.verdicts > 0 then return false, collected(conn) end
  return false, words(result)
end

return peer
