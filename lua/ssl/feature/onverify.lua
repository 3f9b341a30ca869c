--- ssl.feature.onverify: judges the peer's certificates instead of OpenSSL.
--
-- The user's function cfg.onverify decides. A client that has pre-shared keys and no
-- `verify` accepts no certificate.
--
-- OpenSSL asks for each certificate of the chain, from the top down, with its own
-- opinion; the handshake stands still in a job (shim/pause.c) while the
-- function runs, on both sides alike. SSL_set_retry_verify would do the same on
-- clients and means "accepted" on servers, so it is not used anywhere.

local ffi      = require "ffi"
local lib      = require "ssl.ffi.lib"
local shim     = require "ssl.ffi.shim"
local later    = require "ssl.base.later"
local question = require "ssl.io.question"
local psk      = later.module "ssl.feature.psk"
local x509     = require "ssl.x509.certificate"
local C, K, H  = lib.C, lib.K, shim.K

local onverify = { name = "onverify" }

--- Can this OpenSSL do it?
onverify.supported = question.pauses

local function decide(conn, store_ctx, verdict)
  if verdict == true then
    C.X509_STORE_CTX_set_error(store_ctx, K.X509_V_OK)
  elseif C.X509_STORE_CTX_get_error(store_ctx) == K.X509_V_OK then
    C.X509_STORE_CTX_set_error(store_ctx, K.X509_V_ERR_APPLICATION_VERIFICATION)
  end
  question.answered(conn, verdict == true)
end

-- A certificate came where only a key is accepted. In a suite that proves a key beside the
-- certificate (RFC 4279, section 4) it is accepted, and reported as not verified.
local function without_certificate(st, store_ctx)
  local conn = st.conn
  local accepted = psk.beside_certificate(conn.ssl)
  if not accepted then
    st.psk_reason = psk.MISSING
    C.X509_STORE_CTX_set_error(store_ctx, K.X509_V_ERR_APPLICATION_VERIFICATION)
  end
  question.answered(conn, accepted)
end

-- Is this certificate accepted? Only `true` accepts.
local function ask(st, c)
  local conn = st.conn
  local store_ctx = conn.verify.store_ctx
  if not c.onverify then
    without_certificate(st, store_ctx)
    return
  end
  local code = C.X509_STORE_CTX_get_error(store_ctx)
  local depth = C.X509_STORE_CTX_get_error_depth(store_ctx)
  local cert = x509.borrow(C.X509_STORE_CTX_get_current_cert(store_ctx))
  local reason = code ~= K.X509_V_OK
             and ffi.string(C.X509_verify_cert_error_string(code)) or nil
  local verdict = question.ask(st, c.onverify, st.self, code == K.X509_V_OK, cert,
                               depth, reason)
  if st.status ~= "closed" then decide(conn, store_ctx, verdict) end
end

--- See ssl.handshake.features.
onverify.questions = { [H.LSF_QUESTION_VERIFY] = ask }

--- May the handshake have to stand still for it?
function onverify.pauses(_, c)
  return c.onverify and true or false
end

return onverify
