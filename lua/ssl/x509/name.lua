--- ssl.x509.name: distinguished names, as LuaSec lists them and as text.

local lib    = require "ssl.ffi.lib"
local asn1   = require "ssl.x509.asn1"
local membio = require "ssl.source.membio"
local C, K   = lib.C, lib.K

local distinguished = {}

-- RFC 4514, which replaced RFC 2253, has names in UTF-8: nothing above ASCII needs to
-- be escaped.
local FLAGS = K.XN_FLAG_RFC2253 - K.ASN1_STRFLGS_ESC_MSB

--- A name in one line: UTF-8, the last entry first.
-- @tparam cdata name  an X509_NAME; the caller keeps its owner
-- @treturn string|nil  nil where OpenSSL has no text for it
function distinguished.text(name)
  local bio = membio.new()
  local made = bio and C.X509_NAME_print_ex(bio.membio, name, 0, FLAGS) >= 0
  return membio.take(bio, made)
end

--- The entries of a name in the order of the certificate.
-- @tparam cdata name  an X509_NAME; the caller keeps its owner
-- @tparam string encoding  "ai5" or "utf8"
-- @treturn {{oid=string,name=string,value=string},...}  `value` is absent where it
--   cannot be converted, `oid` and `name` where OpenSSL has no text for them
function distinguished.entries(name, encoding)
  local entries = {}
  for i = 0, C.X509_NAME_entry_count(name) - 1 do
    local entry  = C.X509_NAME_get_entry(name, i)
    local object = C.X509_NAME_ENTRY_get_object(entry)
    entries[i + 1] = {
      oid   = asn1.object(object, true),
      name  = asn1.object(object, false),
      value = asn1.text(C.X509_NAME_ENTRY_get_data(entry), encoding),
    }
  end
  return entries
end

return distinguished
