--- ssl.feature.psk: pre-shared keys from the program's functions.
--
-- OpenSSL's callback comes in the middle of the handshake, without a stopping point. So a
-- connection whose context has such a function runs its handshake as a job that can
-- stand still (shim/pause.c). The key is written into OpenSSL's buffer, and kept nowhere
-- else.

local ffi        = require "ffi"
local lib        = require "ssl.ffi.lib"
local shim       = require "ssl.ffi.shim"
local resumption = require "ssl.session.resumption"
local question   = require "ssl.io.question"
local C, K, H    = lib.C, lib.K, shim.K

local psk = {
  name = "psk",
  --- Why a handshake ended that went on without a key.
  MISSING = "no pre-shared key was agreed on, and without verify no certificate is accepted",
}

--- Can this OpenSSL do it?
psk.supported = lib.has.SSL_set_psk_client_callback == true
  and lib.has.SSL_set_psk_server_callback == true and question.pauses

--- Take over the context's functions. Before a handshake, or when it switches.
-- @tparam table st
-- @tparam table c  the context's state
function psk.apply(st, c)
  if not psk.supported then return end
  local ssl = st.conn.ssl
  local f = st.server and c.psk_server or not st.server and c.psk_client or false
  if st.psk ~= f then st.psk = f end
  if st.server then
    C.SSL_set_psk_server_callback(ssl, f and shim.callback "psk_server" or nil)
  else
    C.SSL_set_psk_client_callback(ssl, f and shim.callback "psk_client" or nil)
  end
end

-- How the suite that the server has chosen exchanges keys, in the middle of a handshake.
local function exchange(ssl)
  local suite = C.SSL_get_pending_cipher(ssl)
  return suite ~= nil and C.SSL_CIPHER_get_kx_nid(suite)
end

--- Does the suite that the server has chosen prove its key beside its certificate? Asked
-- while the certificate is looked at.
function psk.beside_certificate(ssl)
  return exchange(ssl) == K.NID_kx_rsa_psk
end

--- Does the suite that the server has chosen prove a key in place of a certificate? Up to
-- TLS 1.2; behind the server's messages.
function psk.alone(ssl)
  local kind = exchange(ssl)
  return kind == K.NID_kx_psk or kind == K.NID_kx_dhe_psk or kind == K.NID_kx_ecdhe_psk
end

local function bytes(value, most)
  if type(value) == "number" then value = tostring(value) end
  if type(value) ~= "string" or value == "" or #value > most then return nil end
  return value
end

local function client(conn, identity, key)
  -- One byte of the room is for the NUL that ends an identity.
  identity = bytes(identity, conn.psk_call.max_identity - 1)
  key = bytes(key, conn.psk_call.max_key)
  if not identity or not key or identity:find("\0", 1, true) then return 0 end
  ffi.copy(conn.psk_call.identity, identity)
  ffi.copy(conn.psk_call.key, key, #key)
  return #key
end

local function server(conn, key)
  key = bytes(key, conn.psk_call.max_key)
  if not key then return 0 end
  ffi.copy(conn.psk_call.key, key, #key)
  return #key
end

-- The answer: how long the key is, 0 for none.
local function answered(st, length)
  -- A server looks at the client's keys and tickets in turn, and takes the first that is good.
  resumption.keyed(st, length > 0)
  st.conn.psk_call.key_length = length
  question.answered(st.conn)
end

local function hint_of(conn)
  return conn.psk_call.hint ~= nil and ffi.string(conn.psk_call.hint) or nil
end

-- On a client: which identity and key? A result that is no usable key denies.
local function ask_client(st)
  local conn = st.conn
  local identity, key = question.ask(st, st.psk, hint_of(conn),
                                     conn.psk_call.max_identity - 1, conn.psk_call.max_key)
  if st.status ~= "closed" then answered(st, client(st.conn, identity, key)) end
end

-- On a server: which key has this identity?
local function ask_server(st)
  local key = question.ask(st, st.psk, hint_of(st.conn), st.conn.psk_call.max_key)
  if st.status ~= "closed" then answered(st, server(st.conn, key)) end
end

--- See ssl.handshake.features.
psk.questions = { [H.LSF_QUESTION_PSK_CLIENT] = ask_client,
                  [H.LSF_QUESTION_PSK_SERVER] = ask_server }

--- May the handshake have to stand still for it?
function psk.pauses(st)
  return st.psk and true or false
end

return psk
