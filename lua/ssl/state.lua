--- ssl.state: the state of a connection.
--
-- At the end of a Lua state the struct's finalizer runs before a user's `__gc` that
-- may still call us, and leaves NULL in `conn.ssl`: who hands that to OpenSSL tests
-- it first.
--
-- Every field is made here, in one order, so that all connections look alike to
-- compiled code:
--
--   self      the object
--   conn      struct lsf_conn (shim/lsf.h): SSL *, BIO, buffers, descriptor
--   ctx       the context, kept alive as Lua object beside OpenSSL's own count
--   server    true on the accepting side
--   status    "new", "connected" or "closed"
--   open      connected and no fatal error: receive and send may ask OpenSSL
--   failed    the words of a fatal error, or false
--   block, total, nowait    the time limits (ssl.limit)
--   received, sent, born    what getstats reports
--   owed, owed_data, owed_from, ends    ssl.send
--   prepared, sni_map, sni_strict, name    ssl.handshake, ssl.sni
--   dh_reason    why the user's DH parameters could not be used
--   asking       a function of the user's runs: keep away from OpenSSL
--   pausable     the handshake may stand still in a job (ssl.psk)
--   alpn         a server's protocol list, which the struct points to
--   transport    what waits and carries (ssl.descriptor, ssl.stream, ssl.engine)
--   stream, pending, broken, answered    ssl.stream
--   reading, draining, sending, owners, semaphore, passing    ssl.turn
--   into, into_size, into_done    ssl.receive, receiveinto
--   ended, undrained    ssl.engine
--   origin       the object that was wrapped
--   closing      close has begun

local object = require "ssl.object"
local shim   = require "ssl.ffi.shim"

local state = {}

-- ssl.methods and ssl.facts fill in the methods.
state.class = object.class("SSL:Connection", {}, {})

--- What a closed connection has for a struct: inert, and shared by all of them.
state.closed = shim.conn()

--- The state of a connection, or an argument error.
-- @tparam[opt=1] number level  as for ssl.arg
function state.of(self, level)
  local st = object.state(self, state.class, 1, (level or 1) + 1)
  return st
end

--- A new connection object and its state.
function state.new(conn, ctx, server, transport)
  local self, st = object.new(state.class)
  st.self, st.conn, st.ctx, st.server, st.status = self, conn, ctx, server, "new"
  st.open, st.failed = false, false
  st.block, st.total, st.nowait = false, false, false
  st.received, st.sent, st.born = 0, 0, shim.C.now()
  st.owed, st.owed_data, st.owed_from, st.ends = 0, "", 0, false
  st.prepared, st.sni_map, st.sni_strict, st.name = false, false, false, false
  st.dh_reason, st.asking, st.pausable, st.alpn = false, false, false, false
  st.transport, st.stream, st.origin, st.pending = transport, false, false, ""
  st.reading, st.draining, st.sending = false, false, false
  st.owners, st.semaphore, st.passing = false, false, false
  st.ended, st.undrained = false, ""
  st.broken, st.closing, st.answered = false, false, 0
  st.into, st.into_size, st.into_done = false, 0, 0
  return self, st
end

return state
