--- ssl: TLS for LuaJIT, with LuaSec's interface.
--
--   local ssl = require "ssl"
--   local conn = assert(ssl.connect("www.example.org", 443, { verify = "peer",
--                                   cafile = "/etc/ssl/certs/ca-certificates.crt" }))
--
-- The face: everything else is one noun a file under ssl/. See docs/.

local arg           = require "ssl.arg"
local checkhostname = require "ssl.checkhostname"
local config        = require "ssl.config"
local connect       = require "ssl.connect"
local core          = require "ssl.core"
local connection    = require "ssl.connection"
local newcontext    = require "ssl.newcontext"
local x509          = require "ssl.x509"

local ssl = {
  _VERSION        = "1.3.2",
  _COPYRIGHT      = core.copyright(),
  config          = config,
  newcontext      = newcontext,
  loadcertificate = x509.load,
  checkhostname   = checkhostname,
  connect         = connect,
}

--- TLS over a connected socket.
--
-- The descriptor is taken over: `sock` answers as a closed socket from then on, and
-- the connection closes it. Nothing is sent yet, and no time limit is inherited.
--
-- @param sock  a LuaSocket TCP object, or anything with `getfd` and `setfd`
-- @tparam table|userdata cfg  for ssl.newcontext, or a context
-- @treturn userdata  a connection in state "new": call `dohandshake`
-- @treturn nil,string  an error of newcontext, "invalid mode", or "error creating
--   SSL object (REASON)"; the socket is untouched then
-- @raise when `sock` has no `getfd` and `setfd`, or `cfg` is neither
function ssl.wrap(sock, cfg)
  local ctx, msg = cfg, nil
  if type(cfg) == "table" then
    ctx, msg = newcontext(cfg, 2)
    if not ctx then return nil, msg end
  end
  if not sock or not sock.getfd or not sock.setfd then
    arg.fail(1, "an object with getfd and setfd expected, got " .. type(sock))
  end
  local conn
  conn, msg = connection.create(ctx)
  if not conn then return nil, msg end
  connection.setfd(conn, sock:getfd())
  sock:setfd(core.SOCKET_INVALID)
  return conn
end

return ssl
