--- ssl.sessionstore: a server's sessions, kept where the user likes.
--
--   get(id, conn) -> bytes or nil      put(id, bytes, conn, seconds)      remove(id)
--
-- OpenSSL asks for a session in the middle of a handshake and has no stopping point
-- there, so the connection runs its handshake as a job that stands still while `get`
-- looks (shim/pause.c). New sessions are handed to `put` when the handshake is done,
-- and what must not be used any more to `remove`, when that shows.
--
-- A store is for sessions, a ticket holds one itself: where there is a store, sessions
-- are in it and the client gets an id, unless the context has ticket keys.

local ffi      = require "ffi"
local lib      = require "ssl.ffi.lib"
local shim     = require "ssl.ffi.shim"
local err      = require "ssl.err"
local question = require "ssl.question"
local session  = require "ssl.session"
local C, K, H  = lib.C, lib.K, shim.K

local sessionstore = {}

--- Can this OpenSSL do it?
sessionstore.supported = C.ASYNC_is_capable() == 1

local SERVER_CACHE = bit.bor(K.SSL_SESS_CACHE_SERVER, K.SSL_SESS_CACHE_NO_INTERNAL)

-- In the place of a client's policy: OpenSSL's session says which context it is of.
local NO_POLICY = ("\0"):rep(32)

local function use_cache(ctx)
  C.SSL_CTX_ctrl(ctx, K.SSL_CTRL_SET_SESS_CACHE_MODE, SERVER_CACHE, nil)
end

--- Let a context's connections use a store.
-- @tparam table c  the context's state
-- @tparam table store  with `get`, `put`, and perhaps `remove`
function sessionstore.enable(c, store)
  local ctx = c.handle.ctx
  c.sessionstore = store
  use_cache(ctx)
  C.SSL_CTX_sess_set_new_cb(ctx, shim.callback "new_session")
  C.SSL_CTX_sess_set_get_cb(ctx, shim.callback "get_session")
  if not c.tickets then C.SSL_CTX_set_options(ctx, lib.options.no_ticket) end
end

--- A server's connection begins: its sessions are where this context has them, whatever
-- context the handshake is switched to. So OpenSSL has it.
-- @tparam table st
-- @tparam table c  the context's state
function sessionstore.apply(st, c)
  if c.sessionstore then st.store = c.sessionstore end
end

--- The handshake goes on with another context. Whether there are session ids is
-- OpenSSL's question to that one; without a store of its own they lead nowhere there.
-- @tparam table st
-- @tparam table c  the other context's state
function sessionstore.adopt(st, c)
  if not st.store then return end
  if not c.sessionstore then use_cache(c.handle.ctx) end
  if st.conn.tickets == nil then C.SSL_set_options(st.conn.ssl, lib.options.no_ticket) end
end

-- The session that the store's bytes hold, if it is the one with this id. A store may
-- be shared with who knows whom.
local function decode(id, bytes)
  local _, der = session.open(bytes)
  local pointer = der and session.decode(der)
  if not pointer then return nil end
  if session.id(pointer) == id then return pointer end
  C.SSL_SESSION_free(pointer)
end

--- Answer the paused handshake. What is no session of that id is none; the handshake
-- is a full one then.
-- @tparam table st
function sessionstore.answer(st)
  local conn, store = st.conn, st.store
  local id = ffi.string(conn.session_id, conn.session_id_length)
  local bytes = question.ask(st, store.get, id, st.self)
  if st.status == "closed" then return end
  local pointer = type(bytes) == "string" and decode(id, bytes) or nil
  if pointer and session.expired(pointer) then
    C.SSL_SESSION_free(pointer)
    pointer = nil
    if store.remove then question.ask(st, store.remove, id) end
    if st.status == "closed" then return end
  end
  conn.found, conn.question = pointer, H.LSF_QUESTION_NONE
end

-- A stateless ticket of TLS 1.3 comes by here too.
local function in_ticket(st, pointer)
  return C.SSL_SESSION_get_protocol_version(pointer) >= K.TLS1_3_VERSION
     and bit.band(C.SSL_get_options(st.conn.ssl),
                  ffi.cast("uint64_t", lib.options.no_ticket)) == 0
end

--- Put a session into the store.
-- @tparam table st
-- @tparam cdata pointer  whose reference is taken over
function sessionstore.keep(st, pointer)
  local store = st.store
  local der = store and not in_ticket(st, pointer) and session.encode(pointer)
  local id, seconds = session.id(pointer), tonumber(C.SSL_SESSION_get_timeout(pointer))
  C.SSL_SESSION_free(pointer)
  if der then store.put(id, session.seal(NO_POLICY, der), st.self, seconds) end
end

--- The connection ends: a session that OpenSSL has given up, after a fatal alert, is
-- not to be used again.
-- @tparam table st
function sessionstore.forget(st)
  local ssl, store = st.conn.ssl, st.store
  if not store or not store.remove or ssl == nil or st.asking then return end
  local pointer = C.SSL_get_session(ssl)
  if pointer == nil or C.SSL_SESSION_is_resumable(pointer) == 1 then return end
  local id = session.id(pointer)
  err.clear()
  if id ~= "" then store.remove(id) end
end

return sessionstore
