--- ssl.distinguished: distinguished names, as LuaSec lists them.

local lib  = require "ssl.ffi.lib"
local asn1 = require "ssl.asn1"
local C    = lib.C

local distinguished = {}

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
