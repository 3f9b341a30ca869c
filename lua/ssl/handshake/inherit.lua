--- ssl.handshake.inherit: the settings that a connection takes from its context.
--
-- OpenSSL copies most of them in SSL_new. LuaSec's settings beside the SSL_CTX
-- (lsec_continue, lsec_ignore_purpose) are applied here. When a server name switches the
-- context, OpenSSL exchanges the certificate and little else, so the other settings are
-- transferred here too: a context that demands client certificates must demand them of every
-- client that asks for its name.
--
-- A connection has the policy that its context had when the connection was made, or when
-- it was switched to the context. Later changes of a context must not reach existing
-- connections: otherwise a session that was judged by one policy could be resumed under
-- another. OpenSSL still looks up a few settings in the context, such as the cipher
-- suites. So a connection whose context has changed before its handshake resumes nothing.

local lib          = require "ssl.ffi.lib"
local shim         = require "ssl.ffi.shim"
local sslctx       = require "ssl.context.sslctx"
local curves       = require "ssl.context.curves"
local earlydata    = require "ssl.feature.earlydata"
local functionid   = require "ssl.base.functionid"
local job          = require "ssl.handshake.job"
local psk          = require "ssl.feature.psk"
local sessionid    = require "ssl.session.sessionid"
local sessionstore = require "ssl.session.store"
local tickets      = require "ssl.session.tickets"
local stapling     = require "ssl.feature.stapling"
local store        = require "ssl.trust.store"
local onverify     = require "ssl.feature.onverify"
local C, K         = lib.C, lib.K

local inherit = {}

-- A cast of -1 would be 2^63: LuaJIT leaves that to the processor.
local EVERY_OPTION = 0xffffffffffffffffULL

local verify_callback = shim.callback "verify"

-- lsec_ignore_purpose means "verify as a client does": it accepts certificates for servers
-- only. With false the function undoes the setting of an earlier context.
local function purpose(ssl, of_server)
  local param = C.SSL_get0_param(ssl)
  C.X509_VERIFY_PARAM_set_purpose(
    param, of_server and K.X509_PURPOSE_SSL_SERVER or K.X509_PURPOSE_SSL_CLIENT)
  C.X509_VERIFY_PARAM_set_trust(
    param, of_server and K.X509_TRUST_SSL_SERVER or K.X509_TRUST_SSL_CLIENT)
end

-- The keys `purpose`, `crl` and `partialchain`, the first of which goes before
-- lsec_ignore_purpose. Not in the store, which may belong to other contexts too.
local function chain(ssl, c)
  if c.verify_flags == 0 and not c.purpose then return end
  local param = C.SSL_get0_param(ssl)
  C.X509_VERIFY_PARAM_set_flags(param, c.verify_flags)
  if c.purpose then C.X509_VERIFY_PARAM_set_purpose(param, c.purpose) end
  if c.purpose_trust then C.X509_VERIFY_PARAM_set_trust(param, c.purpose_trust) end
end

-- With the key `crl` every certificate is looked up, and lists may be absent for a part of
-- the chain. With `crl_check_chain` in verifyext every certificate needs a list.
local function some_lists(c)
  if bit.band(c.verify_flags, K.X509_V_FLAG_CRL_CHECK_ALL) == 0 then return 0 end
  local param = C.X509_STORE_get0_param(C.SSL_CTX_get_cert_store(c.handle.ctx))
  local demanded = tonumber(C.X509_VERIFY_PARAM_get_flags(param))
  return bit.band(demanded, K.X509_V_FLAG_CRL_CHECK_ALL) == 0 and 1 or 0
end

-- Where a function judges certificates, SSL_VERIFY_NONE must not be used: OpenSSL would
-- ignore the function's result.
local function mode(c)
  local wanted = C.SSL_CTX_get_verify_mode(c.handle.ctx)
  return onverify.wanted(c) and bit.bor(wanted, K.SSL_VERIFY_PEER) or wanted
end

