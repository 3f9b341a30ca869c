--- ssl.verifyname: demand a name of the peer, inside the handshake.
--
-- OpenSSL compares while it verifies, so that a peer with another name gets the
-- alert and no byte of ours. Where the chain is not verified it makes no
-- difference: then the name is asked of the certificate afterwards.

local lib      = require "ssl.ffi.lib"
local err      = require "ssl.err"
local hostname = require "ssl.hostname"
local C, K     = lib.C, lib.K

--- Before the handshake.
-- @tparam table st  the connection
-- @tparam string name  see ssl.hostname
-- @treturn string,string  "dns" or "ip", and the name in its one spelling
-- @treturn nil,string  what is wrong with the name; nothing was demanded
return function(st, name)
  local kind, text = hostname.normalize(name)
  if not kind then return nil, text end
  local param = C.SSL_get0_param(st.conn.ssl)
  C.X509_VERIFY_PARAM_set_hostflags(param, K.X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)
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
  st.demands = ("%s%d:%s:%s"):format(st.demands, #text, kind, text)
  return kind, text
end
