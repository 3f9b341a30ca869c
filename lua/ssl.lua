--- ssl: TLS for LuaJIT, with LuaSec's interface.
--
--   local ssl = require "ssl"
--   local conn = assert(ssl.connect("www.example.org", 443, { verify = "peer",
--                                   cafile = "/etc/ssl/certs/ca-certificates.crt" }))
--
-- The face: everything else is in files under ssl/, which are loaded when they are first
-- used. See docs/.

require("ssl.foreign").refuse "ssl"

local arg        = require "ssl.base.arg"
local config     = require "ssl.config"
local core       = require "ssl.core"
local later      = require "ssl.base.later"
local shim       = require "ssl.ffi.shim"
local x509       = require "ssl.x509"
local connection = later.module "ssl.connection.new"
local hostname   = later.module "ssl.x509.hostname"
local newcontext = later.func "ssl.context.new"

-- Programs for LuaSec find it in package.loaded.
require "ssl.context"

-- LuaSec's fields. The others come when they are first read.
local ssl = {
  _VERSION        = "1.3.2",
  _COPYRIGHT      = core.copyright(),
  config          = config,
  loadcertificate = x509.load,
}

-- The others: the file, and the field there; without one it is the module.
later.places(ssl, {
  cfg            = "ssl.context.cfg",
  loadkey        = "ssl.credential.key object",
  der            = "ssl.source.material der",
  checkhostname  = "ssl.x509.checkhost check",
  connect        = "ssl.connect",
  engine         = "ssl.engine",
  filestamp      = "ssl.source.filestamp of",
  digest         = "ssl.session.digest",
  processid      = "ssl.base.process",
  systemca       = "ssl.trust.systemca places",
  find_system_ca = "ssl.trust.systemca find",
  get_system_ca  = "ssl.trust.systemca get",
  set_system_ca  = "ssl.trust.systemca set",
  ocsp           = "ssl.ocsp.request",
  contexts       = "ssl.context.cached",
  importsession  = "ssl.session.object import",
  sessions       = "ssl.session.kept",
  preload        = "ssl.preload",
})

local function made(ctx, why)
  if ctx then return ctx end
  return nil, why
end

--- A context from parameters; see docs/newcontext.md. Further arguments mean nothing, as
-- in LuaSec.
-- @tparam ssl.Config cfg  not modified
-- @treturn ssl.Context
-- @treturn nil,string
-- @raise for a value of a wrong type, and for what ssl.cfg finds wrong
function ssl.newcontext(cfg)
  local ctx, why = newcontext(cfg, 2)
  return made(ctx, why)
end

local function over_descriptor(conn, sock, initial, _)
  local ok, msg = connection.setinitial(conn, initial)
  if not ok then return nil, msg end
  connection.setfd(conn, sock:getfd(), 3, sock)
  sock:setfd(core.SOCKET_INVALID)
  return true
end

local function over_stream(conn, object, initial, over)
  connection.setstream(conn, object, initial, over)
  return true
end

local function index(object, name)
  return object[name]
end

-- Numbers, functions and bare userdata cannot be indexed. Nil where there is nothing of that name;
-- false where it cannot be called.
local function method(object, name)
  local ok, f = pcall(index, object, name)
  if not ok or not f then return nil end
  return arg.callable(f)
end

-- The adapter that the options name, and its object for a socket of its loop.
local function in_loop(sock, value)
  if not value then return sock end
  local find = later.require "ssl.over.find"
  local problem = find.problem(value)
  if problem then arg.fail(3, problem, 2) end
  local over = find.adapter(value)
  return find.carry(over, sock), over
end

local function transport_of(object)
  if method(object, "getfd") and method(object, "setfd") then return over_descriptor end
  local reads = method(object, "receiveany")   -- it is preferred where it is there
  if reads == nil then reads = method(object, "receive") end
  if reads and method(object, "send") then return over_stream end
end

--- The kind of a host name, and its normal form, in which certificates and connections use
-- it.
-- @tparam string name  as a URL has it: one trailing dot and brackets around an IPv6
--   address are left out
-- @treturn string  "dns" or "ip"
-- @treturn string  the name in lower case, or the address as inet_ntop writes it
-- @treturn nil,string  the reason why it is refused: docs/checkhostname.md lists them
-- @raise when `name` is no string
function ssl.hostname(name)
  local kind, text = hostname.normalize((arg.string(name, 1)))
  return kind, text
end

--- The newest failure in this Lua state: for a connection the table of `lasterror`, else OpenSSL's
-- part alone.
-- @treturn table|nil  nil where nothing has failed yet
function ssl.lasterror()
  -- Without the file nothing has been noted, and it may be that it cannot be read.
  local ok, errors = pcall(later.require, "ssl.base.errors")
  return ok and errors.report() or nil
end

--- A clock that cannot be set: of two readings the later one is never less, also where the
-- system's time is changed (CLOCK_MONOTONIC, clock_gettime(2)).
-- @treturn number  seconds since an arbitrary moment
function ssl.monotonic()
  return (shim.C.now())
end

--- TLS over a connected socket, or over another object that carries bytes.
--
-- The connection takes the descriptor over and will close it; `sock` behaves as a closed
-- socket from then on. Nothing is sent yet, and no time limit is inherited.
--
-- @param sock  a LuaSocket TCP object, or an object with `getfd` and `setfd`: its
--   descriptor is taken over; or an object with `send` and `receive`, which carries
--   the bytes from then on (see docs/streams.md)
-- @tparam ssl.Config|ssl.Context cfg  for ssl.newcontext, or a context
-- @tparam[opt] table options  `initial`: bytes that were read from the peer before
--   TLS began, at most 64 KiB over a descriptor. `over`: the loop that `sock` belongs to
--   and that waits, by its name, or an adapter (docs/over.md)
-- @treturn ssl.Connection  a connection in state "new": call `dohandshake`
-- @treturn nil,string  an error of newcontext, "invalid mode", or "error creating
--   SSL object (REASON)"; the socket is untouched then
-- @raise when `sock` is neither, or `cfg` is neither, or `options` is no table
function ssl.wrap(sock, cfg, options)
  local ctx = cfg
  if type(cfg) == "table" then
    local why
    ctx, why = newcontext(cfg, 2)
    if not ctx then return nil, why end
  end
  options = arg.options(options or nil, { "initial", "over" }, 3)
  local initial = arg.type(options.initial or "", "string", 3)
  local object, over = in_loop(sock, options.over)
  local carry = transport_of(object)
  if not carry then
    arg.fail(1, "an object with getfd and setfd, or send and receive, expected, got "
                .. type(sock))
  end
  local conn, msg = connection.create(ctx)
  if not conn then return nil, msg end
  local ok
  ok, msg = carry(conn, object, initial, over)
  if not ok then return nil, msg end
  return conn
end

later.note()

return ssl
