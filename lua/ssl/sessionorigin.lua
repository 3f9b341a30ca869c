--- ssl.sessionorigin: the connection that sessions came of, as far as they need to know.
--
-- A fatal alert invalidates the session that it ends (RFC 5246 section 7.2), and all that
-- its tickets stand for (RFC 8446 section 6.2). OpenSSL marks one of them, the newest;
-- TLS 1.3 gives several. So all sessions of a connection share a table, which outlives
-- the connection: `failed`, and `ids`, those that a server has put into a store.

local sessionorigin = {}

--- The table of a connection.
-- @tparam table st
-- @treturn table
function sessionorigin.of(st)
  st.sessionorigin = st.sessionorigin or { failed = false, ids = {} }
  return st.sessionorigin
end

--- The connection has failed, and not just lost its transport.
-- @tparam table st
function sessionorigin.fail(st)
  sessionorigin.of(st).failed = true
end

--- Has it?
-- @tparam table st
-- @treturn boolean
function sessionorigin.failed(st)
  return st.sessionorigin and st.sessionorigin.failed
end

return sessionorigin
