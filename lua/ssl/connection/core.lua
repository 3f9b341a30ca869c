--- ssl.connection.core: the functions of ssl.core.

local later      = require "ssl.base.later"
local arg        = require "ssl.base.arg"
local connection = require "ssl.connection.new"
local guard      = require "ssl.io.guard"
local info       = later.module "ssl.connection.info"
local state      = require "ssl.io.state"

local core = {}

--- A connection over a context, without a descriptor.
-- @treturn ssl.Connection
-- @treturn nil,string  "invalid mode", "error creating SSL object (REASON)"
function core.create(ctx)
  local conn, msg = connection.create(ctx)
  if not conn then return nil, msg end
  return conn
end

--- Hand a descriptor over to a new connection.
function core.setfd(...)
  local conn, fd = ...
  connection.setfd(conn, fd, 1)
end
core.setfd = guard.call(state.class, core.setfd)

--- Add a method to all connections, those that exist already included.
function core.setmethod(name, f)
  if name == nil then arg.mismatch("string", name, 1) end
  connection.class.methods[name] = f
end

--- OpenSSL's line about the cipher, secret bits, algorithm bits, protocol; nothing
-- before a cipher is chosen.
function core.info(conn)
  local st = state.of(conn)
  return info.cipher(st)
end
core.info = guard.call(state.class, core.info)

--- The name of the compression in use, or nil.
function core.compression(conn)
  local st = state.of(conn)
  if st.status ~= "connected" or st.conn.ssl == nil then return nil, "closed" end
  return (info.compression(st))
end
core.compression = guard.call(state.class, core.compression)

return core
