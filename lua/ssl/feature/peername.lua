--- ssl.feature.peername: demand a name of the peer, inside the handshake.
--
-- OpenSSL compares while it verifies, so that a peer with another name gets the
-- alert and no byte of ours. Where the chain is not verified it makes no
-- difference: then the name is asked of the certificate afterwards.

local ffi      = require "ffi"
local lib      = require "ssl.ffi.lib"
local err      = require "ssl.base.errors"
local hostname = require "ssl.x509.hostname"
local C, K     = lib.C, lib.K

local verifyname = {}

-- The common name counts where there is no alternative name of any kind. OpenSSL takes
-- it beside addresses too, so it is told to look at alternative names alone, and the
-- shim looks at the common name (shim/verify.c).
local FLAGS = K.X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS + K.X509_CHECK_FLAG_NEVER_CHECK_SUBJECT

local chars_t = ffi.typeof "const char *"

--- How names are compared, for a connection that demands one.
-- @tparam table st
-- @tparam string|nil name  a DNS name, normalized; nil: an address
function verifyname.compare(st, name)
  local conn = st.conn
  C.X509_VERIFY_PARAM_set_hostflags(C.SSL_get0_param(conn.ssl), FLAGS)
  st.proves = name or false -- keeps the bytes alive
  conn.name, conn.name_length = nil, 0
  if name then conn.name, conn.name_length = ffi.cast(chars_t, name), #name end
end

--- Before the handshake.
-- @tparam table st  the connection
-- @tparam string name  see ssl.hostname
-- @treturn string,string  "dns" or "ip", and the name in its one spelling
-- @treturn nil,string  what is wrong with the name; nothing was demanded
function verifyname.demand(st, name)
  local kind, text = hostname.normalize(name)
  if not kind then return nil, text end
  local param = C.SSL_get0_param(st.conn.ssl)
  err.clear()
  local rc
  -- One name counts, the last: not one of each kind.
  if kind == "ip" then
    C.X509_VERIFY_PARAM_set1_host(param, nil, 0)
    rc = C.X509_VERIFY_PARAM_set1_ip_asc(param, text)
  else
    C.X509_VERIFY_PARAM_set1_ip(param, nil, 0)
    rc = C.X509_VERIFY_PARAM_set1_host(param, text, #text)
  end
  if rc ~= 1 then return nil, err.reason() end
  verifyname.compare(st, kind == "dns" and text or nil)
  st.demands = ("%s%d:%s:%s"):format(st.demands, #text, kind, text)
  return kind, text
end

return verifyname
