--- ssl.session.store: a server's sessions, kept by functions of the program.
--
--   get(id, conn) -> bytes or nil      put(id, bytes, conn, seconds)      remove(id)
--
-- OpenSSL asks for a session in the middle of a handshake and has no stopping point
-- there. So the connection runs its handshake as a job that stands still during `get`
-- (shim/pause.c). New sessions are passed to `put` when the handshake is done. The id of a
-- session that must not be used any more is passed to `remove`.
--
-- A ticket contains its session. With a store sessions are in the store and the client gets
-- an id, unless the context has ticket keys.
--
-- The connections of a context keep its `sessionstore` as `store`:
-- { user = the user's table, keys = of ssl.session.seal, by_tickets = true where these come
-- from `ticketkeys`, counts = numbers for context.sessionstats }.

local ffi           = require "ffi"
local lib           = require "ssl.ffi.lib"
local shim          = require "ssl.ffi.shim"
local errors        = require "ssl.base.errors"
local lifecycle     = require "ssl.io.lifecycle"
local question      = require "ssl.io.question"
local seal          = require "ssl.session.seal"
local session       = require "ssl.session.object"
local sessionorigin = require "ssl.io.sessionorigin"
local C, K, H       = lib.C, lib.K, shim.K

local sessionstore = { name = "sessionstore" }

--- Can this OpenSSL do it?
sessionstore.supported = question.pauses and seal.supported

local SERVER_CACHE = bit.bor(K.SSL_SESS_CACHE_SERVER, K.SSL_SESS_CACHE_NO_INTERNAL)

local function use_cache(raw)
  C.SSL_CTX_ctrl(raw, K.SSL_CTRL_SET_SESS_CACHE_MODE, SERVER_CACHE, nil)
end

--- Let a context's connections use a store.
-- @tparam table c  the context's state
-- @tparam table user  with `get`, `put`, and perhaps `remove`
-- @tparam {string,...}|nil secrets  for ssl.session.seal; nil: the store is trusted
-- @tparam boolean by_tickets  they are the keys of the tickets
function sessionstore.enable(c, user, secrets, by_tickets)
  local raw = c.handle.raw
  c.sessionstore = { user = user, keys = seal.keys(secrets or { "" }),
                     by_tickets = by_tickets or false,
                     counts = { found = 0, absent = 0, expired = 0, foreign = 0, refused = 0,
                                kept = 0 } }
  use_cache(raw)
  C.SSL_CTX_sess_set_new_cb(raw, shim.callback "new_session")
  C.SSL_CTX_sess_set_get_cb(raw, shim.callback "get_session")
  if not c.tickets then C.SSL_CTX_set_options(raw, lib.options.no_ticket) end
end

--- The keys of a context's tickets were replaced.
-- @tparam table c  the context's state
-- @tparam {string,...} secrets
function sessionstore.rekey(c, secrets)
  local store = c.sessionstore
  if store and store.by_tickets then seal.replace(store.keys, secrets) end
end

--- Replace the secrets by ones that are not the keys of the tickets.
-- @tparam table c  the context's state
-- @tparam {string,...} secrets
function sessionstore.setkey(c, secrets)
  c.sessionstore.by_tickets = false
  seal.replace(c.sessionstore.keys, secrets)
end

--- A server's connection begins. It uses the store of this context, also after a switch to
-- another context, because OpenSSL keeps the first context's callbacks.
-- @tparam table st
-- @tparam table c  the context's state
function sessionstore.begin(st, c)
  st.store = c.sessionstore
end

--- The handshake goes on with another context. Whether there are session ids is
-- OpenSSL's question to that one; without a store of its own they lead nowhere there.
-- @tparam table st
-- @tparam table c  the other context's state
function sessionstore.adopt(st, c)
  if not st.store then return end
  if not c.sessionstore then use_cache(c.handle.raw) end
  if st.conn.sessions.tickets == nil then C.SSL_set_options(st.conn.ssl, lib.options.no_ticket) end
