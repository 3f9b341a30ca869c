--- ssl.connection.sessions: the methods of a client's connection for sessions.

local errors     = require "ssl.base.errors"
local lifecycle  = require "ssl.io.lifecycle"
local resumption = require "ssl.session.resumption"
local session    = require "ssl.session.object"
local state      = require "ssl.io.state"

local sessions, connected = {}, state.connected

--- A client's session, to be given to a later connection's `setsession`.
-- @treturn ssl.Session
-- @treturn nil,string  "closed"; on servers; where there is none, or none yet: in
--   TLS 1.3 sessions come after the handshake, with received data
function sessions:getsession()
  local st = connected(self)
  if not st then return nil, "closed" end
  if st.server then return nil, "sessions are for clients" end
  if st.phase == "suspended" then return nil, "busy" end
  return resumption.current(st)
end

--- Offer a session to the server. Before the handshake, after the names are set.
-- @tparam ssl.Session s
-- @treturn true  it will be offered; `resumed` returns whether the server accepted it
-- @treturn nil,string  it does not fit: made under another verification policy, used
--   before, expired; or this is a server, or the handshake has begun; or OpenSSL's reason.
--   Then this connection makes a full handshake
function sessions:setsession(s)
  local st = state.of(self)
  session.state(s, 2)
  if st.server then return nil, "sessions are for clients" end
  if not lifecycle.fresh(st) then return nil, "not before the handshake" end
  local ok, why = errors.attempt(resumption.offer, st, s)
  if not ok then return nil, why end
  return true
end

--- Did the handshake resume a session?
-- @treturn boolean
-- @treturn nil,string  "closed"
function sessions:resumed()
  local st = connected(self)
  if not st then return nil, "closed" end
  return resumption.resumed(st)
end

return sessions
