--- ssl.x509.certificate: certificates.
--
-- An object owns one reference to an X509 and gives it back when it is
-- finalized. Results of OpenSSL's getters are valid only as long as the X509: `keep` at the
-- end of a method holds the object in a stack slot, which compiled code may not drop
-- earlier.
--
-- No method leaves an error in OpenSSL's queue. Nearly all read the certificate in
-- `encoding.guarded`: a part that OpenSSL could not make for want of memory is no part that the
-- certificate lacks.

local ffi           = require "ffi"
local lib           = require "ssl.ffi.lib"
local handle        = require "ssl.ffi.handle"
local altname       = require "ssl.x509.altname"
local arg           = require "ssl.base.arg"
local asn1          = require "ssl.x509.asn1"
local hash          = require "ssl.base.hash"
local distinguished = require "ssl.x509.name"
local errors        = require "ssl.base.errors"
local issued        = require "ssl.x509.issued"
local material      = require "ssl.source.material"
local theirs        = require "ssl.source.theirs"
local membio        = require "ssl.source.membio"
local object        = require "ssl.base.object"
local password      = require "ssl.source.password"
local gcpressure    = require "ssl.base.gcpressure"
local extension     = require "ssl.x509.extension"
local encoding      = require "ssl.x509.encoding"
local C, K          = lib.C, lib.K

local own = handle.type("lsf_X509 *x509", "X509_free")

local x509 = {}
local methods = {}
local class

local KEY_TYPES = {
  [K.EVP_PKEY_RSA] = "RSA", [K.EVP_PKEY_DSA] = "DSA", [K.EVP_PKEY_DH] = "DH",
  [K.EVP_PKEY_EC]  = "EC",
}
local DIGESTS = { sha1 = true, sha256 = true, sha512 = true }

-- The range of an ASN.1 time: the years 0 to 9999.
local FIRST_SECOND, LAST_SECOND = -62167219200, 253402300799

-- OpenSSL's memory for a certificate beside the bytes of its text.
local CERTIFICATE_KB = 4

local function keep() end

-- The state of an object that still has its certificate, or an argument error.
local function live(self, position, level)
  level = (level or 1) + 1
  local state = object.state(self, class, position, level)
  if state.held:lost() then
    arg.fail(position or 1, "SSL:Certificate expected, got finalized object", level)
  end
  return state
end

--- The entries of the subject.
-- @treturn {{oid=string,name=string,value=string},...}  in certificate order
-- @treturn nil,string  memory is short
function methods:subject()
  local state = live(self)
  local name = C.X509_get_subject_name(state.held.x509)
  local entries = distinguished.entries(name, state.encoding)
  keep(state)
  return entries
end

--- The entries of the issuer, as of `subject`.
function methods:issuer()
  local state = live(self)
  local name = C.X509_get_issuer_name(state.held.x509)
  local entries = distinguished.entries(name, state.encoding)
  keep(state)
  return entries
end

--- The subjectAltName, which is the only extension that is reported.
-- @treturn table  empty, or with the key "2.5.29.17" (see altname.lua)
-- @treturn nil,string  memory is short
function methods:extensions()
  local state = live(self)
  local found = { ["2.5.29.17"] = altname.read(state.held.x509, state.encoding) }
  keep(state)
  return found
end

-- X509 * -> PEM.
local function pem_of(pointer)
  local bio = membio.new()
  return membio.take(bio, bio and C.PEM_write_bio_X509(bio.membio, pointer) == 1)
end

--- The public key.
-- @treturn string  PEM
-- @treturn string  "RSA", "DSA", "DH", "EC" or "Unknown"
-- @treturn number  bits
-- @treturn nil,string  OpenSSL cannot read the key, for want of memory when the certificate was
--   loaded for example; or it failed to write it
function methods:pubkey()
  local state = live(self)
  local key = C.X509_get0_pubkey(state.held.x509)
  if key == nil then return encoding.failure() end
  local bio = membio.new()
  local pem = membio.take(bio, bio and C.PEM_write_bio_PUBKEY(bio.membio, key) == 1)
  local why = not pem and select(2, encoding.failure())
  local kind = KEY_TYPES[C.EVP_PKEY_get_base_id(key)] or "Unknown"
  local bits = C.EVP_PKEY_get_bits(key)
  keep(state)
  if not pem then return nil, why end
  return pem, kind, bits
end

--- Fingerprint: the digest of the DER encoding.
-- @tparam[opt="sha1"] string algorithm  "sha1", "sha256" or "sha512"
-- @treturn string  lower-case hexadecimal
-- @treturn nil,string  the algorithm is not one of these, or OpenSSL failed
function methods:digest(algorithm)
  local state = live(self)
  algorithm = arg.optstring(algorithm, "sha1", 2)
  local hex, message = encoding.digest(state.held.x509, algorithm, DIGESTS, hash.certificate)
  keep(state)
  if message then return nil, message end
  return hex
end

--- Is a time within the validity period? Both ends belong to it.
-- @tparam number time  seconds since 1970, truncated
-- @treturn boolean  false also when a time of the certificate is none
-- @treturn nil,string  memory is short
function methods:validat(...)
  local time = ...
  local state = live(self)
  time = arg.integer(time, 2)
  if not (time >= FIRST_SECOND and time <= LAST_SECOND) then return false end
  local held = state.held
  local from = asn1.moment(C.X509_get0_notBefore(held.x509))
  local till = asn1.moment(C.X509_get0_notAfter(held.x509))
  keep(state)
  return from ~= nil and till ~= nil and from <= time and time <= till
end

