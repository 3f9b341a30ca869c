--- ssl.io.state: the state of a connection.
--
-- At the end of a Lua state the struct's finalizer runs before a `__gc` of the program that
-- may still call us, and leaves NULL in `conn.ssl`: code that passes it to OpenSSL tests it
-- first. ssl.io.guard is about finalizers in the middle of a call.
--
-- Each field costs an idle connection 24 bytes, and their number is rounded up to a power of
-- two. So the fields that every connection uses are made here, in one order, which compiled
-- code needs. A field that few connections use has a shared default until it is set:
--
--   self      the object
--   guarded   this table: for ssl.io.guard
--   phase, status, open, failed    ssl.io.lifecycle
--   conn      struct lsf_conn (shim/conn.h): SSL *, BIO, buffers, descriptor; the inert one
--             after the end (ssl.io.lifecycle)
--   ctx       the context, kept alive as Lua object beside OpenSSL's own count
--   c         its state (ssl.context.sslctx)
--   server    true on the accepting side
--   block, total, nowait    the time limits (ssl.io.timeout)
--   received, sent, born    what getstats reports
--   maxline, maxall         how much one receive gathers (ssl.connection.receive)
--   owed, owed_data, owed_from, ends    ssl.connection.send
--   sni_map, sni_strict, name      ssl.handshake.sni, ssl.handshake.clienthello
--   dh_reason    why the user's DH parameters could not be used
--   staple, stapled, stapled_till, status_reason    ssl.feature.stapling
--   psk_reason   ssl.feature.onverify: a certificate came where only a key will do
--   psk          the function that its context had when it began (ssl.feature.psk)
--   keyed        the handshake used a pre-shared key (ssl.feature.psk, ssl.session.resumption)
--   pausable     the handshake may stand still in a job (ssl.feature.psk)
--   alpn         a server's protocol list, which the struct points to
--   transport    what waits and carries (ssl.io.descriptor, ssl.io.stream, ssl.engine)
--   stream, broken, answered, offer    ssl.io.stream
--   waiting, lent    ssl.io.inbound
--   reading, draining, sending, shaking, owners, semaphore, passing    ssl.io.mutex
--   ended, undrained    ssl.engine
--   origin       what `unwrap` gives back: ssl.io.wrapped, or a stream itself
--   updating     ssl.connection.keyupdate: OpenSSL has noted one
--   request      ssl.connection.postauth: a client is asked for its certificate
--   early        ssl.feature.earlydata: there was early data, or may be some
--   eof          what an end without close_notify is: ssl.io.loop
--   ended_early  such an end, which the configuration takes for one in order
--   explain, problem    ssl.lasterror: a failure in parts
--   deadline     ssl.io.timeout
--   policy       what a client's connection verifies by (ssl.session.fingerprint); a server's
--                session id context
--   proves       the DNS name that the peer has to prove, which the struct points to
--   demands      names and records that it demands of the peer
--   session      what its setsession was given
--   store        where a server's sessions are (ssl.session.store)
--   sessionorigin    what its sessions share (ssl.io.sessionorigin)

local object = require "ssl.base.object"
local shim   = require "ssl.ffi.shim"

local state = {}

-- ssl.connection.methods fills in the methods.
state.class = object.class("SSL:Connection", {}, {})

--- The struct of a closed connection: inert, and shared by all of them.
state.closed = shim.conn()

--- The state of a connection, or an argument error.
-- @tparam[opt=1] number level  as for ssl.base.arg
function state.of(self, level)
  local st = object.state(self, state.class, 1, (level or 1) + 1)
  return st
end

--- The state of a connection with a finished handshake that is not closed, or nil; or an
-- argument error of the calling method.
function state.connected(self)
  local st = object.state(self, state.class, 1, 2)
  return st.status == "connected" and st.conn.ssl ~= nil and st or nil
end

-- Fields that few connections set.
local DEFAULTS = { __index = {
  failed = false, name = false, sni_map = false, sni_strict = false,
  dh_reason = false, alpn = false,
  status_reason = false, psk_reason = false, staple = false, stapled = false,
  stapled_till = false,
  owed_data = "", owed_from = 0, ends = false,
  inbound = false, locks = false, engine = false,
  updating = false, request = false, early = false,
  session = false, demands = "", proves = false, store = false, keyed = false, psk = false,
  eof = false, explain = false, problem = false, ended_early = false,
  sessionorigin = false, deadline = false,
} }

--- A new connection object and its state.
function state.new(conn, ctx, c, server, transport)
  local self, st = object.new(state.class)
  st.self, st.conn, st.ctx, st.c = self, conn, ctx, c
  st.server, st.phase, st.status = server, "new", "new"
  st.guarded = st
  st.open, st.block, st.total, st.nowait = false, false, false, false
  st.received, st.sent, st.born = 0, 0, shim.C.now()
  st.owed, st.pausable, st.policy = 0, false, false
  st.transport, st.stream, st.origin = transport, false, false
  st.maxline, st.maxall = 0, 0
  setmetatable(st, DEFAULTS)
  return self, st
end

return state