end

-- The session of an entry, or nil and the counter that it adds to. Only an authentic entry
-- is decoded. OpenSSL compares the session id context of the session itself.
local function decode(st, id, entry)
  if entry == nil or entry == false then return nil, "absent" end
  local context, expires, der
  if type(entry) == "string" then context, expires, der = seal.open(st.store.keys, id, entry) end
  if not context then return nil, "refused" end
  if context ~= st.policy then return nil, "foreign" end
  if expires <= os.time() then return nil, "expired" end
  local pointer = session.decode(der)
  if not pointer then return nil, "refused" end
  if session.id(pointer) == id and not session.expired(pointer) then return pointer, "found" end
  C.SSL_SESSION_free(pointer)
  return nil, "refused"
end

-- Answer the paused handshake. Without a valid session of that id the handshake is a full
-- one.
local function answer(st)
  local conn, store = st.conn, st.store
  local id = ffi.string(conn.sessions.id, conn.sessions.id_length)
  local entry = question.ask(st, store.user.get, id, st.self)
  if st.status == "closed" then return end
  local pointer, kind = decode(st, id, entry)
  store.counts[kind] = store.counts[kind] + 1
  if kind == "expired" and store.user.remove then
    question.ask(st, store.user.remove, id)
    if st.status == "closed" then return end
  end
  conn.sessions.found = pointer
  question.answered(conn)
end

--- See ssl.handshake.features.
sessionstore.questions = { [H.LSF_QUESTION_SESSION] = answer }

--- May the handshake have to stand still for it?
function sessionstore.pauses(st)
  return st.store and true or false
end

-- A stateless ticket of TLS 1.3 comes by here too.
local function in_ticket(st, pointer)
  return C.SSL_SESSION_get_protocol_version(pointer) >= K.TLS1_3_VERSION
     and bit.band(C.SSL_get_options(st.conn.ssl),
                  ffi.cast("uint64_t", lib.options.no_ticket)) == 0
end

-- The entry for a session, its id, and for how many seconds.
local function entry_of(store, pointer)
  session.limit_by_peer(pointer)
  local der = session.encode(pointer)
  if not der then return nil end
  local id, seconds = session.id(pointer), tonumber(C.SSL_SESSION_get_timeout(pointer))
  return seal.close(store.keys, id, session.context(pointer), session.ends(pointer), der),
         id, seconds
end

--- Put a session into the store.
-- @tparam table st
-- @tparam cdata pointer  whose reference is taken over
function sessionstore.keep(st, pointer)
  local store = st.store
  local whole, entry, id, seconds = true, nil, nil, nil
  if store and not in_ticket(st, pointer) then
    whole, entry, id, seconds = pcall(entry_of, store, pointer)
  end
  C.SSL_SESSION_free(pointer)
  if not whole then error(entry, 0) end
  if not entry then return end
  store.counts.kept = store.counts.kept + 1
  local ids = sessionorigin.of(st).ids
  ids[#ids + 1] = id
  store.user.put(id, entry, st.self, seconds)
end

-- The session that OpenSSL has given up: its id, or nil.
local function given_up(ssl)
  local pointer = C.SSL_get_session(ssl)
  if pointer == nil or C.SSL_SESSION_is_resumable(pointer) == 1 then return nil end
  local id = session.id(pointer)
  errors.clear()
  return id ~= "" and id or nil
end

--- The connection ends: its sessions, after a fatal alert, are not to be used again.
-- @tparam table st
function sessionstore.forget(st)
  local ssl, store = st.conn.ssl, st.store
  if not store or not store.user.remove or not lifecycle.readable(st) then return end
  local newest = given_up(ssl)
  if newest then store.user.remove(newest) end
  if not sessionorigin.failed(st) then return end
  for _, id in ipairs(sessionorigin.of(st).ids) do
    if id ~= newest then store.user.remove(id) end
  end
end

return sessionstore