--- Does this certificate, as the only one trusted, verify another?
-- @param cert  the other
-- @param ...  certificates that may stand between, not trusted
-- @treturn boolean  true
-- @treturn nil,string  why not
function methods:issued(...)
  local count, given, between = select("#", ...), { ... }, {}
  local state = live(self)
  local subject = live(given[1], 2)
  for i = 2, count do
    between[i - 1] = live(given[i], i + 1).held.x509
  end
  local ok, message = issued(state.held.x509, subject.held.x509, between)
  errors.clear()
  keep(state, subject, given)
  if ok then return true end
  return nil, message
end

--- Choose how names and alternative names are given.
-- @tparam string name  "ai5" (the bytes as they are; the default) or "utf8"
-- @treturn boolean  false and no change for anything else
function methods:setencode(...)
  local name = ...
  local state = live(self)
  name = arg.string(name, 2)
  for _, known in ipairs { "ai5", "utf8" } do
    if name:sub(1, #known) == known then
      state.encoding = known
      return true
    end
  end
  return false
end

-- The method of one end of the validity period. What is no time is no failure.
local function end_of(get)
  return encoding.getter(live, keep, function(pointer)
    local text = asn1.time(get(pointer))
    if not text and not asn1.moment(get(pointer)) then return nil, false end
    return text
  end)
end

--- The beginning of the validity period.
-- @treturn string  as in "Nov 23 12:54:51 2026 GMT"
-- @treturn nil  alone, when the certificate holds no valid time there
-- @treturn nil,string  OpenSSL failed
methods.notbefore = end_of(function(pointer) return C.X509_get0_notBefore(pointer) end)

--- The end of the validity period, as `notbefore`.
methods.notafter = end_of(function(pointer) return C.X509_get0_notAfter(pointer) end)

--- The certificate as PEM text.
-- @treturn string
-- @treturn nil,string  OpenSSL failed
methods.pem = encoding.getter(live, keep, pem_of)

--- The serial number.
-- @treturn string  upper-case hexadecimal, an even number of digits ("0" is zero)
-- @treturn nil,string  OpenSSL failed
methods.serial = encoding.getter(live, keep, function(pointer)
  return (asn1.hex(C.X509_get0_serialNumber(pointer)))
end)

--- The short name of the signature's algorithm.
-- @treturn string  as in "RSA-SHA256"; "UNDEF" for one OpenSSL does not know
-- @treturn nil,string  OpenSSL failed
methods.getsignaturename = encoding.getter(live, keep, function(pointer)
  local name = C.OBJ_nid2sn(C.X509_get_signature_nid(pointer))
  return name ~= nil and ffi.string(name) or nil
end)

extension.install(methods, live, keep)
encoding.install(methods, live, keep)

-- `issued` has LuaSec's messages, `setencode` reads nothing, and `text` looks by itself.
local UNGUARDED = { issued = true, setencode = true, text = true }
for name, f in pairs(methods) do
  if not UNGUARDED[name] then methods[name] = encoding.guarded(f) end
end

local function describe(self)
  local held = object.state(self, class).held
  local pointer = not held:lost() and ffi.cast("void *", held.x509)
  return "X509 certificate: " .. (tostring(pointer):match "0x%x+" or "NULL")
end

local function free(self)
  local held = object.is(self, class) and getmetatable(self).held
  if held then held:drop() end
end

class = object.class("SSL:Certificate", methods, { tostring = describe, free = free })

--- An object that takes over one reference.
-- @tparam cdata pointer  X509 *
-- @treturn userdata|nil  nil for NULL
function x509.own(pointer)
  if pointer == nil then return nil end
  local self, state = object.new(class)
  state.held     = own(pointer)
  state.encoding = "ai5"
  return self
end

--- An object with a new reference to an X509 that has another owner.
-- @tparam cdata pointer  X509 *
-- @treturn userdata|nil  nil for NULL
function x509.borrow(pointer)
  if pointer == nil or C.X509_up_ref(pointer) ~= 1 then return nil end
  return (x509.own(pointer))
end

--- A certificate of lua-resty-openssl, as one of ours that shares it.
-- @param value  anything
-- @treturn userdata|nil  nil for any other value
-- @raise where it belongs to another copy of OpenSSL
function x509.adopt(value)
  local pointer = theirs.pointer(value, "certificate")
  return pointer and x509.borrow(ffi.cast("lsf_X509 *", pointer))
end

--- Is it a certificate object?
function x509.is(cert)
  return (object.is(cert, class))
end

--- The X509 * of a certificate object, which the caller keeps alive.
-- @param cert  anything
-- @tparam[opt=1] number position  of the argument
-- @tparam[opt=1] number level  as in object.state
-- @raise "SSL:Certificate expected" for anything else, or a finalized object
function x509.pointer(cert, position, level)
  local state = live(cert, position, (level or 1) + 1)
  return state.held.x509
end

local function first(pem)
  local bio = membio.read(pem)
  if not bio then return nil end
  local cert = x509.own(C.PEM_read_bio_X509(bio.membio, nil, nil, password.NONE))
  bio:free()
  return cert
end

--- The first certificate of a PEM text, or the one that ssl.der made.
-- @tparam string|userdata pem
-- @treturn ssl.Certificate|nil  nil when there is none
-- @treturn nil,string  memory is short
function x509.load(...)
  local pem = ...
  local bytes = material.bytes(pem)
  errors.clear()
  local cert
  if bytes then
    local why
    cert, why = material.decode(bytes, C.d2i_X509, x509.own)
    if not cert then return encoding.none(why) end
  else
    bytes = arg.string(pem, 1)
    cert = first(bytes)
  end
  if not cert then return encoding.whole(nil) end
  errors.clear()
  gcpressure.took(CERTIFICATE_KB + #bytes / 1024)
  return cert
end

return x509
