--- ssl.x509.checkhost: does a certificate name this host?
--
-- OpenSSL compares; this file decides which comparison. A wildcard counts only as the whole
-- left-most label. An address is compared with addresses only. The common name counts only
-- where the certificate has no alternative name of any kind: OpenSSL would use it already
-- where there is no DNS name.

local lib      = require "ssl.ffi.lib"
local altname  = require "ssl.x509.altname"
local arg      = require "ssl.base.arg"
local encoding = require "ssl.x509.encoding"
local errors   = require "ssl.base.errors"
local hostname = require "ssl.x509.hostname"
local x509     = require "ssl.x509.certificate"
local C, K     = lib.C, lib.K

local checkhost = {}

local function keep() end

--- Compare.
-- @tparam cdata certificate  X509 *: the caller keeps it alive
-- @tparam string kind  "dns" or "ip", as ssl.hostname has it
-- @tparam string name  normalized
-- @treturn boolean  false also when OpenSSL cannot tell
-- @treturn false,string  memory is short
function checkhost.match(certificate, kind, name)
  errors.clear()
  local result
  if kind == "ip" then
    result = C.X509_check_ip_asc(certificate, name, 0)
  else
    local flags = K.X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
    if altname.present(certificate) then
      flags = flags + K.X509_CHECK_FLAG_NEVER_CHECK_SUBJECT
    end
    result = C.X509_check_host(certificate, name, #name, flags, nil)
  end
  local _, why = encoding.whole()
  if why then return false, why end
  return result == 1
end

--- Check a certificate against a host name. The chain is not verified.
-- @tparam ssl.Certificate cert  a certificate object
-- @tparam string name  a host name (an A-label where it is international), or an
--   IP address, in brackets or not
-- @treturn boolean  true when the certificate names the host
-- @treturn false,string  this is no host name, and the reason; or memory is short
-- @raise when an argument is of another type
function checkhost.check(cert, name)
  local pointer = x509.pointer(cert, 1)
  arg.type(name, "string", 2)
  local kind, text = hostname.normalize(name)
  if not kind then return false, text end
  local matches, why = checkhost.match(pointer, kind, text)
  keep(cert)
  if why then return false, why end
  return matches
end

return checkhost
