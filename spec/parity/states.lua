--- What cases start from: a table of names that the case sees as its globals.
--
-- Written against LuaSec's interface, and so for both libraries. `c` is a client and
-- `s` a server; both ends run in this process, at time limit 0.

local socket = require "socket"
local ssl    = require "ssl"

local folder = os.getenv "PARITY_PKI"

local states, kit = {}, { socket = socket, ssl = ssl, folder = folder }

for _, name in ipairs { "core", "context", "x509", "config" } do
  -- In this order: LuaSec crashes when ssl.config comes before ssl.context.
  kit[name] = require("ssl." .. name)
end

kit.https = require "ssl.https"

--- The path of a file of the specs' certificates.
function kit.pki(name)
  return folder .. "/" .. name
end

--- The text of a file.
function kit.read(path)
  local f = assert(io.open(path, "rb"))
  local text = f:read "*a"
  f:close()
  return text
end

function kit.cert(name)
  return assert(ssl.loadcertificate(kit.read(kit.pki(name .. ".pem"))))
end

--- All results in one table, so that a case can go on.
function kit.all(...)
  return { n = select("#", ...), ... }
end

--- Message of what f raises, or "nothing".
function kit.raised(f, ...)
  local ok, message = pcall(f, ...)
  return ok and "nothing" or message
end

function kit.over(base, extra)
  for key, value in pairs(extra or {}) do base[key] = value end
  return base
end

function kit.server(extra)
  return kit.over({ mode = "server", protocol = "any", key = kit.pki "ec_server.key",
                    certificate = kit.pki "ec_server.pem" }, extra)
end

function kit.client(extra)
  return kit.over({ mode = "client", protocol = "any", verify = "peer",
                    cafile = kit.pki "ec_root.pem" }, extra)
end

--- Two connected LuaSocket objects.
function kit.tcp()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  local a = assert(socket.connect("127.0.0.1", port))
  local b = assert(listener:accept())
  listener:close()
  return a, b
end

local function wrap(sock, cfg)
  local conn = assert(ssl.wrap(sock, cfg))
  conn:settimeout(0)
  return conn
end

--- A server and a client that have not shaken hands. Tables go on top of kit.server
-- and kit.client, contexts are used as they are.
function kit.pair(server, client)
  local a, b = kit.tcp()
  if type(server) ~= "userdata" then server = kit.server(server) end
  if type(client) ~= "userdata" then client = kit.client(client) end
  return wrap(a, server), wrap(b, client)
end

local function waits(word)
  return word == "wantread" or word == "wantwrite"
end

--- Make the handshake on both ends.
-- @return ok and message of the server, ok and message of the client
function kit.shake(s, c)
  local at_s, at_c
  for i = 1, 400 do
    if not at_s then
      local ok, word = s:dohandshake()
      if not waits(word) then at_s = { ok, word } end
    end
    if not at_c then
      local ok, word = c:dohandshake()
      if not waits(word) then at_c = { ok, word } end
    end
    if at_s and at_c then return at_s[1], at_s[2], at_c[1], at_c[2] end
    if i > 20 then socket.sleep(0.001) end
  end
  error "the handshake did not end"
end

--- How the handshake of such a pair ends.
function kit.handshake(server, client)
  return kit.shake(kit.pair(server, client))
end

--- A pair after its handshake, and its results.
function kit.connect(server, client)
  local s, c = kit.pair(server, client)
  return s, c, { kit.shake(s, c) }
end

--- Until bytes are there to be received.
function kit.arrive(conn)
  socket.select({ conn }, nil, 2)
  return conn
end

local function fresh(more)
  local env = setmetatable({}, { __index = function(_, key)
    local value = kit[key]
    if value == nil then value = _G[key] end
    return value
  end })
  return kit.over(env, more)
end

-- Contexts that no case gets to see, and so may serve many.
local shared = {}

local function connected(version)
  local contexts = shared[version]
  if not contexts then
    contexts = { assert(ssl.newcontext(kit.server { protocol = version })),
                 assert(ssl.newcontext(kit.client { protocol = version })) }
    shared[version] = contexts
  end
  local s, c, how = kit.connect(contexts[1], contexts[2])
  assert(how[1] and how[3], how[2] or how[4])
  -- Tickets of TLS 1.3 are out of the way.
  c:receive(0)
  return s, c
end

function states.plain()
  return fresh()
end

function states.new()
  local s, c = kit.pair()
  return fresh { s = s, c = c }
end

--- The client has said its hello.
function states.shaking()
  local s, c = kit.pair()
  c:dohandshake()
  return fresh { s = s, c = c }
end

--- The client did not trust the server.
function states.failed()
  local s, c = kit.connect(nil, { cafile = kit.pki "root.pem" })
  return fresh { s = s, c = c }
end

function states.tls12()
  local s, c = connected "tlsv1_2"
  return fresh { s = s, c = c }
end

function states.tls13()
  local s, c = connected "tlsv1_3"
  return fresh { s = s, c = c }
end

--- Closed after a handshake.
function states.closed()
  local s, c = connected "any"
  c:close()
  s:close()
  return fresh { s = s, c = c }
end

--- Closed before one.
function states.unused()
  local s, c = kit.pair()
  c:close()
  s:close()
  return fresh { s = s, c = c }
end

local function mutual(version)
  local s, c = kit.connect(
    { protocol = version, key = kit.pki "server.key", certificate = kit.pki "chain.pem",
      cafile = kit.pki "root.pem", verify = { "peer", "fail_if_no_peer_cert" } },
    { protocol = version, key = kit.pki "client.key",
      certificate = kit.pki "client_chain.pem", cafile = kit.pki "root.pem" })
  return fresh { s = s, c = c }
end

function states.mutual12() return mutual "tlsv1_2" end
function states.mutual13() return mutual "tlsv1_3" end

--- `ctx`, a bare context.
function states.ctx()
  return fresh { ctx = assert(kit.context.create "any") }
end

--- `crt`, a certificate of many names, and `ca`, its issuer.
function states.crt()
  return fresh { crt = kit.cert "server_leaf", ca = kit.cert "intermediate",
                 root = kit.cert "root" }
end

return states
