--- ssl.connection: the methods of a TLS connection.
--
-- LuaSec's names and results. What each answers in a state that does not allow it
-- is part of the interface: programs probe. The work is done elsewhere; this file
-- says who may ask when.

local lib       = require "ssl.ffi.lib"
local shim      = require "ssl.ffi.shim"
local arg       = require "ssl.arg"
local binding   = require "ssl.binding"
local close     = require "ssl.close"
local dane      = require "ssl.dane"
local descriptor = require "ssl.descriptor"
local context   = require "ssl.context"
local err       = require "ssl.err"
local handshake = require "ssl.handshake"
local info      = require "ssl.info"
local lasterror = require "ssl.lasterror"
local limit     = require "ssl.limit"
local object    = require "ssl.object"
local own       = require "ssl.own"
local peer      = require "ssl.peer"
local policy    = require "ssl.policy"
local pressure  = require "ssl.pressure"
local receive   = require "ssl.receive"
local send      = require "ssl.send"
local sni       = require "ssl.sni"
local state     = require "ssl.state"
local stream    = require "ssl.stream"
local detached  = require "ssl.detached"
local verifyname = require "ssl.verifyname"
local C, K, S   = lib.C, lib.K, shim.C

local connection = { class = state.class }
local methods = state.class.methods

methods.send        = send.send
methods.sendfrom    = send.sendfrom
methods.sendv       = send.sendv
methods.receive     = receive.receive
methods.receiveany  = receive.receiveany
methods.receiveinto = receive.receiveinto
methods.unwrap      = require "ssl.unwrap"

--- Shake hands. `true`, or `false` and the word why not.
function methods:dohandshake()
  local st = state.of(self)
  return handshake(st)
end

--- Close in order: what was reported as sent arrives. Never raises.
function methods:close()
  local st = state.of(self)
  close(st)
end

--- Limit the time of the operations to come, in seconds; nil or negative: no limit.
-- @tparam[opt] number seconds
-- @tparam[opt="b"] string mode  "b" and "t" as LuaSocket has them
-- @treturn number  1
function methods:settimeout(seconds, mode)
  local st = state.of(self)
  if st.stream then
    stream.settimeout(st, seconds, mode)
  elseif st.conn.stream == 0 then -- an engine never waits
    limit.set(st, seconds, mode, 1)
  end
  return 1
end

--- Is there something to receive that a select on the descriptor does not see?
-- Not while the last word was that we must write first: asking again would spin.
function methods:dirty()
  local st = state.of(self)
  local conn = st.conn
  if conn.plain_beg ~= conn.plain_end then return true end
  if not st.open or conn.ssl == nil
     or conn.out_end - conn.out_beg > shim.K.LSF_QUEUE_LIMIT then
    return false
  end
  return C.SSL_pending(conn.ssl) > 0 or conn.in_beg ~= conn.in_end
      or st.transport.held(st) > 0
end

local WANTS = {
  [K.SSL_READING] = "read", [K.SSL_WRITING] = "write",
  [K.SSL_X509_LOOKUP] = "x509lookup",
}

--- What the last operation was waiting for: "read", "write", "x509lookup" or
-- "nothing".
function methods:want()
  local st = state.of(self)
  local conn = st.conn
  if conn.ssl == nil or st.asking then return "nothing" end
  if conn.out_beg ~= conn.out_end then return "write" end
  return WANTS[C.SSL_want(conn.ssl)] or "nothing"
end

--- The descriptor, or -1.
function methods:getfd()
  local st = state.of(self)
  return st.status == "closed" and -1 or st.transport.getfd(st)
end

--- Bytes received, bytes sent, age in seconds.
function methods:getstats()
  local st = state.of(self)
  return st.received, st.sent, S.now() - st.born
end

--- Set what getstats reports; nil keeps a value.
-- @treturn number  1
function methods:setstats(received, sent, age)
  local st = state.of(self)
  received = received == nil and st.received or arg.integer(received, 2)
  sent = sent == nil and st.sent or arg.integer(sent, 3)
  st.received, st.sent = received, sent
  if tonumber(age) then st.born = S.now() - tonumber(age) end
  return 1
end

-- No handshake has begun: OpenSSL may still be told things.
local function fresh(st)
  return st.status == "new" and not st.prepared and st.conn.ssl ~= nil
end

