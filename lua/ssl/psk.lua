--- ssl.psk: pre-shared keys from the user's functions.
--
-- OpenSSL asks from inside the handshake and has no stopping point there, so a
-- connection whose context has such a function runs its handshake as a job that can
-- stand still (shim/pause.c). The key is written to where OpenSSL wants it, and
-- kept nowhere else.

local ffi      = require "ffi"
local lib      = require "ssl.ffi.lib"
local shim     = require "ssl.ffi.shim"
local question = require "ssl.question"
local C, K, S, H = lib.C, lib.K, shim.C, shim.K

local psk = {}

--- Handshakes of one Lua state that may stand still at once. Each holds a stack and
-- its handshake's memory, some 70 KB; a further one waits before it begins.
psk.MOST = 512

--- Can this OpenSSL do it?
psk.supported = lib.has.SSL_set_psk_client_callback == true
  and lib.has.SSL_set_psk_server_callback == true and C.ASYNC_is_capable() == 1

--- Take over the context's functions. Before a handshake, or when it switches.
-- @tparam table st
-- @tparam table ctx  the context's state
function psk.apply(st, ctx)
  if not psk.supported then return end
  local ssl = st.conn.ssl
  if st.server then
    C.SSL_set_psk_server_callback(ssl, ctx.psk_server and shim.callback "psk_server"
                                       or nil)
  else
    C.SSL_set_psk_client_callback(ssl, ctx.psk_client and shim.callback "psk_client"
                                       or nil)
  end
  st.pausable = (st.server and ctx.psk_server or ctx.psk_client) and true or false
  C.SSL_ctrl(ssl, st.pausable and K.SSL_CTRL_MODE or K.SSL_CTRL_CLEAR_MODE,
             K.SSL_MODE_ASYNC, nil)
end

--- The handshake is done; no job exists, and later calls need none.
function psk.done(st)
  if not st.pausable then return end
  C.SSL_ctrl(st.conn.ssl, K.SSL_CTRL_CLEAR_MODE, K.SSL_MODE_ASYNC, nil)
end

--- Must this handshake wait for a place?
function psk.crowded(st)
  return st.pausable and st.conn.paused == 0
     and S.paused(shim.pool.lsf_pool) >= psk.MOST
end

local function bytes(value, most)
  if type(value) == "number" then value = tostring(value) end
  if type(value) ~= "string" or value == "" or #value > most then return nil end
  return value
end

local function client(conn, identity, key)
  -- One byte of the room is for the NUL that ends an identity.
  identity = bytes(identity, conn.max_identity - 1)
  key = bytes(key, conn.max_psk)
  if not identity or not key or identity:find("\0", 1, true) then return 0 end
  ffi.copy(conn.identity, identity)
  ffi.copy(conn.psk, key, #key)
  return #key
end

local function server(conn, key)
  key = bytes(key, conn.max_psk)
  if not key then return 0 end
  ffi.copy(conn.psk, key, #key)
  return #key
end

--- Answer the paused handshake. What is no usable answer denies.
-- @tparam table st
-- @tparam table ctx  the context's state
function psk.answer(st, ctx)
  local conn = st.conn
  local asked = conn.asked ~= nil and ffi.string(conn.asked) or nil
  local length
  if conn.question == H.LSF_QUESTION_PSK_CLIENT then
    local identity, key = question.ask(st, ctx.psk_client, asked,
                                       conn.max_identity - 1, conn.max_psk)
    if st.status == "closed" then return end
    length = client(conn, identity, key)
  else
    local key = question.ask(st, ctx.psk_server, asked, conn.max_psk)
    if st.status == "closed" then return end
    length = server(conn, key)
  end
  conn.psk_length, conn.question = length, H.LSF_QUESTION_NONE
end

return psk
