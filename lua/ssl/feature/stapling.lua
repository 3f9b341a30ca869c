--- ssl.feature.stapling: OCSP responses within the handshake (RFC 6066 section 8).
--
-- A client judges the response in OpenSSL's callback: the server's certificate has been
-- verified, and this side has not yet sent its Finished, nor its own certificate in TLS 1.3.
-- The handshake stands still in a job meanwhile (shim/stapling.c), so that Lua judges, and a
-- refusal is an alert before any data. Where a function supplies a server's response, the
-- handshake stands still when the certificate has been chosen.

local ffi       = require "ffi"
local lib       = require "ssl.ffi.lib"
local shim      = require "ssl.ffi.shim"
local later     = require "ssl.base.later"
local errors    = require "ssl.base.errors"
local extension = require "ssl.x509.extension"
local ocsp      = require "ssl.ocsp.request"
local chains    = require "ssl.x509.chains"
local question  = require "ssl.io.question"
local encode    = require "ssl.base.encode"
local psk       = later.module "ssl.feature.psk"
local response  = require "ssl.ocsp.response"
local state     = require "ssl.io.state"
local tlv       = require "ssl.x509.der"
local x509      = require "ssl.x509.certificate"
local C, K, H   = lib.C, lib.K, shim.K

local stapling = { name = "stapling" }

--- Can this OpenSSL do it?
stapling.supported = ocsp.supported and question.pauses

--- The longest response that can be stapled: a message of that kind has at most 16,384
-- bytes, four of which come before the response.
stapling.LONGEST = 16380

-- TLS features (RFC 7633): the extensions that a server has to answer.
local TLS_FEATURE, STATUS_REQUEST = "1.3.6.1.5.5.7.1.24", 5

local bytes_t = ffi.typeof "const unsigned char *"

-- `st.staple` is there where a response was given, or judged: a server's `bytes`; a client's
-- `verdict`, `till` when it holds, and the `reason` of a refusal.
local function part_of(st)
  st.staple = st.staple or { bytes = false, verdict = false, till = false, reason = false }
  return st.staple
end

local function put(st, der)
  local conn = st.conn
  if der or st.staple then part_of(st).bytes = der or false end -- keeps the bytes alive
  conn.ocsp.response = der and ffi.cast(bytes_t, der) or nil
  conn.ocsp.response_length = der and #der or 0
end

--- Take over the settings of the context. Before a handshake, or when it switches.
-- @tparam table st
-- @tparam table c  the context's state
function stapling.apply(st, c)
  local given = c.ocspresponse
  st.conn.ocsp.ask = type(given) == "function" and 1 or 0
  put(st, type(given) == "string" and given)
end

--- May the handshake have to stand still for it?
function stapling.pauses(st, c)
  if st.server then return type(c.ocspresponse) == "function" end
  return c.ocsp and true or false
end

-- On a client in TLS 1.3, where OpenSSL 3.6 has a response for each certificate of the
-- chain. The stack and its members belong to the connection.
local function first_of_many(ssl)
  local command = K.SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP_EX
  if not command or not lib.has.i2d_OCSP_RESPONSE then return nil end
  local stack = ffi.new "lsf_OPENSSL_STACK *[1]"
  if tonumber(C.SSL_ctrl(ssl, command, 0, stack)) <= 0 or stack[0] == nil then return nil end
  local leaf = ffi.cast("lsf_OCSP_RESPONSE *", C.OPENSSL_sk_value(stack[0], 0))
  if leaf == nil then return nil end
  local der = encode(C.i2d_OCSP_RESPONSE, leaf)
  return der
end

-- The response that the server stapled: received, or sent. DER, or nil.
local function stapled(st)
  local ssl = st.conn.ssl
  local data = ffi.new "unsigned char *[1]"
  local length = tonumber(C.SSL_ctrl(ssl, K.SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP, 0,
                                     data))
  if length > 0 and data[0] ~= nil then return ffi.string(data[0], length) end
  local der = first_of_many(ssl)
  return der
end

-- What cannot be read demands it too.
local function must_staple(pointer)
  local der, _, unknown = extension.find(pointer, TLS_FEATURE)
  if not der then return unknown end
  local features = tlv.sequence(der)
  if not features then return true end
  for _, feature in ipairs(features) do
    if tlv.integer(feature.content) == STATUS_REQUEST then return true end
  end
  return false
