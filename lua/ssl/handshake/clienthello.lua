--- ssl.handshake.clienthello: a server's decisions at the ClientHello.
--
-- The handshake has stopped: inside OpenSSL (shim/clienthello.c), or, where OpenSSL has no
-- callback for it, before OpenSSL gets the ClientHello (shim/hellorecord.c). In this order: the
-- function onclienthello chooses a context or refuses; if it does not choose, the server name
-- decides; then the context in force supplies DH parameters and an ALPN list. Each function runs
-- on the caller's coroutine and may raise, yield, or close the connection.

local ffi      = require "ffi"
local lib      = require "ssl.ffi.lib"
local shim     = require "ssl.ffi.shim"
local alpn     = require "ssl.feature.alpn"
local dh       = require "ssl.feature.dh"
local hello    = require "ssl.handshake.clienthello_wire"
local inherit  = require "ssl.handshake.inherit"
local question = require "ssl.io.question"
local sni      = require "ssl.handshake.sni"
local C, K, H  = lib.C, lib.K, shim.K

local clienthello = { name = "clienthello", supported = true }

-- The size that the program's function gets: the same as in LuaSec, for every certificate.
local DH_BITS = 1024

-- Reasons for a refusal: the alert's names in RFC 8446 section 6.2.
local ALERTS = {
  handshake_failure       = K.SSL_AD_HANDSHAKE_FAILURE,
  access_denied           = K.SSL_AD_ACCESS_DENIED,
  protocol_version        = K.SSL_AD_PROTOCOL_VERSION,
  insufficient_security   = K.SSL_AD_INSUFFICIENT_SECURITY,
  internal_error          = K.SSL_AD_INTERNAL_ERROR,
  user_canceled           = K.SSL_AD_USER_CANCELLED,
  unrecognized_name       = K.SSL_AD_UNRECOGNIZED_NAME,
  no_application_protocol = K.SSL_AD_NO_APPLICATION_PROTOCOL,
}

local bytes_t = ffi.typeof "const unsigned char *"

local function refuse(st, reason)
  st.conn.hello.state = H.LSF_HELLO_REFUSE
  st.conn.hello.alert = ALERTS[reason] or K.SSL_AD_HANDSHAKE_FAILURE
end

-- Ask for the DH parameters of a context and keep them for OpenSSL's callback.
local function ask_dh(st, c, said)
  if not dh.possible(st.conn.ssl, hello.describe(said)) then return end
  local group, reason = question.ask(st, dh.ask, c, DH_BITS)
  if st.status == "closed" or not group and not reason then return end
  st.dh_reason = reason or false
  if group and C.DH_up_ref(group.dh) == 1 then st.conn.hello.dh = group.dh end
  C.SSL_set_tmp_dh_callback(st.conn.ssl, shim.callback "tmp_dh")
end

local STOP = lib.has.SSL_CTX_set_client_hello_cb and H.LSF_HELLO_ASK or H.LSF_HELLO_READ

--- Stop at the ClientHello. OpenSSL returns there: that needs no job.
-- @tparam table st
function clienthello.prepare(st)
  st.conn.hello.state = STOP
end

--- See ssl.handshake.features.
function clienthello.pauses()
  return false
end

local function adopt(st, ctx)
  local ok, problem = pcall(inherit.switch, st, ctx)
  if not ok then question.give_up(st, problem) end
end

-- The choice of onclienthello. False: no further decision is needed.
local function asked(st, said, f)
  local protocols = said.alpn and alpn.decode(said.alpn) or nil
  local choice, reason = question.ask(st, f, st.self, hello.describe(said, protocols))
  if st.status == "closed" then return false end
  if choice == false then
    refuse(st, reason)
    return false
  end
  if choice ~= nil then adopt(st, choice) end
  return true, choice ~= nil
end

local function choose_context(st, said)
  local go_on, chosen = true, false
  local f = st.c.onclienthello
  sni.received(st, said.name)
  if f then go_on, chosen = asked(st, said, f) end
  if not go_on or chosen then return go_on end
  local ctx, fine = sni.choose(st, said.name)
  if st.status == "closed" then return false end
  if not fine then
    refuse(st, "unrecognized_name")
    return false
  end
  if ctx then
    adopt(st, ctx)
    st.conn.hello.sni_used = 1
  end
  return true
end

local function choose_protocol(st, offered)
  local select = st.c.alpn_select
  if not select or not offered or not alpn.decode(offered) then return end
  local wire = question.ask(st, select, offered)
  if st.status == "closed" or type(wire) ~= "string" or not alpn.decode(wire) then
    return
  end
  st.alpn = wire -- keeps the bytes alive
  st.conn.hello.alpn, st.conn.hello.alpn_length = ffi.cast(bytes_t, st.alpn), #st.alpn
end

-- Answer the stopped handshake.
local function answer(st)
  local conn = st.conn
  local said = hello.parse(ffi.string(conn.hello.copy, conn.hello.copy_length))
  if not choose_context(st, said) then return end
  if st.c.dhparam then ask_dh(st, st.c, said) end
  if st.status ~= "closed" then choose_protocol(st, said.alpn) end
  if st.status ~= "closed" then conn.hello.state = H.LSF_HELLO_ACCEPT end
end

--- See ssl.handshake.features.
clienthello.questions = { [question.CLIENTHELLO] = answer }

return clienthello
