--- ssl.ocsp.response: judging an OCSP response (RFC 6960 section 3.2).
--
-- These may sign: the issuer of the certificate, a responder that has a certificate for that
-- purpose from the issuer, or the one responder that the program names. So the only trust
-- anchor is the issuer itself. The issuer was verified before, with the certificate's own
-- chain.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local handle = require "ssl.ffi.handle"
local shim   = require "ssl.ffi.shim"
local asn1   = require "ssl.x509.asn1"
local errors = require "ssl.base.errors"
local C, K   = lib.C, lib.K

local response = {}

local own_response = handle.type("lsf_OCSP_RESPONSE *response", "OCSP_RESPONSE_free")
local own_basic    = handle.type("lsf_OCSP_BASICRESP *basic", "OCSP_BASICRESP_free")
local own_request  = handle.type("lsf_OCSP_REQUEST *request", "OCSP_REQUEST_free")
local own_id       = handle.type("lsf_OCSP_CERTID *id", "OCSP_CERTID_free")
local own_store    = handle.type("lsf_X509_STORE *ocsp_store", "X509_STORE_free")
local own_stack    = handle.type("lsf_OPENSSL_STACK *signers", "OPENSSL_sk_free")

-- Clocks differ.
local LEEWAY = 300
-- Without a time of the next response this one counts for a day.
local MAXIMUM_AGE = 86400
-- For ever: 31 years.
local FOR_EVER = 1e9

local MALFORMED = "the response is malformed"

