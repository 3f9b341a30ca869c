--- ssl.connection.inspect: the methods for the certificates of both sides, and the result of
-- verifying them.

local ffi         = require "ffi"
local lib         = require "ssl.ffi.lib"
local handle      = require "ssl.ffi.handle"
local arg         = require "ssl.base.arg"
local chains      = require "ssl.x509.chains"
local clientca    = require "ssl.trust.clientca"
local errors      = require "ssl.base.errors"
local passed_over = require("ssl.session.object").passed_over
local state       = require "ssl.io.state"
local C, K        = lib.C, lib.K

local inspect, connected = {}, state.connected

--- Certificate n of the chain that the peer sent.
-- @tparam[opt=1] number n  1 is the peer's own
-- @treturn ssl.Certificate
-- @treturn nil,string
function inspect:getpeercertificate(n)
  local st = connected(self)
  if not st then return nil, "closed" end
  n = n == nil and 1 or arg.integer(n, 2)
  if n < 1 or n ~= n then return nil, "invalid certificate index" end
  return chains.peer_nth(st.conn.ssl, st.server, n)
end

--- The chain as the peer sent it, its own certificate first.
-- @treturn {ssl.Certificate,...}
-- @treturn nil,string
function inspect:getpeerchain()
  local st = connected(self)
  if not st then return nil, "closed" end
  return chains.peer(st.conn.ssl, st.server)
end

--- Certificate n of the own chain, sent or not.
-- @tparam[opt=1] number n  1 is the leaf
-- @treturn ssl.Certificate
-- @treturn nil,string
function inspect:getlocalcertificate(n)
  local st = connected(self)
  if not st then return nil, "closed" end
  n = n == nil and 1 or arg.integer(n, 2)
  if n < 1 or n ~= n then return nil, "invalid certificate index" end
  return chains.own_nth(st.conn.ssl, n, st.c.loads)
end

--- The own chain as configured, leaf first.
-- @treturn {ssl.Certificate,...}
-- @treturn nil,string
function inspect:getlocalchain()
  local st = connected(self)
  if not st then return nil, "closed" end
  return chains.own(st.conn.ssl, st.c.loads)
end

local own_session = handle.type("lsf_SSL_SESSION *verified_session", "SSL_SESSION_free")

local function words(code)
  return ffi.string(C.X509_verify_cert_error_string(code))
end

local function add(out, depth, code)
  out[depth + 1] = out[depth + 1] or {}
  table.insert(out[depth + 1], words(code))
end

-- Errors that lsec_continue passed over: depth + 1 -> texts in order.
local function collected(conn)
  local out = {}
  for i = 0, conn.verify.count - 1 do
    local verdict = conn.verify.list[i]
    add(out, verdict.depth, verdict.code)
  end
  return out
end

-- The errors that were passed over in the handshake that made the session; nil for none. A
-- session that cannot be had may have some.
local function carried(ssl)
  local held = own_session(C.SSL_get1_session(ssl))
  errors.must(held and 1 or 0, "session")
  local bytes = passed_over(held.verified_session)
  held:free()
  if bytes == "" then return nil end
  local out = {}
  for i = 1, #bytes - 3, 4 do
    local depth, low, code, rest = bytes:byte(i, i + 3)
    add(out, depth * 256 + low, code * 256 + rest)
  end
  return out
end

-- What verification found, also where it was not asked for.
local function verification(st)
  local conn = st.conn
  local result = C.SSL_get_verify_result(conn.ssl)
  errors.clear()
  -- LibreSSL's result does not show what was passed over.
  if conn.verify.count > 0 then return false, collected(conn) end
  -- The result of a session may be that of an error which was excused after the others.
  local before = conn.verify.go_on == 1 and carried(conn.ssl)
  if before then return false, before end
  if result == K.X509_V_OK then return true end
  return false, words(result)
end

--- What verification found, also where it was not asked for.
-- @treturn true
-- @treturn false,string  the last error, or "closed"
-- @treturn false,table  with lsec_continue: errors by depth + 1, those of the handshake
--   that made the session where one was resumed
function inspect:getpeerverification()
  local st = connected(self)
  if not st then return false, "closed" end
  return verification(st)
end

--- The chain that verification built, from the peer's certificate to the trusted one. It may
-- differ from the chain that the peer sent. SSL_get0_verified_chain(3).
-- @treturn {ssl.Certificate,...}  certificates
-- @treturn nil  nothing was verified with success: no certificate, an error that was
--   passed over, or a resumed session
-- @treturn nil,string  "closed"
function inspect:getverifiedchain()
  local st = connected(self)
  if not st then return nil, "closed" end
  local ssl = st.conn.ssl
  if C.SSL_get_verify_result(ssl) ~= K.X509_V_OK or st.conn.verify.count > 0 then return nil end
  local list = chains.verified(ssl)
  return list[1] and list or nil
end

--- The names of the authorities from which the server wants certificates: on a client the
-- received names, on a server the names that it sends. SSL_get_client_CA_list(3).
-- @treturn {string,...}  RFC 2253 text in UTF-8, the last entry first; empty where none
--   were named
-- @treturn nil,string  "closed"; or OpenSSL has no text for one of them
function inspect:getclientcas()
  local st = connected(self)
  if not st then return nil, "closed" end
  local list, why = clientca.names(st)
  if not list then return nil, why end
  return list
end

return inspect
