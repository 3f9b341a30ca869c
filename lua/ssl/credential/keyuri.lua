--- ssl.credential.keyuri: private keys by URI (OSSL_STORE).
--
-- The providers that OpenSSL has loaded define the URIs: `file:` is built in, `pkcs11:`
-- comes with a provider, and then the key itself never leaves the token.

local lib       = require "ssl.ffi.lib"
local shim      = require "ssl.ffi.shim"
local handle    = require "ssl.ffi.handle"
local errors    = require "ssl.base.errors"
local keyobject = require "ssl.credential.keyobject"
local C, K      = lib.C, lib.K

local keyuri = {
  --- Can this OpenSSL do it?
  supported = lib.has.OSSL_STORE_open and lib.has.OSSL_STORE_load
          and lib.has.OSSL_STORE_eof and lib.has.OSSL_STORE_close
          and lib.has.OSSL_STORE_expect and lib.has.OSSL_STORE_INFO_get1_PKEY
          and lib.has.OSSL_STORE_INFO_free and lib.has.UI_UTIL_wrap_read_pem_callback
          and lib.has.UI_destroy_method or false,
}

local PREFIX = "store:"

local own_method, own_store, own_info
if keyuri.supported then
  own_method = handle.type("lsf_UI_METHOD *ui_method", "UI_destroy_method")
  own_store  = handle.type("lsf_OSSL_STORE_CTX *uri_store", "OSSL_STORE_close")
  own_info   = handle.type("lsf_OSSL_STORE_INFO *store_info", "OSSL_STORE_INFO_free")
end

--- The URI of a text that begins with "store:", or nil.
function keyuri.uri(value)
  return type(value) == "string" and value:sub(1, #PREFIX) == PREFIX
     and value:sub(#PREFIX + 1) or nil
end

-- Is the URI one of a file, or the bare name of one?
local function of_file(uri)
  local scheme = uri:match "^(%a[%w+.-]+):"
  return not scheme or scheme:lower() == "file"
end

-- Reasons of OpenSSL that come before the real one in its queue.
local PRELIMINARY = { ["unregistered scheme"] = true, unsupported = true }
local STORE = "STORE routines"

-- OpenSSL also tries every URI as the name of a file, and queues that error first. It looks
-- for a scheme in two places, and queues an error for each.
local function why(uri)
  local queue, from = errors.take_all() or {}, 1
  for i, one in ipairs(queue) do
    local errno = lib.system_errno(one.code)
    if errno and of_file(uri) then return errors.system(errno) end
    if errno then from = i + 1 end
  end
  local one, cause = queue[from], queue[from + 1]
  if one and PRELIMINARY[one.reason] and cause and cause.library ~= STORE then one = cause end
  return one and one.reason or "no private key found"
end

-- The first private key that is there.
local function first(store)
  while C.OSSL_STORE_eof(store.uri_store) == 0 do
    local info = own_info(C.OSSL_STORE_load(store.uri_store))
    if not info then return nil end
    local key = keyobject.own(C.OSSL_STORE_INFO_get1_PKEY(info.store_info))
    info:free()
    if key then return key end
    errors.clear()
  end
end

--- The private key at a URI.
-- @tparam string uri
-- @tparam cdata answer  for a password: see ssl.source.password
-- @treturn cdata  a handle of ssl.credential.keyobject
-- @treturn nil,string|nil  the reason, where it is not in OpenSSL's queue
function keyuri.read(uri, answer)
  if not keyuri.supported then return nil, "this OpenSSL has no stores" end
  if uri:find("\0", 1, true) then return nil, "NUL in the URI" end
  -- It asks as it asks for the password of a PEM text.
  local method = own_method(C.UI_UTIL_wrap_read_pem_callback(shim.C.password, 0))
  if not method then return nil end
  errors.clear()
  local store = own_store(C.OSSL_STORE_open(uri, method.ui_method, answer, nil, nil))
  local key
  if store then
    C.OSSL_STORE_expect(store.uri_store, K.OSSL_STORE_INFO_PKEY)
    key = first(store)
    store:free()
  end
  method:free()
  if key then return key end
  return nil, why(uri)
end

return keyuri
