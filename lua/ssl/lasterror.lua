--- ssl.lasterror: why a connection failed, in parts.

local ffi = require "ffi"
local lib = require "ssl.ffi.lib"
local C, K = lib.C, lib.K

-- What verification said, when the handshake ended for it.
local function verification(st)
  local ssl = st.conn.ssl
  if ssl == nil or not st.failed:find("certificate verify failed", 1, true) then return end
  local code = tonumber(C.SSL_get_verify_result(ssl))
  if code == K.X509_V_OK then return end
  return { code = code, text = ffi.string(C.X509_verify_cert_error_string(code)) }
end

--- The fatal error of a connection.
-- @tparam table st
-- @treturn table|nil  nil where there was none: a clean end is no error. `message`:
--   the words of the failed call. `verify`: `code` and `text` of OpenSSL, where the
--   certificate was refused. `errno`: of the transport, where it broke.
return function(st)
  if not st.failed then return nil end
  local conn = st.conn
  local errno = conn.in_error ~= 0 and conn.in_error or conn.out_error
  return {
    message = st.failed,
    verify  = verification(st),
    errno   = errno ~= 0 and errno or nil,
  }
end