-- All of the bytes, or NULL.
local function decode(decoder, der)
  local bytes = ffi.cast("const unsigned char *", der)
  local at = ffi.new("const unsigned char *[1]", bytes)
  local value = decoder(nil, at, #der)
  return value, value ~= nil and at[0] - bytes == #der
end

--- Is it a response, with any content?
-- @tparam string der
-- @treturn cdata|nil  a handle with the field `basic`
-- @treturn string  without it: the reason
-- @treturn boolean  true: it is an error that the responder reports, unsigned
function response.parse(der)
  local pointer, whole = decode(C.d2i_OCSP_RESPONSE, der)
  local outer = own_response(pointer)
  errors.clear()
  if not outer then return nil, MALFORMED, false end
  local status = C.OCSP_response_status(outer.response)
  local basic
  if whole and status == K.OCSP_RESPONSE_STATUS_SUCCESSFUL then
    basic = own_basic(C.OCSP_response_get1_basic(outer.response))
  end
  outer:free()
  errors.clear()
  if basic then return basic end
  -- Below 0 the status could not be read.
  if not whole or status == K.OCSP_RESPONSE_STATUS_SUCCESSFUL or status < 0 then
    return nil, MALFORMED, false
  end
  local word = ffi.string(C.OCSP_response_status_str(status))
  return nil, ("the responder reports an error (%s)"):format(word), true
end

local function store_of(issuer, time)
  local store = own_store(C.X509_STORE_new())
  if not store
     or C.X509_STORE_set_flags(store.ocsp_store, K.X509_V_FLAG_PARTIAL_CHAIN) ~= 1 then
    return nil
  end
  shim.C.verification_time(C.X509_STORE_get0_param(store.ocsp_store), time)
  return C.X509_STORE_add_cert(store.ocsp_store, issuer) == 1 and store or nil
end

local function stack_of(issuer, responder)
  local stack = own_stack(C.OPENSSL_sk_new_null())
  if not stack or C.OPENSSL_sk_push(stack.signers, issuer) <= 0 then return nil end
  if responder and C.OPENSSL_sk_push(stack.signers, responder) <= 0 then return nil end
  return stack
end

-- OpenSSL finds the signer in this list also when the response contains no certificate. Only
-- a responder that the program named is trusted because it is in the list.
local function signed(basic, issuer, options, time)
  local store, signers = store_of(issuer, time), stack_of(issuer, options.responder)
  if not store or not signers then return nil, "out of memory" end
  errors.clear()
  local flags = options.responder and K.OCSP_TRUSTOTHER or 0
  local rc = C.OCSP_basic_verify(basic, signers.signers, store.ocsp_store, flags)
  local reason = rc ~= 1 and errors.reason()
  signers:free()
  store:free()
  if not reason then return true end
  return nil, ("the response is not signed by the issuer or on its behalf (%s)")
              :format(reason)
end

-- Identifiers are hashes, with a hash of the responder's choice.
local function is_about(single, subject, issuer)
  local object = ffi.new "lsf_ASN1_OBJECT *[1]"
  local id = C.OCSP_SINGLERESP_get0_id(single)
  if C.OCSP_id_get0_info(nil, object, nil, nil, id) ~= 1 then return false end
  local nid = C.OBJ_obj2nid(object[0])
  local md = nid ~= K.NID_undef and C.EVP_get_digestbyname(C.OBJ_nid2sn(nid)) or nil
  if not md or md == nil then return false end
  local wanted = own_id(C.OCSP_cert_to_id(md, subject, issuer))
  if not wanted then return false end
  local same = C.OCSP_id_cmp(wanted.id, id) == 0
  wanted:free()
  return same
end

-- The results of OpenSSL for one statement.
local code_t, time_t = ffi.typeof "int[1]", ffi.typeof "lsf_ASN1_GENERALIZEDTIME *[1]"

local function as_time(value)
  return ffi.cast("lsf_ASN1_TIME *", value[0])
end

local function moment(value)
  return asn1.moment(as_time(value))
end

-- Until when a response counts that is fresh, in seconds since 1970: what newer information is
-- to be had then. Without a time of the next update it counts for an age.
local function fresh(times, options, time)
  local this_update, next_update = times.this_update, times.next_update
  local leeway = math.min(options.leeway or LEEWAY, FOR_EVER)
  local most = math.min(options.maxage or MAXIMUM_AGE, FOR_EVER)
  local since = moment(this_update)
  if not since then return nil, MALFORMED end
  if since > time + leeway then
    return nil, ("the response is not valid before %s"):format(asn1.time(as_time(this_update)))
  end
  local named = next_update[0] ~= nil
  local till = since + most
  if named then till = moment(next_update) end
  if not till then return nil, MALFORMED end
  if till >= time - leeway then return till end
  local word = named and "the response has expired on %s" or "the response of %s is too old"
  return nil, word:format(asn1.time(as_time(named and next_update or this_update)))
end

local function text_of(value)
  return value[0] ~= nil and asn1.time(as_time(value)) or nil
end

-- The status, its details, and the times; or nil and the reason.
local function read(single)
  local code, revoked_at = code_t(), time_t()
  local this_update, next_update = time_t(), time_t()
  local times = { this_update = this_update, next_update = next_update }
  local status = C.OCSP_single_get0_status(single, code, revoked_at, this_update,
                                           next_update)
  local details = { thisupdate = text_of(this_update), nextupdate = text_of(next_update) }
  if status == K.V_OCSP_CERTSTATUS_GOOD then return "good", details, times end
  if status == K.V_OCSP_CERTSTATUS_UNKNOWN then return "unknown", details, times end
  if status ~= K.V_OCSP_CERTSTATUS_REVOKED then return nil, MALFORMED end
  details.revokedat = text_of(revoked_at)
  if code[0] >= 0 then details.reason = ffi.string(C.OCSP_crl_reason_str(code[0])) end
  return "revoked", details, times
end

-- One of several statements: how bad the news is. What cannot be read may be any of them.
local WEIGHT = { good = 1, unknown = 2, malformed = 3, revoked = 4 }

-- A statement about the certificate: the kind of its news, false where it is out of date; then the
-- status and the details, or nil and the reason.
local function weigh(single, options, time)
  local status, details, times = read(single)
  if not status then return "malformed", nil, details end
  local till, stale = fresh(times, options, time)
  if till then
    details.validtill = till
    return status, status, details
  end
  return stale == MALFORMED and "malformed", nil, stale
end

-- Of the statements about the certificate that are fresh the worst one counts: RFC 6960 says
-- nothing about several, and a revocation must not hide behind an older statement.
local function find(basic, subject, issuer, options, time)
  local worst, status, details = 0, nil, "the response is about another certificate"
  for i = 0, C.OCSP_resp_count(basic) - 1 do
    local single = C.OCSP_resp_get0(basic, i)
    if is_about(single, subject, issuer) then
      local kind, said, more = weigh(single, options, time)
      local weight = kind and WEIGHT[kind] or 0
      if weight > worst or worst == 0 then worst, status, details = weight, said, more end
    end
  end
  return status, details
end

-- 1: in both and equal.
local function same_nonce(basic, der)
  local pointer, whole = decode(C.d2i_OCSP_REQUEST, der)
  local request = own_request(pointer)
  if not request then return false end
  local same = whole and C.OCSP_check_nonce(request.request, basic) == 1
  request:free()
  return same
end

--- The status of a certificate by a response.
-- @tparam string der
-- @tparam cdata subject  X509; the caller keeps all of them alive
-- @tparam cdata issuer  X509, which is trusted
-- @tparam table options  `time`: seconds since 1970, now; `leeway`: seconds, 300;
--   `maxage`: seconds, a day, for a response that names no next update; `responder`:
--   X509 that is trusted to sign; `request`: DER whose nonce has to be in the response
-- @treturn string,table  "good", "revoked" or "unknown"; and `thisupdate`,
--   `nextupdate`, `revokedat` (text), `reason`; `validtill`: seconds since 1970, the next
--   update, or where none is named `maxage` after this one
-- @treturn nil,string,boolean  the reason why it does not count; true: the responder reports
--   an error
function response.judge(der, subject, issuer, options)
  local time = options.time or os.time()
  local basic, why, reported = response.parse(der)
  if not basic then return nil, why, reported end
  local status, details
  local ok, unsigned = signed(basic.basic, issuer, options, time)
  if not ok then
    status, details = nil, unsigned
  elseif options.request and not same_nonce(basic.basic, options.request) then
    status, details = nil, "the response has not the nonce of the request"
  else
    status, details = find(basic.basic, subject, issuer, options, time)
  end
  basic:free()
  errors.clear()
  if not status then return nil, details, false end
  return status, details
end

return response