--- The name to ask for (client), or a map of names to contexts (server).
-- @tparam string|table|function name  a map is kept: later changes count; a function
--   gets the name and the connection and returns a context or nil
-- @tparam[opt=false] boolean strict  refuse a name that the map has not
function methods:sni(...)
  local name, strict = ...
  local st = state.of(self)
  if st.server then
    if type(name) ~= "function" then arg.type(name, "table", 2) end
    if fresh(st) then sni.serve(st, name, strict and true or false, 1) end
  else
    name = arg.string(name, 2)
    if fresh(st) then sni.request(st, name) end
  end
end

--- The protocol that ALPN agreed on, or nil.
function methods:getalpn()
  local st = state.of(self)
  return st.status == "connected" and st.conn.ssl ~= nil and info.alpn(st) or nil
end

--- The server name, sent or received; nil when there is none.
function methods:getsniname()
  local st = state.of(self)
  return sni.name(st)
end

--- Name the peer for DANE. Before the handshake, on a context with `dane`.
-- @tparam string name  the name that the TLSA records belong to
-- @treturn true
-- @treturn false,string
function methods:setdane(...)
  local name = ...
  local st = state.of(self)
  name = arg.string(name, 2)
  return dane.host(st, name)
end

--- Add a TLSA record. After setdane and before the handshake.
-- @tparam number usage
-- @tparam number selector
-- @tparam number mtype
-- @tparam string data  bytes, not hexadecimal
-- @treturn true
-- @treturn false,string  DANE is off, or the record cannot be used
function methods:settlsa(...)
  local usage, selector, mtype, data = ...
  local st = state.of(self)
  usage, selector = arg.integer(usage, 2), arg.integer(selector, 3)
  mtype, data = arg.integer(mtype, 4), arg.string(data, 5)
  return dane.record(st, usage, selector, mtype, data)
end

--- Demand a name of the peer, inside the handshake, where its chain is verified.
-- @tparam string name  a DNS name (an IDN as its A-labels) or an IP address
-- @treturn string,string  "dns" or "ip", and the name as it will be compared
-- @treturn nil,string  why this is no name; or it is too late
function methods:setverifyname(name)
  local st = state.of(self)
  name = arg.string(name, 2)
  if not fresh(st) then return nil, "not before the handshake" end
  return verifyname(st, name)
end

--- The fatal error of this connection in parts, or nil: see docs/connection.md.
-- Once the connection is closed only the message is left.
function methods:lasterror()
  local st = state.of(self)
  return lasterror(st)
end

-- The rest is known only once the handshake is done.
local function connected(self)
  local st = object.state(self, state.class, 1, 2)
  return st.status == "connected" and st.conn.ssl ~= nil and st or nil
end

--- Facts about the connection: one by name, or all in a table.
-- @tparam[opt] string field  see docs/connection.md
function methods:info(field)
  local st = connected(self)
  if not st then return nil, "closed" end
  local fields = info.fields(st)
  if field then return fields[field] end
  return fields
end

--- Certificate n of the chain that the peer sent.
-- @tparam[opt=1] number n  1 is the peer's own
function methods:getpeercertificate(n)
  local st = connected(self)
  if not st then return nil, "closed" end
  n = n == nil and 1 or arg.integer(n, 2)
  if n < 1 or n ~= n then return nil, "invalid certificate index" end
  return peer.certificate(st, n)
end

--- The chain as the peer sent it, its own certificate first.
function methods:getpeerchain()
  local st = connected(self)
  if not st then return nil, "closed" end
  return peer.chain(st)
end

--- Certificate n of the own chain, sent or not.
-- @tparam[opt=1] number n  1 is the leaf
function methods:getlocalcertificate(n)
  local st = connected(self)
  if not st then return nil, "closed" end
  n = n == nil and 1 or arg.integer(n, 2)
  if n < 1 or n ~= n then return nil, "invalid certificate index" end
  return own.certificate(st, n)
end

--- The own chain as configured, leaf first.
function methods:getlocalchain()
  local st = connected(self)
  if not st then return nil, "closed" end
  return own.chain(st)
end

--- The TLSA record that the peer was accepted for: its fields as given to settlsa,
-- and the depth in the chain at which it matched; nil when there was none.
function methods:gettlsa()
  local st = connected(self)
  if not st then return nil, "closed" end
  return dane.matched(st)
end

--- The last Finished message that was sent.
function methods:getfinished()
  local st = connected(self)
  if not st then return nil, "closed" end
  return binding.finished(st)
end

