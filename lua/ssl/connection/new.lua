--- ssl.connection.new: TLS connections, from SSL_new to the collector.
--
-- Their methods are listed in ssl.connection.methods.

local lib          = require "ssl.ffi.lib"
local shim         = require "ssl.ffi.shim"
local later        = require "ssl.base.later"
local arg          = require "ssl.base.arg"
local sslctx       = require "ssl.context.sslctx"
local descriptor   = require "ssl.io.descriptor"
local lifecycle    = require "ssl.io.lifecycle"
local linger       = require "ssl.io.linger"
local errors       = require "ssl.base.errors"
local inbound      = later.module "ssl.io.inbound"
local object       = require "ssl.base.object"
local wrapped      = require "ssl.io.wrapped"
local inherit      = require "ssl.handshake.inherit"
local job          = require "ssl.handshake.job"
local gcpressure   = require "ssl.base.gcpressure"
local sessionid    = require "ssl.session.sessionid"
local state        = require "ssl.io.state"
local stream       = later.module "ssl.io.stream"
local C, K, S      = lib.C, lib.K, shim.C

require("ssl.connection.methods").install(state.class)

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local connection = { class = state.class }

function state.class.tostring(self)
  local st = state.of(self)
  return ("SSL connection: %p%s"):format(self,
                                         st.status == "closed" and " (closed)" or "")
end

-- For the collector: frees, closes the descriptor, cannot raise. The program has not
-- closed the connection, so no close_notify is sent. But data that was reported as sent is
-- delivered as after a close. OpenSSL voids the session of an SSL that is freed without a
-- close_notify; since RFC 4346 section 7.2.1 a session need not end with its connection.
function state.class.free(self)
  local st = object.is(self, state.class) and getmetatable(self)
  if not st or st.status == "closed" then return end
  local conn = st.conn
  if st.open and conn.ssl ~= nil then C.SSL_set_shutdown(conn.ssl, K.SSL_SENT_SHUTDOWN) end
  local connected = st.status == "connected"
  lifecycle.detach(st)
  if connected then linger.add(conn) end
  shim.free(conn)
end

local function mode_of(c)
  if c.mode == "server" then return C.SSL_set_accept_state, true end
  if c.mode == "client" then return C.SSL_set_connect_state, false end
end

-- All of it may fail for want of memory.
local function fill(conn, ctx, c, set_state, server, verifies_by)
  local ssl = C.SSL_new(c.handle.raw)
  if ssl == nil then return nil, errors.reason() end
  conn.ssl = ssl
  local bio = S.conn_bio(conn, shim.pool.lsf_pool, -1)
  if bio == nil then return nil, errors.reason() end
  C.SSL_set_bio(ssl, bio, bio)
  set_state(ssl)
  local self, st = state.new(conn, ctx, c, server, descriptor)
  local ok, why = inherit.begin(st, c, verifies_by)
  if not ok then return nil, why end
  job.apply(st)
  return self
end

-- A failure frees what was made by then: a program that tries again and again would fill the
-- machine before the collector runs.
local function make(ctx, c, set_state, server)
  local verifies_by = sessionid.bind(c, server)
  errors.clear()
  local conn = shim.conn()
  local whole, self, why = pcall(fill, conn, ctx, c, set_state, server, verifies_by)
  if whole and self then return self end
  shim.free(conn)
  if not whole then error(self, 0) end
  return nil, why
end

--- A connection without a transport, in LuaSec's state "new".
-- @tparam userdata ctx
-- @tparam[opt=1] number level  as for ssl.base.arg
-- @treturn userdata
-- @treturn nil,string  "invalid mode", "error creating SSL object (REASON)"
function connection.create(ctx, level)
  level = (level or 1) + 1
  if not object.is(ctx, sslctx.class) or sslctx.state(ctx).handle:lost() then
    -- The name is `create` for ssl.wrap too.
    error("bad argument #1 to 'create' (invalid context)", level + 1)
  end
  local c = sslctx.state(ctx)
  local set_state, server = mode_of(c)
  if not set_state then return nil, "invalid mode" end
  linger.poll()
  local self, why = errors.attempt(make, ctx, c, set_state, server)
  errors.clear()
  if not self then return nil, ("error creating SSL object (%s)"):format(why) end
  gcpressure.took(gcpressure.CONNECTION)
  return self
end

--- What `unwrap` gives back.
-- @tparam userdata self
-- @param origin  an object, or false: the descriptor's number
function connection.setorigin(self, origin)
  local st = state.of(self)
  st.origin = origin
end

--- Give a new connection its descriptor, which it owns and closes from now on.
-- @tparam userdata self
-- @tparam number fd
-- @tparam[opt=1] number level  as for ssl.base.arg
-- @param[opt] from  the object that it came from, for `unwrap`
function connection.setfd(self, fd, level, from)
  level = (level or 1) + 1
  local st = state.of(self, level)
  if st.status ~= "new" then arg.fail(1, "invalid SSL object state", level) end
  fd = arg.integer(fd, 2, level)
  -- This may fail for want of memory. The descriptor is the caller's until then.
  connection.setorigin(self, from and wrapped.keep(from, fd) or false)
  st.conn.fd = fd
  S.nonblocking(fd)
end

--- Give a new connection an object with `send` and `receive` as its transport.
-- @tparam userdata self
-- @param carrier
-- @tparam string initial  bytes of the peer's that were read before
-- @tparam[opt] table over  the adapter of its loop
function connection.setstream(self, carrier, initial, over)
  local st = state.of(self)
  stream.open(st, carrier, over)
  connection.setorigin(self, carrier)
  inbound.push(st, initial)
end

--- Bytes of the peer's that were read from the descriptor before TLS began.
-- @treturn true
-- @treturn nil,string  more than the buffer holds
function connection.setinitial(self, initial)
  local st = state.of(self)
  if initial ~= "" and S.feed(st.conn, initial, 0, #initial) ~= #initial then
    return nil, "too many initial bytes"
  end
  return true
end

return connection
