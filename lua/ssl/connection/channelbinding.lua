--- ssl.connection.channelbinding: values that bind a login above TLS to the connection.
--
-- Three types, each with its own conditions. A type that does not hold is refused; it never
-- gives a weaker value.

local ffi      = require "ffi"
local lib      = require "ssl.ffi.lib"
local hash     = require "ssl.base.hash"
local errors   = require "ssl.base.errors"
local arg      = require "ssl.base.arg"
local exporter = require "ssl.connection.exporter"
local chains   = require "ssl.x509.chains"
local x509     = require "ssl.x509.certificate"
local state    = require "ssl.io.state"
local C, K     = lib.C, lib.K

local channelbinding, connected = {}, state.connected

-- RFC 9266 section 2.
local EXPORTER_LABEL, EXPORTER_LENGTH = "EXPORTER-Channel-Binding", 32

local function is_tls13(ssl)
  return C.SSL_version(ssl) == K.TLS1_3_VERSION
end

local function reused(ssl)
  return C.SSL_session_reused(ssl) == 1
end

-- Up to TLS 1.2 two connections may be made to have one master secret, unless it is
-- an extended one (RFC 7627).
local function unique_secret(ssl)
  return is_tls13(ssl) or C.SSL_ctrl(ssl, K.SSL_CTRL_GET_EXTMS_SUPPORT, 0, nil) == 1
end

local function tls_exporter(st)
  local ssl = st.conn.ssl
  if not unique_secret(ssl) then
    return nil, "tls-exporter needs the extended master secret, which the peer lacks"
  end
  -- RFC 9266 section 4.
  if tonumber(C.SSL_ctrl(ssl, K.SSL_CTRL_GET_NUM_RENEGOTIATIONS, 0, nil)) ~= 0 then
    return nil, "tls-exporter is not defined after a renegotiation"
  end
  return exporter.export(st, EXPORTER_LABEL, EXPORTER_LENGTH, "")
end

-- RFC 5929 section 3: the first Finished on the wire, of the latest handshake.
local function tls_unique(st)
  local ssl = st.conn.ssl
  if is_tls13(ssl) then
    return nil, "tls-unique is not defined in TLS 1.3: use tls-exporter"
  end
  if not unique_secret(ssl) then
    return nil, "tls-unique needs the extended master secret, which the peer lacks"
  end
  if reused(ssl) == st.server then return exporter.finished(st) end
  return exporter.peer_finished(st)
end

local function server_certificate(st)
  if not st.server then
    return chains.peer_nth(st.conn.ssl, st.server, 1), "the server has shown no certificate"
  end
  if chains.own_unknown(st.conn.ssl, st.c.loads) then
    return nil, "this side does not know its certificate in the resumed session"
  end
  return chains.own_nth(st.conn.ssl, 1, st.c.loads), "this side has no certificate"
end

local nids_t, flags_t = ffi.typeof "int[3]", ffi.typeof "uint32_t[1]"

-- RFC 5929 section 4.1: the hash of the signature, and SHA-256 in place of MD5 and SHA-1.
-- Signature algorithms without one hash have no such binding.
local function digest_of(certificate)
  local nid, flags = nids_t(), flags_t()
  if C.X509_get_signature_info(certificate, nid, nid + 1, nid + 2, flags) ~= 1
     or nid[0] == K.NID_undef then
    return nil
  end
  local which = nid[0]
  if which == K.NID_md5 or which == K.NID_sha1 then which = K.NID_sha256 end
  local md = C.EVP_get_digestbyname(C.OBJ_nid2sn(which))
  return md ~= nil and md or nil
end

local function tls_server_end_point(st)
  local cert, message = server_certificate(st)
  if not cert then return nil, message end
  local certificate = x509.pointer(cert)
  local md = digest_of(certificate)
  if not md then
    return nil, ("tls-server-end-point is not defined for a certificate with signature %s")
                :format(cert:getsignaturename())
  end
  local value = hash.certificate(certificate, md)
  -- `cert` is in use up to here.
  return x509.is(cert) and value
end

-- The types, the best first.
local TYPES = { "tls-exporter", "tls-unique", "tls-server-end-point" }
local MAKERS = {
  ["tls-exporter"] = tls_exporter, ["tls-unique"] = tls_unique,
  ["tls-server-end-point"] = tls_server_end_point,
}

-- The channel binding of a type; nil and why not.
local function make(st, type)
  if not MAKERS[type] then
    return nil, ("unknown channel binding type (%s)"):format(type)
  end
  errors.clear()
  local value, message = MAKERS[type](st)
  errors.clear()
  if value then return value end
  return nil, message or ("error making the channel binding (%s)"):format(type)
end

--- A channel binding, the same bytes at both ends.
-- @tparam string type  "tls-exporter" (RFC 9266), "tls-unique" or
--   "tls-server-end-point" (RFC 5929)
-- @treturn string  bytes
-- @treturn nil,string  a type that is unknown, or why it does not hold here
function channelbinding:channelbinding(type)
  local st = connected(self)
  if not st then return nil, "closed" end
  type = arg.string(type, 2)
  local value, message = make(st, type)
  if not value then return nil, message end
  return value
end

--- The types that hold on this connection, the best first.
-- @treturn {string,...}
function channelbinding:channelbindings()
  local st = connected(self)
  if not st then return nil, "closed" end
  local out = {}
  for _, type in ipairs(TYPES) do
    if make(st, type) then out[#out + 1] = type end
  end
  return out
end

return channelbinding