--- The last Finished message that was received.
function methods:getpeerfinished()
  local st = connected(self)
  if not st then return nil, "closed" end
  return binding.peer_finished(st)
end

--- Keying material that both ends can make and nobody else.
-- @tparam string label
-- @tparam number length  in bytes
-- @tparam[opt] string given  the context: up to TLS 1.2 nil and "" differ
function methods:exportkeyingmaterial(...)
  local label, length, given = ...
  local st = connected(self)
  if not st then return nil, "closed" end
  label, length = arg.string(label, 2), arg.integer(length, 3)
  given = arg.optstring(given, nil, 4)
  if not (length >= 0 and length <= binding.LONGEST) then
    arg.fail(3, ("length not in the range 0 to %d"):format(binding.LONGEST))
  end
  local material = binding.export(st, label, length, given)
  if not material then return nil, "error exporting keying material" end
  return material
end

--- `true`, or `false` and what verification had to say.
function methods:getpeerverification()
  local st = connected(self)
  if not st then return false, "closed" end
  return peer.verification(st)
end

function state.class.tostring(self)
  local st = state.of(self)
  return ("SSL connection: %p%s"):format(self,
                                         st.status == "closed" and " (closed)" or "")
end

-- The collector's: frees, closes the descriptor, does no I/O, cannot raise. A
-- connection that is being closed in order has left its struct to ssl.detached.
function state.class.free(self)
  local st = object.is(self, state.class) and getmetatable(self)
  if not st or st.status == "closed" then return end
  local conn = st.conn
  st.status, st.open, st.conn = "closed", false, state.closed
  S.conn_free(conn)
end

local function mode_of(ctx)
  if ctx.mode == "server" then return C.SSL_set_accept_state, true end
  if ctx.mode == "client" then return C.SSL_set_connect_state, false end
end

--- A connection without a transport, in LuaSec's state "new".
-- @tparam userdata ctx
-- @tparam[opt=1] number level  as for ssl.arg
-- @treturn userdata
-- @treturn nil,string  "invalid mode", "error creating SSL object (REASON)"
function connection.create(ctx, level)
  level = (level or 1) + 1
  if not object.is(ctx, context.class) or context.state(ctx).handle.ctx == nil then
    -- By this name for ssl.wrap too.
    error("bad argument #1 to 'create' (invalid context)", level + 1)
  end
  local c = context.state(ctx)
  local set_state, server = mode_of(c)
  if not set_state then return nil, "invalid mode" end
  detached.sweep()
  err.clear()
  local conn = shim.conn()
  local ssl = C.SSL_new(c.handle.ctx)
  if ssl == nil then
    return nil, ("error creating SSL object (%s)"):format(err.reason())
  end
  conn.ssl = ssl
  local bio = S.conn_bio(conn, shim.pool.lsf_pool, -1)
  if bio == nil then
    return nil, ("error creating SSL object (%s)"):format(err.reason())
  end
  C.SSL_set_bio(ssl, bio, bio)
  set_state(ssl)
  local self, st = state.new(conn, ctx, server, descriptor)
  policy.apply(st, c)
  err.clear()
  pressure.add(pressure.CONNECTION)
  return self
end

--- Give a new connection its descriptor, which it owns and closes from now on.
-- @tparam userdata self
-- @tparam number fd
-- @tparam[opt=1] number level  as for ssl.arg
-- @param[opt] origin  the object that it came from, for `unwrap`
function connection.setfd(self, fd, level, origin)
  level = (level or 1) + 1
  local st = state.of(self, level)
  if st.status ~= "new" then arg.fail(1, "invalid SSL object state", level) end
  fd = arg.integer(fd, 2, level)
  st.conn.fd, st.origin = fd, origin or false
  S.nonblocking(fd)
end

--- Give a new connection an object with `send` and `receive` as its transport.
-- @tparam userdata self
-- @param carrier
-- @tparam string initial  bytes of the peer's that were read before
function connection.setstream(self, carrier, initial)
  local st = state.of(self)
  st.transport, st.stream, st.origin = stream, carrier, carrier
  st.pending, st.conn.stream = initial, 1
end

--- Bytes of the peer's that were read from the descriptor before TLS began.
-- @treturn true
-- @treturn nil,string  more than the buffer holds
function connection.setinitial(self, initial)
  local st = state.of(self)
  if initial ~= "" and S.feed(st.conn, initial, #initial) ~= #initial then
    return nil, "too many initial bytes"
  end
  return true
end

return connection
