--- ssl.x509.extension: the extensions of a certificate (RFC 5280 section 4.2).
--
-- Each reader gives `nil` for an extension that is not there, and `nil, message` for
-- one that holds something else than it should.

local lib    = require "ssl.ffi.lib"
local arg    = require "ssl.base.arg"
local asn1   = require "ssl.x509.asn1"
local tlv    = require "ssl.x509.der"
local ffi    = require "ffi"
local C, K   = lib.C, lib.K

local extension = {}

local KEY_USAGE, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, AUTHORITY_ACCESS =
  "2.5.29.15", "2.5.29.19", "2.5.29.37", "1.3.6.1.5.5.7.1.1"
local OCSP_ACCESS, URI_TAG = "1.3.6.1.5.5.7.48.1", 0x86

-- By bit, the first of which is the highest of the first byte.
local USAGES = {
  [0] = "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment",
  "keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly",
}

--- The content of an extension, the first where it comes several times.
-- @tparam cdata x509  the caller keeps it alive
-- @tparam string oid  "2.5.29.19"
-- @treturn string,boolean  DER, and whether it is critical
-- @treturn nil,nil,boolean  true: there is one whose identifier could not be read
function extension.find(x509, oid)
  local unknown = false
  for i = 0, C.X509_get_ext_count(x509) - 1 do
    local found = C.X509_get_ext(x509, i)
    local name = asn1.object(C.X509_EXTENSION_get_object(found), true)
    unknown = unknown or not name
    if name == oid then
      local value = ffi.cast("lsf_ASN1_STRING *", C.X509_EXTENSION_get_data(found))
      local der = asn1.bytes(value)
      return der, C.X509_EXTENSION_get_critical(found) == 1
    end
  end
  return nil, nil, unknown
end

-- It may be the one that was asked for.
local UNREADABLE = "the identifier of an extension cannot be read"

local function malformed(what)
  return nil, ("malformed extension (%s)"):format(what)
end

local function constraints(der)
  local parts = tlv.sequence(der)
  if not parts then return nil end
  local out, at = { ca = false }, 1
  if parts[at] and parts[at].tag == tlv.BOOLEAN then
    if #parts[at].content ~= 1 then return nil end
    out.ca, at = parts[at].content ~= "\0", at + 1
  end
  if parts[at] then
    out.pathlen = parts[at].tag == tlv.INTEGER and tlv.integer(parts[at].content) or nil
    if not out.pathlen then return nil end
    at = at + 1
  end
  return not parts[at] and out or nil
end

local function usages(der)
  local tag, first, last = tlv.read(der)
  if tag ~= tlv.BIT_STRING or last ~= #der or first > last or der:byte(first) > 7 then
    return nil
  end
  local out = {}
  for at = 0, math.min(8 * (last - first) - der:byte(first), #USAGES + 1) - 1 do
    local byte = der:byte(first + 1 + math.floor(at / 8))
    if bit.band(byte, bit.rshift(0x80, at % 8)) ~= 0 then out[USAGES[at]] = true end
  end
  return out
end

local function purpose(content)
  local oid = tlv.object(content)
  if not oid then return nil end
  local nid = C.OBJ_txt2nid(oid)
  return nid ~= K.NID_undef and ffi.string(C.OBJ_nid2sn(nid)) or oid, oid
end

local function purposes(der)
  local parts = tlv.sequence(der)
  if not parts then return nil end
  local out = {}
  for _, part in ipairs(parts) do
    if part.tag ~= tlv.OBJECT then return nil end
    local name, oid = purpose(part.content)
    if not name then return nil end
    out[name], out[oid] = true, true
  end
  return out
end

local function responders(der)
  local parts = tlv.sequence(der)
  if not parts then return nil end
  local out = {}
  for _, part in ipairs(parts) do
    local access = tlv.sequence(part.whole)
    if not access or #access ~= 2 or access[1].tag ~= tlv.OBJECT then return nil end
    if tlv.object(access[1].content) == OCSP_ACCESS and access[2].tag == URI_TAG then
      out[#out + 1] = access[2].content
    end
  end
  return out
end

local function reader(oid, what, parse)
  return function(x509)
    local der, critical, unknown = extension.find(x509, oid)
    if not der then return nil, unknown and UNREADABLE or nil end
    local value = parse(der)
    if not value then return malformed(what) end
    return value, critical
  end
end

--- Is this the certificate of an authority?
-- @treturn table  `ca`: boolean; `pathlen`: how many authorities may stand below, nil
--   for any number
-- @treturn boolean  critical
extension.basicconstraints = reader(BASIC_CONSTRAINTS, "basicConstraints", constraints)

--- The allowed uses of the key.
-- @treturn {[string]=true}  by the names of RFC 5280, section 4.2.1.3
-- @treturn boolean  critical
extension.keyusage = reader(KEY_USAGE, "keyUsage", usages)

--- Which purposes the certificate is limited to.
-- @treturn {[string]=true}  each by its numbers and, where OpenSSL has one, by its
--   short name: `serverAuth`
-- @treturn boolean  critical
extension.extkeyusage = reader(EXTENDED_KEY_USAGE, "extendedKeyUsage", purposes)

local ocspurls = reader(AUTHORITY_ACCESS, "authorityInfoAccess", responders)

--- The addresses of its issuer's OCSP responders.
-- @treturn {string,...}  empty where it names none
function extension.ocspurls(x509)
  local found, message = ocspurls(x509)
  if found then return found end
  if message then return nil, message end
  return {}
end

--- Make them methods.
-- @tparam table methods
-- @tparam function live  self -> state, or an argument error (ssl.x509)
-- @tparam function keep
function extension.install(methods, live, keep)
  for _, name in ipairs { "basicconstraints", "keyusage", "extkeyusage", "ocspurls" } do
    local read = extension[name]
    methods[name] = function(self)
      local state = live(self)
      local value, more = read(state.held.x509)
      keep(state)
      if more == nil then return value end
      return value, more
    end
  end

  --- Any extension, as `extension.find`.
  function methods:extension(oid)
    local state = live(self)
    oid = arg.string(oid, 2)
    if not oid:find "^%d+%.%d[%d.]*$" then
      arg.fail(2, "object identifier in numbers expected")
    end
    local der, critical, unknown = extension.find(state.held.x509, oid)
    keep(state)
    if not der and unknown then return nil, UNREADABLE end
    if not der then return nil end
    return der, critical
  end
end

return extension