-- OpenSSL compares the session id context of the connection with that of a session.
-- SSL_new copies the context's. SSL_set_SSL_CTX copies it only where the connection still
-- had that of its old context, and the old context may have another one meanwhile. So it
-- is always set here. A context made for clients, which a name may choose too, has none.
local function set_session_context(st, id)
  st.policy = id
  if C.SSL_set_session_id_context(st.conn.ssl, id, #id) ~= 1 then
    error("ssl: a session id context that OpenSSL does not take", 0)
  end
end

local function bind(st, c, verifies_by)
  if st.server then
    set_session_context(st, c.session_context or verifies_by)
  else
    st.policy = verifies_by
  end
  store.settle(st.conn.ssl, c)
end

--- Take over the settings of the context. Before a handshake, or when it switches.
-- @tparam table st
-- @tparam table c  the context's state
-- @tparam string verifies_by  its fingerprint, from ssl.session.sessionid
function inherit.apply(st, c, verifies_by)
  local conn = st.conn
  bind(st, c, verifies_by)
  conn.verify.go_on = c.verify_continue and 1 or 0
  conn.verify.some_lists = some_lists(c)
  conn.verify.ask = onverify.wanted(c) and 1 or 0
  conn.posthandshake.once = c.once
  if st.eof ~= c.eof then st.eof = c.eof end
  if st.explain ~= c.explain then st.explain = c.explain end
  st.maxline, st.maxall = c.maxline, c.maxall
  C.SSL_set_verify(conn.ssl, mode(c), verify_callback)
  if c.ignore_purpose then purpose(conn.ssl, true) end
  chain(conn.ssl, c)
  psk.apply(st, c)
  stapling.apply(st, c)
  job.apply(st, c)
end

--- A server's handshake is about to begin. Where its context has changed since, the
-- connection gets a session id context of its own: it resumes no session, and no other
-- connection resumes one of its sessions.
-- @tparam table st
function inherit.settle(st)
  local c = st.c
  if c.handle:lost() or c.fingerprint and c.session_context == st.policy then
    return
  end
  local now = sessionid.bind(c)
  if (c.session_context or now) ~= st.policy then
    set_session_context(st, functionid.unique())
  end
end

local function version(from, to, ssl, c)
  C.SSL_ctrl(ssl, to, C.SSL_CTX_ctrl(c, from, 0, nil), nil)
end

--- Go on with another context. Within a handshake stopped at the ClientHello.
-- The connection keeps the context alive through OpenSSL's own count.
-- @tparam table st
-- @tparam userdata ctx
-- @raise when it is no usable context any more
function inherit.switch(st, ctx)
  local new = sslctx.state(ctx, 2)
  local ssl, to = st.conn.ssl, new.handle.ctx
  local lost = new.handle:lost()
  local verifies_by = not lost and sessionid.bind(new)
  if lost or C.SSL_set_SSL_CTX(ssl, to) == nil then
    error("ssl: the context for this server name cannot be used", 0)
  end
  purpose(ssl, false)
  C.X509_VERIFY_PARAM_clear_flags(C.SSL_get0_param(ssl), st.c.verify_flags)
  inherit.apply(st, new, verifies_by)
  C.SSL_set_verify_depth(ssl, C.SSL_CTX_get_verify_depth(to))
  C.SSL_clear_options(ssl, EVERY_OPTION)
  C.SSL_set_options(ssl, C.SSL_CTX_get_options(to))
  tickets.adopt(st, new)
  sessionstore.adopt(st, new)
  curves.hand_over(ssl, st.c, new)
  earlydata.adopt(st, st.c, new)
  version(K.SSL_CTRL_GET_MIN_PROTO_VERSION, K.SSL_CTRL_SET_MIN_PROTO_VERSION, ssl, to)
  version(K.SSL_CTRL_GET_MAX_PROTO_VERSION, K.SSL_CTRL_SET_MAX_PROTO_VERSION, ssl, to)
  st.ctx, st.c = ctx, new
end

return inherit
