--- ssl.resty.clientcert: the arguments of a cosocket's setclientcert.
--
-- nginx takes what parse_pem_cert and parse_pem_priv_key of ngx.ssl return: pointers to a
-- STACK_OF(X509) and to an EVP_PKEY. Everything that ssl.newcontext takes is taken, too.

local ffi       = require "ffi"
local lib       = require "ssl.ffi.lib"
local arg       = require "ssl.base.arg"
local chains    = require "ssl.x509.chains"
local keyobject = require "ssl.credential.keyobject"
local C         = lib.C

local clientcert = {}

-- Pointer -> its object: the same pointer leads to the same context.
local known = setmetatable({}, { __mode = "k" })

local function chain(pointer)
  local list = chains.of(ffi.cast("lsf_OPENSSL_STACK *", pointer))
  return list[1] and list or nil
end

local function key(pointer)
  local pkey = ffi.cast("lsf_EVP_PKEY *", pointer)
  if C.EVP_PKEY_up_ref(pkey) ~= 1 then return nil end
  return keyobject.object(keyobject.own(pkey))
end

-- A pointer of another copy of OpenSSL means nothing here.
local function ours()
  return lib.exported "X509_free" == lib.address "X509_free"
end

local function object(value, make)
  if type(value) ~= "cdata" then return value end
  if not arg.is_memory(value) or not ours() then return nil end
  known[value] = known[value] or make(value)
  return known[value]
end

--- The values of the keys `certificate` and `key` of ssl.newcontext.
-- @param certificate  nil, or a false value: none any more
-- @param private
-- @return false, false for none; else both
-- @treturn nil,string
function clientcert.of(certificate, private)
  if not certificate and not private then return false, false end
  if not certificate or not private then
    return nil, "a certificate and its key expected"
  end
  local shown, pkey = object(certificate, chain), object(private, key)
  if not shown then return nil, "no certificate of nginx's OpenSSL" end
  if not pkey then return nil, "no key of nginx's OpenSSL" end
  return shown, pkey
end

return clientcert
