--- ssl.io.failure: why a connection failed, in parts.
--
-- They are noted when it fails: later the alert, the chain and the queue are gone.

local ffi        = require "ffi"
local lib        = require "ssl.ffi.lib"
local errors     = require "ssl.base.errors"
local faultycert = require "ssl.io.faultycert"
local C, K       = lib.C, lib.K

local failure = {}

local REFUSED = "certificate verify failed"

-- The chain may be fine, and for somebody else.
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

-- What verification said, when the handshake ended for it.
local function verification(st, word)
  local ssl = st.conn.ssl
  if ssl == nil or not word:find(REFUSED, 1, true) then return end
  local code = tonumber(C.SSL_get_verify_result(ssl))
  if code == K.X509_V_OK then return end
  local depth, subject, issuer = faultycert(st, code)
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
           or ffi.string(C.SSL_alert_desc_string_long(description)) }
end

-- The peer's goes first: ours would be an answer. But to a warning nobody has to answer.
local FATAL = K.SSL3_AL_FATAL * 256

local function alert(conn)
  local theirs, ours = conn.alert_in, conn.alert_out
  if theirs ~= 0 and (theirs >= FATAL or ours < FATAL) then
    return described("received", theirs)
  end
  if ours ~= 0 then return described("sent", ours) end
end

-- A stream has words and no number.
local function errno(conn)
  local number = conn.in_error ~= 0 and conn.in_error or conn.out_error
  return number > 0 and number or nil
end

--- A connection fails.
-- @tparam table st
-- @tparam string word  what the call will return
-- @tparam {table,...}|nil queue  from ssl.base.errors
function failure.note(st, word, queue)
  local conn, cause = st.conn, queue and errors.cause(queue) or {}
  st.problem = {
    message = word, code = cause.code, library = cause.library, reason = cause.reason,
    queue = queue, alert = alert(conn), verify = verification(st, word),
    errno = errno(conn),
  }
  errors.newest = st.problem
end

--- The words for a person, where the configuration wants them (`explain`).
-- @tparam table st
-- @tparam string word
-- @treturn string
function failure.explain(st, word)
  local verify = st.explain and st.problem and st.problem.verify
  if not verify or word ~= REFUSED then return word end
  local where = "depth " .. verify.depth
  if verify.subject then where = where .. ", " .. verify.subject end
  if verify.issuer then where = where .. ", issuer " .. verify.issuer end
  return ("%s: %s (%s)"):format(word, verify.text, where)
end

--- The words of a failure are those of `st.failed`.
-- @tparam table st
function failure.rename(st)
  st.problem = st.problem or {}
  st.problem.message = st.failed
  errors.newest = st.problem
end

local function copy(value)
  if type(value) ~= "table" then return value end
  local out = {}
  for key, field in pairs(value) do out[key] = copy(field) end
  return out
end

--- The fatal error of a connection, also after it was closed.
-- @tparam table st
-- @treturn table|nil  nil where there was none: a clean end is no error. `message`:
--   the words of the failed call, and the rest as far as there is something to say.
--   `code`, `library` and `reason`: the cause in OpenSSL's queue, and `queue` all of it.
--   `verify`, where the certificate was refused: `code` and `text` of OpenSSL, what
--   ssl.io.faultycert found (`depth`, `subject`, `issuer`), and whether it was `misnamed`, or
--   `untrusted`: its chain ends in no trusted certificate.
--   `alert`: `direction`, `code`, `text`. `errno`: of the transport.
function failure.of(st)
  -- A problem without failure: nothing can be sent any more, and what came can be read.
  if st.request or not st.failed and not st.problem then return nil end
  local out = copy(st.problem or {})
  out.message = st.failed or out.message
  return out
end

--- The newest failure of anything in this Lua state: of a connection as `of` describes
-- it, else OpenSSL's words alone.
-- @treturn table|nil  nil where nothing has failed yet
function failure.newest()
  local newest = errors.newest
  if not newest then return nil end
  local out = copy(newest)
  local first = not out.code and out.queue and out.queue[1]
  if first then out.code, out.library, out.reason = first.code, first.library, first.reason end
  return out
end

return failure