end

-- The names alone prove nothing: a server that shows a certificate may also show an
-- authority of that name.
local function has_signed(issuer, leaf)
  local key = C.X509_get0_pubkey(x509.pointer(issuer))
  return key ~= nil and C.X509_verify(x509.pointer(leaf), key) == 1
end

-- The verified chain may end with the leaf: the leaf itself is trusted, or no issuer was
-- found. Then the issuer is taken from the chain that the server sent.
local function issuer_of(st, leaf)
  local ssl = st.conn.ssl
  local issuer = chains.verified_nth(ssl, 2)
  if not issuer then
    if chains.verified_nth(ssl, 1) and leaf:issued(leaf) then return leaf end
    issuer = chains.peer_nth(ssl, st.server, 2)
  end
  return issuer and has_signed(issuer, leaf) and issuer or nil
end

local function words(status, details)
  if status == "unknown" then return "the responder does not know the certificate" end
  if not details.reason then return "the certificate was revoked" end
  return ("the certificate was revoked (%s)"):format(details.reason)
end

-- A responder's error is not signed: an attacker who could insert it could leave out the
-- response as well.
local function absent(c, leaf, reported)
  if c.ocsp == "require" then
    return false, reported or "the server has stapled no response"
  end
  if must_staple(x509.pointer(leaf)) then
    return false, reported or "the certificate demands a stapled response, and there is none"
  end
  return true
end

-- A key shared beforehand has no certificate that could be revoked. An anonymous server has
-- none either, and proves nothing.
local function without_certificate(ssl, c)
  if C.SSL_get_peer_cert_chain(ssl) ~= nil then return false, "not enough memory" end
  return c.ocsp ~= "require" or psk.alone(ssl), "the server has shown no certificate"
end

-- A session's certificate was judged when the session was made, which does not outlive the
-- response (ssl.session.resumption).
local function judge(st, c)
  local ssl = st.conn.ssl
  local leaf = chains.peer_nth(ssl, st.server, 1)
  if C.SSL_session_reused(ssl) == 1 then return true end
  if not leaf then return without_certificate(ssl, c) end
  local der = stapled(st)
  if not der then return absent(c, leaf) end
  local issuer = issuer_of(st, leaf)
  if not issuer then return false, "the issuer of the certificate is not known" end
  local status, details, reported = response.judge(der, x509.pointer(leaf),
                                                   x509.pointer(issuer), {})
  if status == "good" then
    local part = part_of(st)
    part.verdict, part.till = status, details.validtill
    return true
  end
  if reported then return absent(c, leaf, details) end
  return false, status and words(status, details) or details
end

local function ask(st, c)
  local cert = x509.borrow(C.SSL_get_certificate(st.conn.ssl))
  local der = question.ask(st, c.ocspresponse, st.self, cert)
  if st.status == "closed" then return end
  if der and type(der) ~= "string" then
    question.give_up(st, "ssl: the function ocspresponse has to return a string or nil")
  end
  if der and #der > stapling.LONGEST then
    question.give_up(st, ("ssl: the function ocspresponse returned more than %d bytes")
                         :format(stapling.LONGEST))
  end
  put(st, der)
  question.answered(st.conn, true)
end

-- On a server: which response? On a client: is the response accepted?
local function answer(st, c)
  if st.server then
    ask(st, c)
    return
  end
  local ok, why = judge(st, c)
  errors.clear()
  if not ok then part_of(st).reason = "OCSP: " .. why end
  question.answered(st.conn, ok)
end

--- See ssl.handshake.features.
stapling.questions = { [H.LSF_QUESTION_STATUS] = answer }

--- The OCSP response that the server stapled: the received one on a client with `ocsp`, the
-- sent one on a server.
-- @treturn string|nil  DER
-- @treturn string|nil  "good" on a client whose handshake went on because of it
function stapling:getocspresponse()
  local st = state.connected(self)
  if not st then return nil, "closed" end
  local der = stapled(st)
  if der and st.staple and st.staple.verdict then return der, st.staple.verdict end
  return der
end

return stapling
