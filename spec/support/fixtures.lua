--- What the examples of the pages count on: values, and servers.
--
-- Each fixture is a function of the example's world, in which the other variables are too. Of a
-- server it returns the port. Where a fixture cannot be had, it raises { skip = reason }.

local socket  = require "socket"
local ssl     = require "ssl"
local process = require "spec.support.process"
local pair    = require "spec.support.pair"
local pki     = require "spec.support.pki"

local root = process.capture "pwd":gsub("\n", "")

local function connected(name)
  return function(world)
    world.server, world.conn = pair.connected()
    return world[name]
  end
end

local function unshaken(name)
  return function(world)
    world.unshaken_server, world.unshaken_client = pair.wrapped()
    return world[name]
  end
end

-- A TLS server in another process.
local function serve(world)
  world.port = process.free_port()
  local server = process.start { "luajit", root .. "/samples/server.lua", world.port,
                                 pki.server.chain, pki.server.key, port = world.port }
  server:wait_port()
  return world.port
end

local fixtures = {
  pki  = function() return pki end,
  pem  = function() return process.read(pki.server.cert) end,
  -- A PKCS#12 with key, certificate and chain, as bytes; the password is "sesame".
  p12  = function()
    local made = require "spec.support.made"
    return process.read(made.pkcs12 { cert = pki.server.leaf, key = pki.server.key,
                                      ca = pki.intermediate.cert, password = "sesame" })
  end,
  -- Says good of pki.server.cert.
  ocsp_response = function()
    return require("spec.support.ocsp").of_openssl { cert = pki.server.cert, issuer = pki.root }
  end,
  cert = function() return ssl.loadcertificate(process.read(pki.server.cert)) end,

  -- The two ends of a connection, a client's and a server's.
  conn   = connected "conn",
  server = connected "server",
  unshaken_client = unshaken "unshaken_client",
  unshaken_server = unshaken "unshaken_server",
  -- Both handshakes, to any end; at time limit 0 from then on.
  shake = function()
    return function(...)
      local open, deadline = { ... }, socket.gettime() + 20
      while #open > 0 and socket.gettime() < deadline do
        local conn = table.remove(open, 1)
        conn:settimeout(0)
        local _, word = conn:dohandshake()
        if word == "wantread" or word == "wantwrite" then open[#open + 1] = conn end
      end
    end
  end,

  -- A connected client, wrapped by hand.
  connect = function()
    return function()
      local _, client = pair.connected()
      return client
    end
  end,

  port = serve,
  -- A web server.
  https_port = function()
    return require("spec.support.web").start({ routes = [[
      ["/echo"] = function(conn, request) ok(conn, request.body) end,
      default   = function(conn) return keep(conn, "hello") end,
    ]] }).port
  end,
  -- A proxy over TLS.
  https_proxy = function()
    return require("spec.support.web").start({ routes = [[
      CONNECT = function(conn, request)
        conn:send "HTTP/1.1 200 OK\r\n\r\n"
        tunnel(conn, tonumber(request.path:match "%d+$"))
      end,
    ]] }).port
  end,
  -- A plain connection to it.
  tcp = function(world)
    return assert(socket.connect("127.0.0.1", world.port or serve(world)))
  end,

  -- Its descriptor.
  fd = function(world)
    local sock = assert(socket.connect("127.0.0.1", world.port or serve(world)))
    local fd = sock:getfd()
    sock:setfd(-1)
    return fd
  end,
  -- Both ends of a plain connection.
  tcp_pair = function() return { pair.tcp() } end,
  tcp_pairs = function() return pair.tcp end,

  listener = function()
    return assert(socket.bind("127.0.0.1", 0))
  end,
  -- A client that connects to the listener.
  client_arrives = function(world)
    return function()
      local _, port = world.listener:getsockname()
      process.start { "openssl", "s_client", "-quiet", "-connect", "127.0.0.1:" .. port,
                      input = "hello\n" }
    end
  end,
}

local function skip(reason)
  error({ skip = reason }, 0)
end

-- Examples that not every OpenSSL can run.
function fixtures.group_names()
  if not require("ssl.ffi.lib").has.SSL_group_to_name then skip "this OpenSSL names no groups" end
  return true
end

function fixtures.ech()
  if not require("ssl.ffi.lib").has.OSSL_ECHSTORE_new then skip "this OpenSSL has no ECH" end
  return require "spec.support.ech"
end

function fixtures.raw_public_keys()
  if not require("ssl.config").capabilities.rawkey then skip "this OpenSSL has no raw keys" end
  return true
end

-- Servers of the cookbook.
for _, name in ipairs { "api" } do
  fixtures[name] = function() return require("spec.support.stands").start(name) end
end

--- A port for a server of the example itself.
function fixtures.free()
  return process.free_port()
end

return fixtures
