--- ssl.connection.methods: the methods of a connection, but for those of ssl.connection.inspect.
--
-- LuaSec's names and results. The result in a state that does not allow a method is part of
-- the interface, because programs test it. Other files do the work; this file checks the
-- state.

local lib       = require "ssl.ffi.lib"
local shim      = require "ssl.ffi.shim"
local readahead = require "ssl.io.readahead"
local arg       = require "ssl.base.arg"
local close     = require "ssl.connection.close"
local dane      = require "ssl.feature.dane"
local handshake = require "ssl.handshake.handshake"
local info      = require "ssl.connection.info"
local failure   = require "ssl.io.failure"
local timeout   = require "ssl.io.timeout"
local lifecycle = require "ssl.io.lifecycle"
local loop      = require "ssl.io.loop"
local receive   = require "ssl.connection.receive"
local send      = require "ssl.connection.send"
local sni       = require "ssl.handshake.sni"
local state     = require "ssl.io.state"
local stream    = require "ssl.io.stream"
local peername  = require "ssl.feature.peername"
local K, S      = lib.K, shim.C
local fresh     = lifecycle.fresh

local methods = state.class.methods

methods.send        = send.send
methods.sendfrom    = send.sendfrom
methods.sendv       = send.sendv
methods.receive     = receive.receive
methods.receiveany  = receive.receiveany
methods.receiveinto = require "ssl.connection.receiveinto"
methods.unwrap      = require "ssl.connection.unwrap"
methods.tlsshutdown = close.tlsshutdown

--- Make the handshake. `true`, or `false` and the message.
function methods:dohandshake()
  local st = state.of(self)
  return handshake(st)
end

--- Close in order: data that was reported as sent arrives. Never raises an error.
function methods:close()
  local st = state.of(self)
  close.close(st)
end

--- Limit the time of the operations to come, in seconds; nil or negative: no limit.
-- @tparam[opt] number seconds
-- @tparam[opt="b"] string mode  "b" and "t" as LuaSocket has them
-- @treturn number  1
function methods:settimeout(seconds, mode)
  local st = state.of(self)
  if st.stream then
    stream.settimeout(st, seconds, mode)
  elseif st.conn.by_lua == 0 then -- an engine never waits
    timeout.set(st, seconds, mode, 1)
  end
  return 1
end

--- Limit all later operations together: a time in seconds from now on; nil or
-- negative: no such limit. After it a call that would have to wait returns "timeout".
-- @tparam[opt] number seconds
-- @treturn number  1
function methods:setdeadline(seconds)
  local st = state.of(self)
  seconds = arg.optnumber(seconds, nil, 2)
  if st.status ~= "closed" then timeout.deadline(st, seconds) end
  return 1
end

--- Is there something to receive that a select on the descriptor does not see?
-- False while the last result was "wantwrite": a loop that receives again would spin.
function methods:dirty()
  local st = state.of(self)
  local conn = st.conn
  if conn.asks_dirty == 0 then readahead.dirty_asked(st) end
  if conn.plain_beg ~= conn.plain_end then return true end
  if not (st.open or st.phase == "requesting")
     or conn.out_end - conn.out_beg > shim.K.LSF_QUEUE_LIMIT then
    return false
  end
  return S.pending(conn) > 0 or conn.in_beg ~= conn.in_end
      or st.transport.held(st) > 0 or loop.stopped(st)
end

local WANTS = {
  [K.SSL_READING] = "read", [K.SSL_WRITING] = "write",
  [K.SSL_X509_LOOKUP] = "x509lookup",
}

--- The reason for which the last operation waited: "read", "write", "x509lookup" or
-- "nothing".
function methods:want()
  local st = state.of(self)
  local conn = st.conn
  if st.status == "closed" or st.phase == "suspended" then return "nothing" end
  if conn.out_beg ~= conn.out_end then return "write" end
  return WANTS[S.want(conn)] or "nothing"
end

--- The descriptor, or -1.
function methods:getfd()
  local st = state.of(self)
  if st.status == "closed" then return -1 end
  if st.conn.asks_fd == 0 then readahead.fd_asked(st) end
  return st.transport.getfd(st)
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
    if fresh(st) then peername.request(st, name) end
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
  return peername.demand(st, name)
end

--- The fatal error of this connection in parts, or nil: see docs/errors.md.
function methods:lasterror()
  local st = state.of(self)
  return (failure.of(st))
end

return methods
