--- ssl.session.resumption: a client's sessions, taken from one connection to the next.
--
-- OpenSSL reports new sessions in the middle of its work; the shim keeps them
-- (shim/session.c), and `drain` delivers them between two calls: to a client's `onsession`,
-- to a server's store. In TLS 1.3 they come after the handshake. So `drain` is called after
-- each kind of reading: after a handshake, within receive while no received plaintext is
-- held in local variables, and before a close.

local lib           = require "ssl.ffi.lib"
local shim          = require "ssl.ffi.shim"
local later         = require "ssl.base.later"
local errors        = require "ssl.base.errors"
local fingerprint   = require "ssl.session.fingerprint"
local session       = later.module "ssl.session.object"
local sessionorigin = require "ssl.io.sessionorigin"
local sessionstore  = later.module "ssl.session.store"
local C, K, S       = lib.C, lib.K, shim.C

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local resumption = {}

local FOREIGN = "session of another verification policy"

local CLIENT_CACHE = bit.bor(K.SSL_SESS_CACHE_CLIENT, K.SSL_SESS_CACHE_NO_INTERNAL)

--- Let the connections of a client's context keep their new sessions.
-- @tparam table c  the context's state
function resumption.enable(c)
  local raw = c.handle.raw
  C.SSL_CTX_ctrl(raw, K.SSL_CTRL_SET_SESS_CACHE_MODE, CLIENT_CACHE, nil)
  C.SSL_CTX_sess_set_new_cb(raw, shim.callback "new_session")
end

-- `st.resume` is there where a session was `offered`, or where the handshake asked for a
-- pre-shared key: `keyed` says that it used one.
local function part_of(st)
  st.resume = st.resume or { offered = false, keyed = false }
  return st.resume
end

-- What `setsession` was given, or false.
local function offered(st)
  return st.resume and st.resume.offered
end

--- The handshake has asked for a pre-shared key.
-- @tparam table st
-- @tparam boolean used  was there one?
function resumption.keyed(st, used)
  part_of(st).keyed = used
end

-- Until when a session may be resumed, for a context with `ocsp`. The OCSP response of the
-- full handshake counts for the session, and for sessions that are made by resuming it. So
-- all of them end when that response ends.
local function limited_to(st)
  if not st.c.ocsp then return nil end
  if not offered(st) or not resumption.resumed(st) then
    return st.staple and st.staple.till or false
  end
  local given = session.state(offered(st)).handle.session
  return given == nil and 0 or session.ends(given)
end

-- Of a session that the connection made; its reference is taken over.
local function own(st, pointer)
  local time = limited_to(st)
  if time then session.limit(pointer, time) end
  session.limit_by_peer(pointer)
  local known, policy = pcall(fingerprint.connection, st)
  if not known then
    C.SSL_SESSION_free(pointer)
    error(policy, 0)
  end
  return session.own(pointer, policy, sessionorigin.of(st))
end

-- An expired session is withdrawn, except with early data: that was made for the session.
local function withdraw_expired(st)
  local given = session.state(offered(st)).handle.session
  if st.early or given ~= nil and not session.expired(given) then return end
  C.SSL_set_session(st.conn.ssl, nil)
  st.resume.offered = false
end

--- A client's handshake is about to begin, and its policy is fixed, in bytes. The session of
-- `setsession` must still fit. One that has expired since is not offered.
-- @treturn nil|string  the reason why the handshake must not begin
function resumption.settle(st)
  fingerprint.fix(st)
  if offered(st) then withdraw_expired(st) end
  if offered(st) and session.state(offered(st)).policy ~= fingerprint.connection(st) then
    return FOREIGN
  end
end

-- Up to TLS 1.2 OpenSSL does not report a ticket that replaces the ticket of the resumed
-- session.
local function renewed(st)
  local ssl = st.conn.ssl
  local given = session.state(offered(st)).handle.session
  return given ~= C.SSL_get_session(ssl) and C.SSL_session_reused(ssl) == 1
     and C.SSL_SESSION_get_protocol_version(given) < K.TLS1_3_VERSION
end

--- The handshake is done.
function resumption.done(st)
  if st.server or not offered(st) then return end
  -- The client offered a key as well, and the server has taken one of the two.
  if st.resume.keyed then
    local given = session.state(offered(st)).handle.session
    st.resume.keyed = C.SSL_get_session(st.conn.ssl) ~= given
  end
  local f = st.c.onsession
  if not f or not renewed(st) then return end
  local pointer = C.SSL_get1_session(st.conn.ssl)
  if pointer == nil then return errors.clear() end
  f(st.self, own(st, pointer))
end

--- Deliver the sessions that came; after a failure of the connection none. The program's
-- functions may raise and yield, and close the connection.
function resumption.drain(st)
  local conn = st.conn
  while conn.sessions_made > 0 do
    local pointer = S.take_session(conn)
    if sessionorigin.failed(st) then
      C.SSL_SESSION_free(pointer)
    elseif st.server then
      sessionstore.keep(st, pointer)
    else
      st.c.onsession(st.self, own(st, pointer))
    end
  end
end

--- The connection is about to be closed, which never raises an error: errors of the
-- program's functions are dropped now.
function resumption.last(st)
  if st.status == "connected" and st.conn.sessions_made ~= 0 then pcall(resumption.drain, st) end
  if st.failed and st.store then pcall(sessionstore.forget, st) end
end

--- The connection's session, as an object.
-- @tparam table st  connected, a client's
-- @treturn userdata
-- @treturn nil,string  none, none yet (TLS 1.3), or one that cannot be resumed
function resumption.current(st)
  -- OpenSSL marks the session of a connection that has failed, LibreSSL does not.
  if sessionorigin.failed(st) then return nil, "no session" end
  local pointer = C.SSL_get1_session(st.conn.ssl)
  if pointer == nil then
    errors.clear()
    return nil, "no session"
  end
  if C.SSL_SESSION_is_resumable(pointer) == 0 then
    C.SSL_SESSION_free(pointer)
    return nil, "no session"
  end
  local found = own(st, pointer)
  if session.state(found).used then return nil, "no session" end
  return found
end

--- The policy of a client's connection before its handshake, after its names are set.
-- @tparam table st
-- @treturn string  32 bytes
resumption.policy = fingerprint.connection

--- A session was refused: does it lie in the session, or is there no memory for example? Then it
-- may fit the next connection.
-- @tparam userdata s
-- @tparam string why  the message of `setsession`
-- @treturn boolean
function resumption.spoiled(s, why)
  return why == FOREIGN or session.unusable(session.state(s)) ~= nil
end

--- Offer a session to the server.
-- @tparam table st  new, a client's
-- @tparam userdata s
-- @treturn true
-- @treturn nil,string  it does not fit
function resumption.offer(st, s)
  local given = session.state(s)
  local why = session.unusable(given)
  if why then return nil, why end
  if given.policy ~= resumption.policy(st) then
    return nil, FOREIGN
  end
  local part = part_of(st) -- takes memory, so it is made while nothing is set
  if C.SSL_set_session(st.conn.ssl, given.handle.session) ~= 1 then
    errors.clear()
    return nil, "this session cannot be resumed"
  end
  part.offered = s
  session.use(given)
  return true
end

--- Did the handshake resume a session? OpenSSL calls it so in TLS 1.3, too, where a key
-- was used that both sides had beforehand (`keyed`).
-- @tparam table st
-- @treturn boolean
function resumption.resumed(st)
  return C.SSL_session_reused(st.conn.ssl) == 1 and not (st.resume and st.resume.keyed)
end

return resumption
