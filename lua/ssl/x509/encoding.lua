--- ssl.x509.encoding: certificates as bytes and as text.

local lib           = require "ssl.ffi.lib"
local arg           = require "ssl.base.arg"
local encode        = require "ssl.base.encode"
local hash          = require "ssl.base.hash"
local distinguished = require "ssl.x509.name"
local errors        = require "ssl.base.errors"
local membio        = require "ssl.source.membio"
local C, K          = lib.C, lib.K

local encoding = {}

local DIGESTS = { sha1 = true, sha256 = true, sha384 = true, sha512 = true }

local FAILURE = "error processing the certificate (%s)"

--- Of a method that has nothing to return, for want of memory in most cases.
-- @treturn nil,string  OpenSSL's reason
function encoding.failure()
  return nil, FAILURE:format(errors.reason())
end

--- A result, or the message where memory has failed since the queue was empty: then a part may
-- be missing. The queue is empty afterwards.
-- @param ...  the result
-- @return it
-- @treturn nil,string
function encoding.whole(...)
  local why = errors.starved()
  if why then return nil, FAILURE:format(why) end
  return ...
end

--- Of something that is not there, or that could not be read for want of memory.
-- @tparam string why  OpenSSL's reason
-- @treturn nil  alone, or
-- @treturn nil,string  the message
function encoding.none(why)
  if why == errors.MEMORY then return nil, FAILURE:format(why) end
  return nil
end

--- A method whose result counts as a failure where memory has failed in it.
-- @tparam function f
-- @treturn function  its errors look as if f had been called
function encoding.guarded(f)
  local function method(...)
    errors.clear()
    return encoding.whole(f(...))
  end
  arg.stands_for(method)
  return method
end

--- The DER of a certificate.
-- @tparam cdata x509  the caller keeps it alive
-- @treturn string|nil
function encoding.der(x509)
  local der = encode(C.i2d_X509, x509)
  return der
end

--- The DER of its public key: SubjectPublicKeyInfo (RFC 5280 section 4.1).
-- @treturn string|nil
function encoding.spki(x509)
  local der = encode(C.i2d_X509_PUBKEY, C.X509_get_X509_PUBKEY(x509))
  return der
end

--- A digest.
-- @tparam cdata x509  the caller keeps it alive
-- @tparam string algorithm
-- @tparam {[string]=true} allowed  the names of algorithms that are accepted
-- @tparam function make  make(x509, md) -> bytes, or nil
-- @treturn string  lower-case hexadecimal
-- @treturn nil,string  the algorithm is not one of these, or OpenSSL failed
function encoding.digest(x509, algorithm, allowed, make)
  errors.clear()
  local md = allowed[algorithm] and C.EVP_get_digestbyname(algorithm)
  if not md or md == nil then
    errors.clear()
    return nil, ("digest algorithm not supported (%s)"):format(algorithm)
  end
  local bytes = make(x509, md)
  if bytes then return hash.hex(bytes) end
  return encoding.failure()
end

local function spki_hash(x509, md)
  local der = encoding.spki(x509)
  return der and hash.text(der, md)
end

local function printed(x509)
  if not lib.has.X509_print_ex then return nil, "not supported by this OpenSSL" end
  local bio = membio.new()
  local made = bio and C.X509_print_ex(bio.membio, x509, K.XN_FLAG_ONELINE, 0) == 1
  return membio.take(bio, made)
end

-- OpenSSL prints an alternative name with a NUL byte as its bytes, and says that memory failed. So
-- where it says so the text counts if the next one is the same.
local function text(x509)
  local first, why = printed(x509)
  if not first or not errors.starved() then return first, why end
  local second = printed(x509)
  errors.clear()
  if second == first then return first end
  return nil, FAILURE:format(errors.MEMORY)
end

--- A method that returns what `get` makes of the certificate.
-- @tparam function live  self -> state, or an argument error (ssl.x509)
-- @tparam function keep
-- @tparam function get  X509 * -> value; or nil, and a message where it is not OpenSSL's, or
--   false where it is no failure
function encoding.getter(live, keep, get)
  return function(self)
    local state = live(self)
    errors.clear()
    local value, message = get(state.held.x509)
    if value == nil and message == nil then value, message = encoding.failure() end
    keep(state)
    if message then return nil, message end
    return value
  end
end

--- Make them methods.
-- @tparam table methods
-- @tparam function live  self -> state, or an argument error (ssl.x509)
-- @tparam function keep
function encoding.install(methods, live, keep)
  local getter = encoding.getter

  --- The certificate's bytes, and those of its public key.
  -- @treturn string
  -- @treturn nil,string  OpenSSL failed
  methods.der  = getter(live, keep, encoding.der)
  methods.spki = getter(live, keep, encoding.spki)

  --- All of it for a person to read, as `openssl x509 -text` has it.
  -- @treturn string
  -- @treturn nil,string  this OpenSSL has no such function, or it failed
  methods.text = getter(live, keep, text)

  --- Subject and issuer in one line (RFC 4514), UTF-8, the last entry first.
  -- @treturn string
  -- @treturn nil,string  OpenSSL failed
  methods.subjecttext = getter(live, keep, function(x509)
    return (distinguished.text(C.X509_get_subject_name(x509)))
  end)
  methods.issuertext = getter(live, keep, function(x509)
    return (distinguished.text(C.X509_get_issuer_name(x509)))
  end)

  --- Digest of the public key, for pinning: it stays when the certificate is renewed
  -- with the same key.
  -- @tparam[opt="sha256"] string algorithm  or "sha1", "sha384", "sha512"
  -- @treturn string  lower-case hexadecimal
  -- @treturn nil,string  the algorithm is not one of these, or OpenSSL failed
  function methods:spkidigest(algorithm)
    local state = live(self)
    algorithm = arg.optstring(algorithm, "sha256", 2)
    local hex, message = encoding.digest(state.held.x509, algorithm, DIGESTS, spki_hash)
    keep(state)
    if message then return nil, message end
    return hex
  end
end

return encoding
