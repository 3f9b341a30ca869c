--- ssl.ocsp.request: asking whether a certificate was revoked (RFC 6960), without I/O.
--
-- `request` makes the bytes to send, `check` judges the bytes that came back. The caller
-- transfers them: a POST of type application/ocsp-request to one of cert:ocspurls().

local lib      = require "ssl.ffi.lib"
local handle   = require "ssl.ffi.handle"
local arg      = require "ssl.base.arg"
local errors   = require "ssl.base.errors"
local encode   = require "ssl.base.encode"
local response = require "ssl.ocsp.response"
local x509     = require "ssl.x509.certificate"
local C        = lib.C

local ocsp = {}

local own_request = handle.type("lsf_OCSP_REQUEST *request", "OCSP_REQUEST_free")

-- A build without OCSP has none of them, and a static host those that it uses.
local NEEDED = {
  "d2i_OCSP_RESPONSE", "OCSP_RESPONSE_free", "OCSP_response_status",
  "OCSP_response_status_str", "OCSP_response_get1_basic", "OCSP_BASICRESP_free",
  "OCSP_basic_verify", "OCSP_resp_count", "OCSP_resp_get0", "OCSP_SINGLERESP_get0_id",
  "OCSP_single_get0_status", "OCSP_crl_reason_str", "OCSP_id_get0_info",
  "OCSP_cert_to_id", "OCSP_id_cmp", "OCSP_CERTID_free", "OCSP_REQUEST_new",
  "d2i_OCSP_REQUEST", "i2d_OCSP_REQUEST", "OCSP_REQUEST_free",
  "OCSP_request_add0_id", "OCSP_request_add1_nonce", "OCSP_check_nonce",
  "X509_verify",
}

local function supported()
  for _, name in ipairs(NEEDED) do
    if not lib.has[name] then return false end
  end
  return true
end

--- Can this OpenSSL do it?
ocsp.supported = supported()

local UNSUPPORTED = "OCSP is not supported by this OpenSSL"

-- Responders know SHA-1 identifiers, and few know others; nothing depends on the
-- hash's strength.
local ID_HASH = "sha1"

-- The nonce has the length of OpenSSL's choice.
local function build(request, subject, issuer, nonce)
  local id = C.OCSP_cert_to_id(C.EVP_get_digestbyname(ID_HASH), subject, issuer)
  if id == nil then return nil end
  if C.OCSP_request_add0_id(request, id) == nil then
    C.OCSP_CERTID_free(id)
    return nil
  end
  if nonce and C.OCSP_request_add1_nonce(request, nil, -1) ~= 1 then return nil end
  local der = encode(C.i2d_OCSP_REQUEST, request)
  return der
end

local function in_use() end

--- A request about one certificate.
-- @tparam ssl.Certificate cert
-- @tparam ssl.Certificate issuer  the certificate of its issuer
-- @tparam[opt] table options  `nonce = true`: a random number that `check` demands in the
--   response; many responders sign in advance and cannot repeat it
-- @treturn string  DER
-- @treturn nil,string  OCSP is not supported, or OpenSSL failed
function ocsp.request(...)
  local cert, issuer, options = ...
  local subject = x509.pointer(cert, 1)
  local authority = x509.pointer(issuer, 2)
  options = arg.options(options, { "nonce" }, 3)
  if not ocsp.supported then return nil, UNSUPPORTED end
  errors.clear()
  local request = own_request(C.OCSP_REQUEST_new())
  local der = request and build(request.request, subject, authority, options.nonce)
  local reason = not der and errors.reason()
  if request then request:free() end
  errors.clear()
  in_use(cert, issuer)
  if not der then return nil, ("error making the OCSP request (%s)"):format(reason) end
  return der
end

local NUMBERS = { "time", "leeway", "maxage" }

local OPTIONS = { "request", "responder", unpack(NUMBERS) }

local function options_for(given, level)
  level = level + 1
  local out = {}
  for _, name in ipairs(NUMBERS) do
    out[name] = arg.optnumber(given[name], nil, 4, level)
  end
  out.request = arg.optstring(given.request, nil, 4, level)
  out.responder = given.responder and x509.pointer(given.responder, 4, level) or nil
  return out
end

--- Judge a response.
-- @tparam string der
-- @tparam ssl.Certificate cert  the certificate in question
-- @tparam ssl.Certificate issuer  the certificate of its issuer, which the caller trusts
-- @tparam[opt] table options  `time` (seconds since 1970, default now), `leeway`
--   (seconds that clocks may differ, 300), `maxage` (seconds that a response without
--   a next update counts, 86400), `responder` (a certificate that is trusted to sign),
--   `request` (DER with a nonce that the response has to repeat)
-- @treturn string  "good", "revoked" or "unknown"
-- @treturn table  `thisupdate` and `nextupdate`; `revokedat` and `reason` where given;
--   `validtill`
-- @treturn nil,string  the reason why the response does not count
function ocsp.check(...)
  local der, cert, issuer, options = ...
  der = arg.string(der, 1)
  local subject = x509.pointer(cert, 2)
  local authority = x509.pointer(issuer, 3)
  local given = arg.options(options, OPTIONS, 4)
  local wanted = options_for(given, 1)
  if not ocsp.supported then return nil, UNSUPPORTED end
  local status, details = response.judge(der, subject, authority, wanted)
  in_use(cert, issuer, given.responder)
  if not status then return nil, details end
  return status, details
end

return ocsp
