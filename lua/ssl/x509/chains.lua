--- ssl.x509.chains: the chains of certificates of a connection.
--
-- Three of them: the peer's, as it sent it; the own one, as it was configured; and the one
-- that verification built. Certificates are counted from 1, which is the side's own.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local handle = require "ssl.ffi.handle"
local errors = require "ssl.base.errors"
local x509   = require "ssl.x509.certificate"
local C, K   = lib.C, lib.K

local chains = {}

local stack_t = ffi.typeof "lsf_OPENSSL_STACK *[1]"

-- Certificate n of a STACK_OF(X509), which may be NULL; or nil.
local function nth(stack, n)
  if stack == nil or n < 1 or n > C.OPENSSL_sk_num(stack) then return nil end
  return x509.borrow(ffi.cast("lsf_X509 *", C.OPENSSL_sk_value(stack, n - 1)))
end

-- All of them, behind those that are in `out`.
local function append(out, stack)
  if stack == nil then return out end
  for n = 1, C.OPENSSL_sk_num(stack) do out[#out + 1] = nth(stack, n) end
  return out
end

--- The certificates of a stack that belongs to somebody else.
-- @tparam cdata stack  STACK_OF(X509), may be NULL
-- @treturn {userdata,...}
function chains.of(stack)
  return append({}, stack)
end

local own_session = handle.type("lsf_SSL_SESSION *peer_session", "SSL_SESSION_free")

-- The peer's chain, and a reference to the session that holds it, or nil: the caller frees
-- that. Where a finalizer receives a ticket (TLS 1.3), the connection gets another session
-- and gives up this one.
local function sent(ssl)
  local stack, session
  repeat
    session = own_session(C.SSL_get1_session(ssl))
    -- Without it nothing holds the chain.
    if not session and C.SSL_get_session(ssl) ~= nil then errors.must(0, "session") end
    stack = C.SSL_get_peer_cert_chain(ssl)
  until not session or C.SSL_get_session(ssl) == session.peer_session
  return stack, session
end

-- The peer's own certificate, or nil.
local function leaf(ssl)
  local found = x509.own(C.SSL_get1_peer_certificate(ssl))
  if not found then errors.clear() end
  return found
end

--- Certificate n of the chain that the peer sent.
-- @tparam cdata ssl
-- @tparam boolean server  this side is the server
-- @tparam number n
-- @treturn userdata|nil
function chains.peer_nth(ssl, server, n)
  if n == 1 then return leaf(ssl) end
  local stack, session = sent(ssl)
  -- A server is given the chain without the leaf.
  local found = nth(stack, server and n - 1 or n)
  if session then session:free() end
  return found
end

--- The whole chain that the peer sent.
-- @tparam cdata ssl
-- @tparam boolean server
-- @treturn {userdata,...}
function chains.peer(ssl, server)
  local out = {}
  local stack, session = sent(ssl)
  -- A session that was read from bytes has the leaf alone.
  if server or stack == nil then out[1] = leaf(ssl) end
  append(out, stack)
  if session then session:free() end
  return out
end

-- What follows the leaf of the own chain; nil where nothing does. A chain that OpenSSL makes
-- of trusted certificates because none was configured is not there.
local function configured(ssl)
  local stack = stack_t()
  C.SSL_ctrl(ssl, K.SSL_CTRL_GET_CHAIN_CERTS, 0, stack)
  return stack[0]
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

--- Is it unknown which of several certificates of this side counts? A resumed handshake
-- chooses none, and which one the first handshake chose is known only where there is one.
-- LibreSSL never tells which one it chose.
-- @tparam cdata ssl
-- @tparam[opt] number loads  how many were loaded, where OpenSSL cannot list them
function chains.own_unknown(ssl, loads)
  if not K.SSL_CTRL_SET_CURRENT_CERT then return (loads or 0) > 1 end
  return C.SSL_session_reused(ssl) == 1 and several(ssl)
end

--- Certificate n of the own chain: of several pairs the one that the handshake chose.
-- @tparam cdata ssl
-- @tparam number n
-- @tparam[opt] number loads  as above
-- @treturn userdata|nil
function chains.own_nth(ssl, n, loads)
  if chains.own_unknown(ssl, loads) then return nil end
  if n == 1 then return x509.borrow(C.SSL_get_certificate(ssl)) end
  return nth(configured(ssl), n - 1)
end

--- The whole own chain; empty without a certificate.
-- @tparam cdata ssl
-- @tparam[opt] number loads  as above
-- @treturn {userdata,...}
function chains.own(ssl, loads)
  if chains.own_unknown(ssl, loads) then return {} end
  return append({ x509.borrow(C.SSL_get_certificate(ssl)) }, configured(ssl))
end

--- Certificate n of the chain that verification built, as far as that came.
-- @tparam cdata ssl
-- @tparam number n
-- @treturn userdata|nil
function chains.verified_nth(ssl, n)
  return nth(C.SSL_get0_verified_chain(ssl), n)
end

--- The whole chain that verification built; empty where there is none.
-- @tparam cdata ssl
-- @treturn {userdata,...}
function chains.verified(ssl)
  return append({}, C.SSL_get0_verified_chain(ssl))
end

return chains
