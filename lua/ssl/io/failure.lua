--- ssl.io.failure: the reason of a connection's failure, in parts.
--
-- They are noted when it fails: later the alert, the chain and the queue are gone. Whether
-- an end, a reset or an error of OpenSSL is a failure is decided in ssl.io.verdict.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local later  = require "ssl.base.later"
local chains = later.module "ssl.x509.chains"
local errors = require "ssl.base.errors"
local C, K   = lib.C, lib.K

local failure = {}

local REFUSED = errors.REFUSED

-- What a person may do next.
local NO_TLS = "the peer does not speak TLS, or not before a command such as STARTTLS"
local NO_NOTIFY = "the peer has not sent close_notify, so data may be missing; the key `eof` "
                  .. "decides what such an end means"

-- OpenSSL's texts for a record that is none. From 3.2 on it can look at the length first.
local NO_RECORD = { ["wrong version number"] = true, ["bad record type"] = true,
                    ["packet length too long"] = true }

-- The chain may be good, but the certificate is for another name.
local MISNAMED = {
  [K.X509_V_ERR_HOSTNAME_MISMATCH] = true, [K.X509_V_ERR_EMAIL_MISMATCH] = true,
  [K.X509_V_ERR_IP_ADDRESS_MISMATCH] = true,
}

-- The chain ends in no trusted certificate: trusting an authority may be the remedy.
local UNTRUSTED = {
  [K.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT] = true,
  [K.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY] = true,
  [K.X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE] = true,
  [K.X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT] = true,
  [K.X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN] = true,
  [K.X509_V_ERR_CERT_UNTRUSTED] = true,
}

-- Errors about a CRL: its issuer is that of the certificate.
local OF_LISTS = {
  [K.X509_V_ERR_UNABLE_TO_GET_CRL]        = true,
  [K.X509_V_ERR_CRL_SIGNATURE_FAILURE]    = true,
  [K.X509_V_ERR_CRL_NOT_YET_VALID]        = true,
  [K.X509_V_ERR_CRL_HAS_EXPIRED]          = true,
  [K.X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER] = true,
}

-- The certificate that verification refused, or the one whose CRL is missing: the depth, 0
-- for the peer's own; its subject (RFC 4514), if the chain that was built has it; and where a
-- CRL is missing or cannot be used, the expected issuer of that.
local function refused(st, code)
  local depth = st.conn.verify.depth
  local cert = chains.verified_nth(st.conn.ssl, depth + 1)
  local subject = cert and cert:subjecttext()
  local issuer = cert and OF_LISTS[code] and cert:issuertext() or nil
  errors.clear()
  return depth, subject, issuer
end

-- The result of verification, where it ended the handshake.
local function verification(st, word)
  local ssl = st.conn.ssl
  if ssl == nil or not word:find(REFUSED, 1, true) then return end
  local code = tonumber(C.SSL_get_verify_result(ssl))
  if code == K.X509_V_OK then return end
  local depth, subject, issuer = refused(st, code)
  return { code = code, text = ffi.string(C.X509_verify_cert_error_string(code)),
           depth = depth, subject = subject, issuer = issuer,
           misnamed = MISNAMED[code] or false, untrusted = UNTRUSTED[code] or false }
end

-- Those that OpenSSL calls "unknown".
local ALERTS = {
  [K.SSL_AD_INAPPROPRIATE_FALLBACK] = "inappropriate fallback",
  [K.SSL_AD_MISSING_EXTENSION]      = "missing extension",
  [K.SSL_AD_CERTIFICATE_REQUIRED]   = "certificate required",
}

local function described(direction, value)
  local description = value % 256
  return { direction = direction, code = description, text = ALERTS[description]
           or errors.alert_text(description) or "alert " .. description }
end

-- The peer's alert comes first: ours would be a reaction to it. But a warning needs no
-- reaction, so it does not count.
local FATAL = K.SSL3_AL_FATAL * 256

-- LibreSSL reports the peer's alerts of TLS 1.3 in its queue alone, and none of its own.
local function alert(conn, queue)
  local theirs, ours = conn.alerts.received, conn.alerts.sent
  if theirs ~= 0 and (theirs >= FATAL or ours < FATAL) then
    return described("received", theirs)
  end
  if ours ~= 0 then return described("sent", ours) end
  local heard = queue and errors.heard(queue)
  if heard then return described("received", heard) end
end

-- A stream has a message and no number.
local function errno(conn)
  local number = conn.in_error ~= 0 and conn.in_error or conn.out_error
  return number > 0 and number or nil
end

--- The reason in an error queue. LibreSSL's server of TLS 1.2 says of a certificate that it
-- refused that there was none.
-- @tparam table st
-- @tparam {table,...} queue  from ssl.base.errors
-- @treturn string|nil
function failure.reason(st, queue)
  local cause = errors.cause(queue)
  if cause.code and lib.error_library(cause.code) == K.ERR_LIB_SSL
     and lib.error_reason(cause.code) == K.SSL_R_NO_CERTIFICATE_RETURNED
     and C.SSL_get_verify_result(st.conn.ssl) ~= K.X509_V_OK then
    return REFUSED
  end
  return cause.reason
end

-- Before a cipher is chosen the bad record is the peer's first one.
local function hint(st, word, reason)
  if word == errors.CUT_OFF then return st.status == "connected" and NO_NOTIFY or nil end
  local ssl = st.conn.ssl
  if NO_RECORD[reason] and ssl ~= nil and C.SSL_get_current_cipher(ssl) == nil then
    return NO_TLS
  end
end

--- What is known of a failure.
-- @tparam table st
-- @tparam string word  the message that the call returns
-- @tparam {table,...}|nil queue  from ssl.base.errors
-- @treturn table  as `lasterror` returns it
function failure.parts(st, word, queue)
  local conn, cause = st.conn, queue and errors.cause(queue) or {}
  local reason = queue and failure.reason(st, queue)
  return {
    message = word, code = cause.code, library = cause.library, reason = reason,
    queue = queue, alert = alert(conn, queue), verify = verification(st, word),
    errno = errno(conn), hint = hint(st, word, reason),
  }
end

--- The message with the refused certificate and the reason, or with the next step, where the
-- key `explain` is set.
-- @tparam table st
-- @tparam string word
-- @treturn string
function failure.explain(st, word)
  local problem = st.explain and st.problem
  if not problem then return word end
  if problem.hint then return ("%s: %s"):format(word, problem.hint) end
  local verify = problem.verify
  if not verify or word ~= REFUSED then return word end
  local where = "depth " .. verify.depth
  if verify.subject then where = where .. ", " .. verify.subject end
  if verify.issuer then where = where .. ", issuer " .. verify.issuer end
  return ("%s: %s (%s)"):format(word, verify.text, where)
end

return failure
