--- ssl.resty.sessions: sessions of TLS, which sslhandshake offers by itself, and those that a
-- program passes on from one handshake to the next.
--
-- They are kept in this worker, as ssl.connect and ssl.https keep theirs, or in a
-- lua_shared_dict for all workers.

local object = require "ssl.base.object"
local own    = require "ssl.session.kept"
local shared = require "ssl.resty.shared"

local sessions = {}

-- Connection -> where its sessions go: a table with `remember(conn, session)`.
local keepers = setmetatable({}, { __mode = "k" })

--- For `onsession` of a context: one function for all, so that contexts are the same.
function sessions.remember(conn, session)
  local keeper = keepers[conn]
  if keeper then keeper.remember(conn, session) end
end

-- What sslhandshake returns in place of nginx's session. A TLS 1.3 server sends sessions after
-- the handshake, so the connection is asked for one as late as possible. nginx's is a userdata
-- or cdata, and programs test that.
local class = object.class("SSL:CosocketSession", {}, {})

--- An object that stands for the session of a connection.
-- @treturn userdata
function sessions.handle(conn)
  return (object.new(class, { conn = conn, session = false }))
end

local function session_of(state)
  return state.conn and state.conn:getsession() or state.session
end

--- The connection ends: from now on the handle has what the connection has got. While the
-- connection is kept and used by other requests, they all have the same handle.
function sessions.settle(handle)
  local state = getmetatable(handle)
  state.session, state.conn = session_of(state), nil
end

--- Before a handshake: offer a session, and let new ones be kept.
-- @tparam userdata conn  its names are set
-- @tparam table policy  of ssl.resty.policy
-- @tparam string place
-- @param given  the first argument of sslhandshake
-- @treturn function  to be called after the handshake, also where it has failed
function sessions.offer(conn, policy, place, given)
  local keeper = policy.sessions and shared.of(policy.sessions) or own
  local key, item = policy.key .. place, nil
  local session = object.is(given, class) and session_of(getmetatable(given))
  session = session and conn:setsession(session)
  if policy.resume then
    keepers[conn] = keeper
    if session then keeper.place(conn, key) else item = keeper.offer(conn, key) end
  end
  return function()
    if item then keeper.shaken(conn, key, item) end
  end
end

return sessions
