--- What the examples of the pages count on: values, and servers.
--
-- Each fixture is a function of the example's world, in which the other variables are too. Of a
-- server it returns the port. Where a fixture cannot be had, it raises { skip = reason }.

local house   = require "spec.support.init"
local limits  = require "spec.support.limits"
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
      local open, late = { ... }, house.patience()
      while #open > 0 and not late() do
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

function fixtures.key_stores()
  if not require("ssl.ffi.lib").has.OSSL_STORE_open then skip "this OpenSSL has no stores" end
  return true
end

-- What LibreSSL does not do in TLS 1.3, or tells nobody.
for name, what in pairs {
  resumption_13 = { limits.resumes.tlsv1_3, "no sessions of TLS 1.3" },
  authority_names_13 = { limits.names_authorities.tlsv1_3, "no names of authorities in TLS 1.3" },
  own_alerts = { limits.tells_own_alerts.tlsv1_3, "no word about its alerts of TLS 1.3" },
  hints = { limits.tells_no_tls, "no word about bytes that are not TLS" },
} do
  fixtures[name] = function()
    if not what[1] then skip("this OpenSSL has " .. what[2]) end
    return true
  end
end

-- Servers of the cookbook.
for _, name in ipairs { "api", "imap", "mqtt", "postgres", "smtp" } do
  fixtures[name] = function() return require("spec.support.stands").start(name) end
end

-- Files over HTTPS, by nginx. At the port `cut` it ends the connection behind the first block.
function fixtures.files(world)
  local peers = require "spec.support.peers"
  if not peers.nginx_root() then skip "there is no nginx" end
  world.cut = process.free_port()
  world.files_port = peers.nginx({
    chain = pki.server.chain, key = pki.server.key,
    files = { ["index.html"] = "Hello.\n", ["hall.iso"] = ("0123456789abcdef"):rep(9.5 * 2^16) },
    http = ([[server {
      listen 127.0.0.1:%d ssl;
      ssl_certificate "%s";
      ssl_certificate_key "%s";
      root %%(dir)s/files;
      if ($http_range ~ "=[1-9]") { return 444; }
    }]]):format(world.cut, pki.server.chain, pki.server.key),
  }).port
  return world.files_port
end

-- The installed library, as a folder of the example.
function fixtures.library(world)
  assert(house.run(("ln -s '%s/share/lua/5.1' '%s/library'"):format(house.stage, world.folder)))
end

-- The sources of the library, as a folder of the example.
function fixtures.checkout(world)
  assert(house.run(("ln -s '%s' '%s/luasec-ffi'"):format(root, world.folder)))
end

-- Programs that bring the library and OpenSSL along.
function fixtures.game(world) require("spec.support.embedded").game(world.folder, world.env) end
function fixtures.reader(world) require("spec.support.embedded").reader(world.folder) end

-- Copas, cqueues and luv on the paths, and `nvim`, which finds the library as a plugin.
function fixtures.loops(world)
  local loops = require "spec.support.loops"
  if not loops.there() then skip "the event loops are not there" end
  loops.setup(world.folder, world.env)
end

local function printed_nginx(path, here)
  return require("spec.support.examples").nginx(path, here)
end

-- samples/loops.lua as a page of nginx.
function fixtures.openresty(world)
  local peers = require "spec.support.peers"
  if not peers.nginx_root() then skip "there is no nginx" end
  local main, server = printed_nginx("docs/cookbook/loops.md", {
    ["8443"] = world.files_port, ["root.pem"] = pki.root.cert, ["samples/"] = root .. "/samples/",
  })
  return peers.nginx({ lua = true, main = main, server = server }).port
end

-- nginx that takes the library's files from `overlay`, where they are there.
function fixtures.overlaid(world)
  local peers = require "spec.support.peers"
  if not peers.nginx_root() then skip "there is no nginx" end
  local http, server = printed_nginx("docs/cookbook/overlay.md", {
    ["/srv/overlay"] = world.folder .. "/overlay",
    ["/usr/local/share/lua/5.1/?.lua"] = "%(path)s;%(root)s/usr/share/lua/5.1/?.lua",
  })
  local nginx = peers.nginx { lua = true, http = http, server = server,
                              paths = 'lua_package_cpath "%(cpath)s;;";' }
  local folder = nginx.files:match "^(.*)/files$"
  assert(house.run(("ln -s '%s/nginx.pid' '%s/error.log' '%s'"):format(folder, folder,
                                                                      world.folder)))
  return nginx.port
end

-- An OCSP responder for the authority of chain.pem.
function fixtures.responder()
  local port, index = process.free_port(), process.folder() .. "/index.txt"
  local leaf = ssl.loadcertificate(process.read(pki.server.leaf))
  process.write(index, ("V\t491231235959Z\t\t%s\tunknown\t/CN=localhost\n"):format(leaf:serial()))
  -- A connection without a request, as wait_port makes it, would keep it busy.
  process.start({
    "openssl", "ocsp", "-port", port, "-index", index, "-CA", pki.intermediate.cert, "-ndays", 7,
    "-rsigner", pki.intermediate.cert, "-rkey", pki.intermediate.key,
  }):wait_output "waiting for OCSP"
  return port
end

-- Web servers of OpenSSL's: the usual one, one that knows TLS 1.2 alone, one that wants a
-- certificate, and one whose certificate no authority has signed.
local function s_server(entry, ...)
  return require("spec.support.peers").s_server(entry, { "-www", ... }).port
end

function fixtures.web() return s_server(pki.server) end
function fixtures.tls12() return s_server(pki.server, "-tls1_2") end
function fixtures.mutual() return s_server(pki.server, "-Verify", "3", "-CAfile", pki.root.cert) end
function fixtures.selfsigned() return s_server(pki.selfsigned) end

-- Redis over TLS.
function fixtures.redis()
  local peers = require "spec.support.peers"
  if process.read(peers.redis_program()) == "" then skip "there is no redis-server" end
  return peers.redis(pki.server, pki.root.cert).port
end

-- Redis without TLS.
function fixtures.plain_redis()
  local peers = require "spec.support.peers"
  if process.read(peers.redis_program()) == "" then skip "there is no redis-server" end
  return peers.redis().port
end

--- A port for a server of the example itself.
function fixtures.free()
  return process.free_port()
end

--- A port on which nobody listens.
fixtures.nobody = fixtures.free

return fixtures
