--- ssl.io.sessionorigin: what sessions need to know about the connection that made them.
--
-- A fatal alert invalidates the session that it ends (RFC 5246 section 7.2), and all that
-- its tickets stand for (RFC 8446 section 6.2). OpenSSL marks the newest one only; TLS 1.3
-- gives several. So all sessions of a connection share a table, which outlives the
-- connection: `failed`, and `ids`, the ids that a server has put into a store.

local sessionorigin = {}

--- The table of a connection.
-- @tparam table st
-- @treturn table
function sessionorigin.of(st)
  st.sessionorigin = st.sessionorigin or { failed = false, ids = {} }
  return st.sessionorigin
end

--- Note that the connection has failed, and did not only lose its transport.
-- @tparam table st
function sessionorigin.fail(st)
  sessionorigin.of(st).failed = true
end

--- Has the connection failed so?
-- @tparam table st
-- @treturn boolean
function sessionorigin.failed(st)
  return st.sessionorigin and st.sessionorigin.failed
end

return sessionorigin
