--- Our ends of connections to other people's programs, in this process.
--
-- The program runs in a child (spec.support.process), so ours may block; no step
-- of ours takes longer than ours.LIMIT seconds.
--
--   local server = ours.listen { verify = ... }   keys over pair.server_config
--   local child  = process.start { "openssl", "s_client", ..., server.port }
--   local conn   = assert(server:accept())
--
--   local conn = assert(ours.connect(port, { cafile = ... }))

local socket = require "socket"
local ssl    = require "ssl"
local pair   = require "spec.support.pair"

local ours = { LIMIT = 60 }

local server = {}
server.__index = server

--- A listener on a free port of loopback, with a context.
-- @tparam[opt] table extra
-- @treturn table  `port`, `context`, `wrap`, `accept`
function ours.listen(extra)
  local listener = assert(socket.bind("127.0.0.1", 0))
  listener:settimeout(ours.LIMIT)
  local _, port = listener:getsockname()
  return setmetatable({
    port = tonumber(port), listener = listener,
    context = assert(ssl.newcontext(pair.server_config(extra))),
  }, server)
end

--- The next connection, before its handshake. The listener is closed: one comes.
function server:wrap()
  local conn = assert(ssl.wrap(assert(self.listener:accept()), self.context))
  self.listener:close()
  conn:settimeout(ours.LIMIT)
  return conn
end

--- The next connection, after its handshake.
-- @treturn userdata
-- @treturn nil,string
function server:accept()
  local conn = self:wrap()
  local ok, word = conn:dohandshake()
  if ok then return conn end
  conn:close()
  return nil, word
end

--- Connect to a peer as "localhost", or as another name, and verify it.
-- @tparam number port
-- @tparam[opt] table flags  over protocol any, verify peer, pki.root
-- @tparam[opt="localhost"] string name
-- @treturn userdata
-- @treturn nil,string  of ssl.connect
function ours.connect(port, flags, name)
  local config = pair.client_config(flags)
  config.timeout = ours.LIMIT
  local conn, message = ssl.connect(name or "localhost", port, config)
  if not conn then return nil, message end
  conn:settimeout(ours.LIMIT)
  return conn
end

--- Connect with a server name of choice, verifying the chain alone.
function ours.connect_sni(port, name, flags)
  local conn = assert(ssl.wrap(assert(socket.connect("127.0.0.1", port)),
                               pair.client_config(flags)))
  conn:sni(name)
  conn:settimeout(ours.LIMIT)
  assert(conn:dohandshake())
  return conn
end

return ours
