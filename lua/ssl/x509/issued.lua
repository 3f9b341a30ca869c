--- ssl.x509.issued: was one certificate issued by another, which alone is trusted?

local errors = require "ssl.base.errors"
local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local handle = require "ssl.ffi.handle"
local C, K   = lib.C, lib.K

local own_store = handle.type("lsf_X509_STORE *store", "X509_STORE_free")
local own_job   = handle.type("lsf_X509_STORE_CTX *job", "X509_STORE_CTX_free")
local own_stack = handle.type("lsf_OPENSSL_STACK *untrusted", "OPENSSL_sk_free")

-- For want of memory OpenSSL may find a signature wrong, or no issuer.
local function verdict(job)
  errors.clear()
  if C.X509_verify_cert(job) == 1 then return true end
  local code = C.X509_STORE_CTX_get_error(job)
  if errors.starved() then code = K.X509_V_ERR_OUT_OF_MEM end
  if code == K.X509_V_OK then code = K.X509_V_ERR_UNSPECIFIED end
  return nil, ffi.string(C.X509_verify_cert_error_string(code))
end

local function run(store, job, stack, anchor, subject, intermediates)
  if not store or not job then
    return nil, "X509_STORE_new() or X509_STORE_CTX_new() error"
  end
  for _, x509 in ipairs(intermediates) do
    if not stack or C.OPENSSL_sk_push(stack.untrusted, x509) <= 0 then
      return nil, "X509_STORE_CTX_init() error"
    end
  end
  if C.X509_STORE_add_cert(store.store, anchor) ~= 1 then
    return nil, "X509_STORE_add_cert() error"
  end
  if C.X509_STORE_CTX_init(job.job, store.store, subject,
                           stack and stack.untrusted) ~= 1 then
    return nil, "X509_STORE_CTX_init() error"
  end
  return verdict(job.job)
end

--- Verify a certificate at the present time: no purpose, no host name.
-- @tparam cdata anchor  X509, the only one trusted
-- @tparam cdata subject  X509 to be verified
-- @tparam {cdata,...} intermediates  X509s that may be used and are not trusted;
--   the caller keeps all of them alive
-- @treturn boolean  true
-- @treturn nil,string  why not, in OpenSSL's text for verify results
return function(anchor, subject, intermediates)
  local store = own_store(C.X509_STORE_new())
  local job   = own_job(C.X509_STORE_CTX_new())
  local stack = intermediates[1] and own_stack(C.OPENSSL_sk_new_null())
  local ok, message = run(store, job, stack, anchor, subject, intermediates)
  -- The job borrows from the others, so it goes first.
  if job then job:free() end
  if stack then stack:free() end
  if store then store:free() end
  if ok then return true end
  return nil, message
end
