--- Both ends of a connection in one process.
--
-- TCP over loopback, TLS wrapped on both ends, the handshakes run in turn at time
-- limit 0. Specs put extra keys on top of the two configurations.

local ffi    = require "ffi"
local socket = require "socket"
local ssl    = require "ssl"
local house  = require "spec.support.init"
local pki    = require "spec.support.pki"

ffi.cdef [[
int pair_dup2(int from, int to) __asm__("dup2");
]]

local pair = { versions = { "tlsv1_2", "tlsv1_3" } }

local function over(base, extra)
  for key, value in pairs(extra or {}) do base[key] = value end
  return base
end

--- A server's configuration: `pki.server`, any protocol.
function pair.server_config(extra)
  return over({ mode = "server", protocol = "any", key = pki.server.key,
                certificate = pki.server.cert }, extra)
end

--- Keys of a server's configuration, with an RSA key: for suites and signatures of RSA's.
function pair.rsa(extra)
  return over({ key = pki.rsa_server.key, certificate = pki.rsa_server.cert }, extra)
end

--- A client's: verifies against `pki.root`.
function pair.client_config(extra)
  return over({ mode = "client", protocol = "any", cafile = pki.root.cert,
                verify = "peer" }, extra)
end

--- Two connected LuaSocket objects, without Nagle's algorithm: with it small records would
-- wait up to 40 ms for the acknowledgement of those before.
function pair.tcp()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  local a = assert(socket.connect("127.0.0.1", port))
  local b = assert(listener:accept())
  listener:close()
  assert(a:setoption("tcp-nodelay", true))
  assert(b:setoption("tcp-nodelay", true))
  return a, b
end

--- A server and a client, not yet shaken hands. Either argument may be a context.
function pair.wrapped(server, client)
  local a, b = pair.tcp()
  local function config(value, make)
    return type(value) == "userdata" and value or make(value)
  end
  return assert(ssl.wrap(a, config(server, pair.server_config))),
         assert(ssl.wrap(b, config(client, pair.client_config)))
end

--- Have a connection's system reset it, behind its back: its descriptor is another
-- socket's then, which was never connected.
function pair.reset(conn)
  assert(conn:setoption("linger", { on = true, timeout = 0 }))
  local spare = assert(socket.tcp4())
  assert(ffi.C.pair_dup2(spare:getfd(), conn:getfd()) >= 0)
  spare:close()
end

local function waits(word)
  return word == "wantread" or word == "wantwrite"
end

--- Run both handshakes until each has ended.
-- @treturn table  of the server: true, or false and its message
-- @treturn table  of the client
function pair.handshake(server, client)
  local ends = { { conn = server }, { conn = client } }
  local late = house.patience()
  repeat
    for _, side in ipairs(ends) do
      if not side.result then
        side.conn:settimeout(0)
        local result = { side.conn:dohandshake() }
        if not waits(result[2]) then
          side.result = result
          if not result[1] then side.conn:close() end
        end
      end
    end
    assert(not late(), "the handshake did not end")
  until ends[1].result and ends[2].result
  return ends[1].result, ends[2].result
end

--- A connected pair, without time limits.
function pair.connected(server, client)
  local s, c = pair.wrapped(server, client)
  local at_server, at_client = pair.handshake(s, c)
  assert(at_server[1], at_server[2])
  assert(at_client[1], at_client[2])
  s:settimeout(nil)
  c:settimeout(nil)
  return s, c
end

return pair
