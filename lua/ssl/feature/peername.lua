--- ssl.feature.peername: the name that a client's peer must have.
--
-- A DNS name is sent as server name; an address is not (RFC 6066 section 3). The certificate
-- must have the name.
--
-- OpenSSL compares while it verifies, so that a peer with another name gets an alert
-- and no byte of data. Where the chain is not verified this has no effect: then the name is
-- compared with the certificate afterwards.

local ffi         = require "ffi"
local lib         = require "ssl.ffi.lib"
local arg         = require "ssl.base.arg"
local errors      = require "ssl.base.errors"
local policy      = require "ssl.session.policy"
local hostname    = require "ssl.x509.hostname"
local lifecycle   = require "ssl.io.lifecycle"
local state       = require "ssl.io.state"
local C, K        = lib.C, lib.K

local peername = {}

-- The common name counts where there is no alternative name of any kind. OpenSSL accepts
-- it beside addresses too. So OpenSSL compares alternative names only, and the shim compares
-- the common name (shim/verify.c).
local FLAGS = K.X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS + K.X509_CHECK_FLAG_NEVER_CHECK_SUBJECT

-- The longest name that the extension carries.
local LONGEST = 255

local chars_t = ffi.typeof "const char *"

--- How names are compared, for a connection that demands one.
-- @tparam table st
-- @tparam string|nil name  a DNS name, normalized; nil: an address
function peername.compare(st, name)
  local conn = st.conn
  C.X509_VERIFY_PARAM_set_hostflags(C.SSL_get0_param(conn.ssl), FLAGS)
  st.proves = name or false -- keeps the bytes alive
  conn.verify.name, conn.verify.name_length = nil, 0
  if name then conn.verify.name, conn.verify.name_length = ffi.cast(chars_t, name), #name end
end

-- One name counts, the last: not one of each kind. What was not asked for is not taken back:
-- LibreSSL has no way to take an address back, and accepts nobody once it was tried.
local function ask(st, kind, text)
  local param = C.SSL_get0_param(st.conn.ssl)
  if kind == "ip" then
    local rc = st.demanded == "dns" and C.X509_VERIFY_PARAM_set1_host(param, nil, 0) or 1
    return rc == 1 and C.X509_VERIFY_PARAM_set1_ip_asc(param, text)
  end
  local rc = st.demanded == "ip" and C.X509_VERIFY_PARAM_set1_ip(param, nil, 0) or 1
  return rc == 1 and C.X509_VERIFY_PARAM_set1_host(param, text, #text)
end

--- Before the handshake.
-- @tparam table st  the connection
-- @tparam string name  see ssl.hostname
-- @treturn string,string  "dns" or "ip", and the name in its one spelling
-- @treturn nil,string  the mistake in the name; nothing was changed. Or OpenSSL's reason, and
--   the connection has failed
function peername.demand(st, name)
  local kind, text = hostname.normalize(name)
  if not kind then return nil, text end
  if kind == "dns" and st.demanded == "ip" and not lib.has.X509_VERIFY_PARAM_set1_ip then
    return nil, "a name in place of an address (this OpenSSL cannot do it)"
  end
  errors.clear()
  local rc = ask(st, kind, text)
  if rc ~= 1 then
    -- The earlier name is not demanded any more, so nobody is accepted.
    local why = errors.reason()
    lifecycle.fail(st, why)
    return nil, why
  end
  st.demanded = kind
  peername.compare(st, kind == "dns" and text or nil)
  policy.demand(st, kind, text)
  return kind, text
end

--- Ask for a name. Before the handshake.
-- A name that no extension can carry (empty, over 255 bytes) is not sent.
-- @tparam table st
-- @tparam string name
-- @treturn true
-- @treturn nil,string  OpenSSL's reason, and the connection has failed: another certificate
--   would be asked for
function peername.request(st, name)
  name = name:match("^%Z*")
  errors.clear()
  -- LibreSSL would send an empty name.
  local rc = C.SSL_ctrl(st.conn.ssl, K.SSL_CTRL_SET_TLSEXT_HOSTNAME,
                        K.TLSEXT_NAMETYPE_host_name,
                        name ~= "" and ffi.cast("char *", name) or nil)
  if rc ~= 1 and #name <= LONGEST then
    local why = ("error setting the server name (%s)"):format(errors.reason())
    lifecycle.fail(st, why)
    return nil, why
  end
  errors.clear()
  return true
end

--- A context's name.
-- @tparam table c  state of the context
-- @tparam string name
-- @treturn true
-- @treturn nil,string  why this is no name
function peername.set(c, name)
  local kind, text = hostname.normalize(name)
  if not kind then return nil, text end
  c.servername = text
  return true
end

--- A client's connection begins. `sni` and `setverifyname` may still change the name.
-- @tparam table st
-- @tparam table c  state of the context
-- @treturn true
-- @treturn false,string  the reason
function peername.begin(st, c)
  if st.server then return true end
  local kind, text = peername.demand(st, c.servername)
  if not kind then return false, text end
  if kind ~= "dns" then return true end
  local ok, why = peername.request(st, text)
  if not ok then return false, why end
  return true
end

--- Demand a name of the peer, inside the handshake, where its chain is verified.
-- @tparam string name  a DNS name (an IDN as its A-labels) or an IP address
-- @treturn string,string  "dns" or "ip", and the name as it will be compared
-- @treturn nil,string  why this is no name; or it is too late
function peername:setverifyname(name)
  local st = state.of(self)
  name = arg.string(name, 2)
  if not lifecycle.fresh(st) then return nil, "not before the handshake" end
  return peername.demand(st, name)
end

return peername
