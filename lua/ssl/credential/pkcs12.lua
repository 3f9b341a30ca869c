--- ssl.credential.pkcs12: key, certificate and chain from one file (RFC 7292).

local ffi          = require "ffi"
local lib          = require "ssl.ffi.lib"
local handle       = require "ssl.ffi.handle"
local certificates = require "ssl.credential.certificates"
local errors       = require "ssl.base.errors"
local key          = require "ssl.credential.key"
local material     = require "ssl.source.material"
local membio       = require "ssl.source.membio"
local password     = require "ssl.source.password"
local keyobject    = require "ssl.credential.keyobject"
local x509         = require "ssl.x509.certificate"
local C            = lib.C

local pkcs12 = {
  --- Can this OpenSSL do it?
  supported = lib.has.d2i_PKCS12_bio and lib.has.PKCS12_free and lib.has.PKCS12_parse
          and lib.has.PKCS12_mac_present and lib.has.PKCS12_verify_mac or false,
}

-- RFC 7292 has a password in UCS-2, appendix B.1. LibreSSL takes each byte for a character of
-- it, so what is not ASCII opens no file of another program.
local ASCII_ALONE = not lib.has.PKCS12_key_gen_utf8
local WRONG = "wrong password"
local NOT_ASCII = "wrong password, or one that this OpenSSL cannot take: it is not ASCII"

local own = pkcs12.supported and handle.type("lsf_PKCS12 *p12", "PKCS12_free")
local own_stack = handle.type("lsf_OPENSSL_STACK *bag", "OPENSSL_sk_free")

-- A SEQUENCE whose length takes more than one byte. No file name begins so: in UTF-8
-- none of these bytes can follow a zero.
local function is_der(text)
  return text:find "^0[\128-\132]" ~= nil
end

local function open(source)
  local bytes = material.bytes(source) or is_der(source) and source
  if bytes then
    local bio = membio.read(bytes)
    if bio then return bio end
    return nil, errors.reason "the text is too long"
  end
  if source:find("\0", 1, true) then return nil, "NUL in the file name" end
  errors.clear()
  local bio = membio.file(source)
  if not bio then return nil, errors.of_file(source) end
  return bio
end

local function decode(source)
  local bio, reason = open(source)
  if not bio then return nil, reason end
  errors.clear()
  local held = own(C.d2i_PKCS12_bio(bio.membio, nil))
  -- In a file other bytes may follow, which a download has left there.
  local rest = membio.take(bio, held and material.bytes(source))
  if not held then return nil, errors.reason "malformed DER" end
  if not rest or rest == "" then return held end
  held:free()
  return nil, material.LEFT_OVER
end

-- The MAC is over everything and keyed with the password. "No password" and an empty
-- one are two different things to it, and both are in use.
local function opens(p12, text)
  if C.PKCS12_mac_present(p12) ~= 1 then return true end
  errors.clear()
  if text and text ~= "" then return C.PKCS12_verify_mac(p12, text, #text) == 1 end
  return C.PKCS12_verify_mac(p12, nil, 0) == 1 or C.PKCS12_verify_mac(p12, "", 0) == 1
end

local function owned(stack)
  local list = {}
  if stack == nil then return list end
  stack = own_stack(stack)
  for i = 0, C.OPENSSL_sk_num(stack.bag) - 1 do
    list[i + 1] = x509.own(ffi.cast("lsf_X509 *", C.OPENSSL_sk_value(stack.bag, i)))
  end
  stack:free()
  return list
end

local function take(p12, text)
  local held, leaf = ffi.new "lsf_EVP_PKEY *[1]", ffi.new "lsf_X509 *[1]"
  local others = ffi.new "lsf_OPENSSL_STACK *[1]"
  errors.clear()
  if C.PKCS12_parse(p12, text, held, leaf, others) ~= 1 then
    local reason = errors.reason()
    -- What old programs encrypted with is not in OpenSSL 3's own provider.
    return nil, reason == "unsupported" and "unsupported algorithm" or reason
  end
  return { key = keyobject.own(held[0]), leaf = x509.own(leaf[0]), others = owned(others[0]) }
end

-- For ssl.source.password: `answer` notes that the password was missing.
local function try(p12, answer, text)
  if text and text:find("\0", 1, true) then return nil, "NUL in the password" end
  if not opens(p12, text) then
    answer.asked = 1
    -- A failed comparison queues nothing.
    return nil, errors.take() or ASCII_ALONE and text and text:find "[\128-\255]" and NOT_ASCII
                or WRONG
  end
  return take(p12, text)
end

local function read(source, given)
  local held, reason = decode(source)
  if not held then return nil, reason end
  local found
  found, reason = password.open(given, function(answer, text)
    return try(held.p12, answer, text)
  end)
  held:free()
  if not found then return nil, reason end
  if not found.key then return nil, "no private key in it" end
  if not found.leaf then return nil, "no certificate for the private key in it" end
  return found
end

--- Is this a PKCS#12 as `load` takes it?
function pkcs12.source(value)
  return type(value) == "string" or material.bytes(value) ~= nil
end

--- Load key, certificate and chain into a context.
-- @tparam table c  state of the context
-- @tparam string|userdata source  a file name, the bytes, or what ssl.der made
-- @tparam string|function|nil given  the password: see ssl.source.password
-- @treturn true
-- @treturn nil,string  the reason
function pkcs12.load(c, source, given)
  if not pkcs12.supported then return nil, "this OpenSSL cannot do it" end
  local found, reason = read(source, given)
  if not found then return nil, reason end
  if c.handle:lost() then return nil, "invalid context" end
  local ok
  ok, reason = certificates.use(c, certificates.chain(found.leaf, found.others))
  if not ok then return nil, reason end
  return key.use(c, found.key)
end

return pkcs12
