--- ssl.io.state: the state of a connection.
--
-- At the end of a Lua state the struct's finalizer runs before a `__gc` of the program that
-- may still call us, and leaves NULL in `conn.ssl`: code that passes it to OpenSSL tests it
-- first. ssl.io.guard is about finalizers in the middle of a call.
--
-- Each field costs an idle connection 24 bytes, and their number is rounded up to a power of
-- two. So the fields that every connection uses are made here, in one order, which compiled
-- code needs. A field that few connections use has a shared default until it is set.
--
-- Each field has one owner, the only file that writes it; everybody may read it. The two
-- counters have several, since they are counted where the bytes pass. Fields that belong
-- together and that few connections use are a part: a table that its owner makes when it is
-- first needed. structure/owners_spec reads this list.
--
--   ssl.io.state
--     self        the object
--     guarded     this table: for ssl.io.guard
--     server      true on the accepting side
--   ssl.io.lifecycle
--     phase, status, open, failed    see there
--     problem     the failure in parts (lasterror)
--     conn        struct lsf_conn (shim/conn.h): SSL *, BIO, buffers, descriptor; the inert
--                 one after the end
--   ssl.io.timeout
--     block, total, nowait, deadline    the time limits
--   ssl.io.inbound
--     transport   waits and carries (ssl.io.descriptor, ssl.io.stream, ssl.engine)
--     inbound     ciphertext that waits for OpenSSL
--   ssl.io.stream
--     stream      the object, and what is known of it
--   ssl.io.mutex
--     locks       which coroutine is where, where a transport may yield
--   ssl.io.verdict
--     ended_early    an end without close_notify that the configuration accepts
--   ssl.io.sessionorigin
--     sessionorigin    what its sessions share
--   ssl.io.delivery, ssl.connection.receiveinto, ssl.connection.earlydata, ssl.connection.stats
--     received    bytes of plaintext
--   ssl.connection.send, ssl.connection.earlydata, ssl.connection.stats
--     sent        bytes of plaintext
--   ssl.connection.stats
--     born        when it was made
--   ssl.connection.send
--     owed, owed_data, owed_from    plaintext that OpenSSL has taken and that has not left
--     ends        where records end
--   ssl.connection.new
--     origin      what `unwrap` gives back: ssl.io.wrapped, or an object
--   ssl.connection.keyupdate
--     updating    OpenSSL has noted a key update
--   ssl.connection.postauth
--     request     the client is asked for its certificate
--   ssl.connection.earlydata
--     early       there was early data, or may be some
--   ssl.context.options.connection
--     maxline, maxall    how much one receive gathers
--     eof         what an end without close_notify is (ssl.io.verdict)
--     explain     messages for a person
--   ssl.session.policy
--     policy      what a client's connection verifies by; a server's session id context
--     named       the server name that a client has sent, once the handshake has begun
--     demands     names and records that it demands of the peer
--   ssl.session.resumption
--     resume      the session that was offered, and whether a key was used
--   ssl.session.store
--     store       where a server's sessions are
--   ssl.feature.peername
--     demanded    the kind of the name that the peer must have: dns, ip, or false
--     proves      the DNS name that the peer has to prove, which the struct points to
--   ssl.feature.psk
--     psk         the function that its context had when it began
--   ssl.feature.onverify
--     psk_reason    a certificate came where only a key will do
--   ssl.feature.stapling
--     staple      the stapled response, or what became of it
--   ssl.handshake.inherit
--     ctx         the context, kept alive as Lua object beside OpenSSL's own count
--     c           its state (ssl.context.sslctx)
--   ssl.handshake.job
--     pausable    the handshake may stand still in a job
--   ssl.handshake.sni
--     sni         a server's map, and the name that was received
--   ssl.handshake.clienthello
--     dh_reason   why the DH parameters of the program could not be used
--     alpn        a server's protocol list, which the struct points to
--   ssl.engine
--     engine      what was fed and drained

local object = require "ssl.base.object"
local shim   = require "ssl.ffi.shim"
local now    = shim.C.now

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
  failed = false, sni = false,
  dh_reason = false, alpn = false,
  psk_reason = false, staple = false,
  owed_data = "", owed_from = 0, ends = false,
  inbound = false, locks = false, engine = false,
  updating = false, request = false, early = false,
  resume = false, demands = "", named = false, demanded = false, proves = false,
  store = false, psk = false,
  eof = false, explain = false, problem = false, ended_early = false,
  sessionorigin = false, deadline = false,
} }

-- A table with room for the fields of every connection: one that grows field by field is made
-- six times.
local function room()
  return {
    class = false, __index = false, __tostring = false, __gc = false, __close = false,
    self = false, conn = false, ctx = false, c = false,
    server = false, phase = false, status = false, guarded = false,
    open = false, block = false, total = false, nowait = false,
    received = false, sent = false, born = false,
    owed = false, pausable = false, policy = false,
    transport = false, stream = false, origin = false,
    maxline = false, maxall = false,
  }
end

--- A new connection object and its state.
function state.new(conn, ctx, c, server, transport)
  local self, st = object.new(state.class, room())
  st.self, st.conn, st.ctx, st.c = self, conn, ctx, c
  st.server, st.phase, st.status = server, "new", "new"
  st.guarded = st
  st.open, st.block, st.total, st.nowait = false, false, false, false
  st.received, st.sent, st.born = 0, 0, now()
  st.owed, st.pausable, st.policy = 0, false, false
  st.transport, st.stream, st.origin = transport, false, false
  -- Those of its context, so that the keys' room comes only where a program sets them.
  st.maxline, st.maxall = c.maxline, c.maxall
  setmetatable(st, DEFAULTS)
  return self, st
end

return state
