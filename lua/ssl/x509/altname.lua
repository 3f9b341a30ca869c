--- ssl.x509.altname: subjectAltName, in LuaSec's form.
--
-- The names of a certificate are untrusted, so no value is used as a string before its type
-- has been checked. OpenSSL decodes the extension;
-- GENERAL_NAME and OTHERNAME are read through functions. ASN1_TYPE has none for
-- its value and is a public struct in every version: a type and a pointer.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local handle = require "ssl.ffi.handle"
local asn1   = require "ssl.x509.asn1"
local ip     = require "ssl.x509.ip"
local C, K   = lib.C, lib.K

local own       = handle.type("lsf_GENERAL_NAMES *altnames", "GENERAL_NAMES_free")
local typed_ptr = ffi.typeof "struct { int type; void *value; } *"
local stack_ptr = ffi.typeof "lsf_OPENSSL_STACK *"
local string_ptr = ffi.typeof "lsf_ASN1_STRING *"

-- What OpenSSL says of an extension that is not there.
local NONE = -1

local altname = {}

local TEXTS = {
  [K.GEN_EMAIL] = "rfc822Name",
  [K.GEN_DNS]   = "dNSName",
  [K.GEN_URI]   = "uniformResourceIdentifier",
}

-- The types of an otherName that are returned: characters, or bytes that stand for
-- characters.
local STRING_TYPES = {
  [K.V_ASN1_OCTET_STRING] = true,     [K.V_ASN1_UTF8STRING] = true,
  [K.V_ASN1_NUMERICSTRING] = true,    [K.V_ASN1_PRINTABLESTRING] = true,
  [K.V_ASN1_T61STRING] = true,        [K.V_ASN1_VIDEOTEXSTRING] = true,
  [K.V_ASN1_IA5STRING] = true,        [K.V_ASN1_GRAPHICSTRING] = true,
  [K.V_ASN1_VISIBLESTRING] = true,    [K.V_ASN1_GENERALSTRING] = true,
  [K.V_ASN1_UNIVERSALSTRING] = true,  [K.V_ASN1_BMPSTRING] = true,
}

local function add(into, key, value, name)
  local list = into[key]
  if not list then
    list = { name = name }
    into[key] = list
  end
  list[#list + 1] = value
end

-- An otherName whose value is no string, or cannot be converted, is left out.
local function add_other(into, general, encoding)
  local oid   = ffi.new("lsf_ASN1_OBJECT *[1]")
  local typed = ffi.new("lsf_ASN1_TYPE *[1]")
  if C.GENERAL_NAME_get0_otherName(general, oid, typed) ~= 1 or typed[0] == nil then
    return
  end
  local any = ffi.cast(typed_ptr, typed[0])
  if not STRING_TYPES[any.type] or any.value == nil then return end
  local value = asn1.text(ffi.cast(string_ptr, any.value), encoding)
  local key = value and asn1.object(oid[0], true)
  if key then add(into, key, value, asn1.object(oid[0], false)) end
end

local function add_general(into, general, encoding)
  local kind = ffi.new("int[1]")
  local value = C.GENERAL_NAME_get0_value(general, kind)
  local key = TEXTS[kind[0]]
  if key then
    local text = asn1.text(ffi.cast(string_ptr, value), encoding)
    if text then add(into, key, text) end
  elseif kind[0] == K.GEN_IPADD then
    local text = ip.text(asn1.bytes(ffi.cast(string_ptr, value)))
    if text then add(into, "iPAddress", text) end
  elseif kind[0] == K.GEN_OTHERNAME then
    add_other(into, general, encoding)
  end
end

-- Each subjectAltName extension of a certificate in turn: its position, then the
-- decoded names, or false where it does not decode.
local function next_extension(x509, position)
  local out = ffi.new("int[2]", NONE, position)
  local names = C.X509_get_ext_d2i(x509, K.NID_subject_alt_name, out, out + 1)
  if names ~= nil then return out[1], own(names) end
  -- Where memory fails OpenSSL may leave the position as it was.
  if out[0] >= 0 and out[1] > position then return out[1], false end
end

--- All names of a certificate.
-- @tparam cdata x509  the caller keeps it alive
-- @tparam string encoding  "ai5" or "utf8"
-- @treturn table|nil  `name`, and by LuaSec's keys the lists of names;
--   several extensions are merged. nil when there is no extension that decodes
function altname.read(x509, encoding)
  local found
  for _, names in next_extension, x509, -1 do
    if names then
      found = found or { name = ffi.string(C.OBJ_nid2ln(K.NID_subject_alt_name)) }
      local stack = ffi.cast(stack_ptr, names.altnames)
      for i = 0, C.OPENSSL_sk_num(stack) - 1 do
        add_general(found, C.OPENSSL_sk_value(stack, i), encoding)
      end
      names:free()
    end
  end
  return found
end

--- Does the certificate have a subjectAltName? One that is empty, or does not decode,
-- counts: its content is not known.
-- @tparam cdata x509
-- @treturn boolean
function altname.present(x509)
  return C.X509_get_ext_by_NID(x509, K.NID_subject_alt_name, -1) >= 0
end

return altname
