--- ssl.x509.matching: does a certificate name this host?
--
-- OpenSSL compares; this file decides which comparison. A wildcard counts only as the whole
-- left-most label. An address is compared with addresses only. The common name counts only
-- where the certificate has no alternative name of any kind: OpenSSL would use it already
-- where there is no DNS name.

local lib     = require "ssl.ffi.lib"
local altname = require "ssl.x509.altname"
local errors  = require "ssl.base.errors"
local C, K    = lib.C, lib.K

local matching = {}

--- Compare.
-- @tparam cdata x509  the caller keeps it alive
-- @tparam string kind  "dns" or "ip", as ssl.hostname has it
-- @tparam string name  normalized
-- @treturn boolean  false also when OpenSSL cannot tell
function matching.match(x509, kind, name)
  local result
  if kind == "ip" then
    result = C.X509_check_ip_asc(x509, name, 0)
  else
    local flags = K.X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
    if altname.present(x509) then
      flags = flags + K.X509_CHECK_FLAG_NEVER_CHECK_SUBJECT
    end
    result = C.X509_check_host(x509, name, #name, flags, nil)
  end
  errors.clear()
  return result == 1
end

return matching
