--- nginx as the other end, for script/soak; without it `run` and `reload` are nil.

-- spec.support.process asks busted for the end of the suite. There is none here. It is set
-- behind the house, which would watch the tests.
require "spec.support.init"
package.loaded.busted = package.loaded.busted or {}

local ssl     = require "ssl"
local pki     = require "spec.support.pki"
local peers   = require "spec.support.peers"
local process = require "spec.support.process"
local ends    = require "soak.ends"
local socket  = require "socket"

local nginx = {
  --- To be called at the end.
  stop = process.stop_all,
}

if not peers.nginx_root() then return nginx end

local HUP, REQUESTS = 1, 3
-- Seconds behind a reload in which nginx may end a connection that waits for a request.
local CHANGE = 5
local server
local reloaded = -math.huge

-- The response to a request, or nil where nginx has ended the connection.
local function answer(conn, last)
  local line, why = conn:receive()
  if not line and why == "closed" and ssl.monotonic() - reloaded < CHANGE then return nil end
  assert(line == "HTTP/1.1 200 OK", why)
  repeat line = assert(conn:receive()) until line == ""
  assert(conn:receive(last and "*a" or 8) == "the file")
  return true
end

local function ask(conn, last)
  assert(conn:send(("GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: %s\r\n\r\n"):format(
    last and "close" or "keep-alive")))
  return answer(conn, last)
end

--- Some requests over a connection, which may be resumed. nginx ends it.
function nginx.run(random)
  server = server or peers.nginx {
    key = pki.server.key, cert = pki.server.cert, files = { a = "the file" },
  }
  local tcp = assert(socket.connect("127.0.0.1", server.port))
  assert(tcp:setoption("tcp-nodelay", true))
  local conn = assert(ssl.wrap(tcp, ends.of.client))
  conn:settimeout(ends.LONG)
  local session = random(4) > 1 and ends.kept("nginx", random)
  if session then assert(conn:setsession(session)) end
  assert(conn:dohandshake())
  for i = REQUESTS, random(REQUESTS), -1 do
    if not ask(conn, i == 1) then break end
  end
  ends.keep(conn, "nginx")
  conn:settimeout(0)
  if random(3) > 1 then conn:close() end
  return 1
end

--- New workers; the old ones go on until their connections have ended.
function nginx.reload(random)
  if server then
    server:signal(HUP)
    reloaded = ssl.monotonic()
  end
  return nginx.run(random)
end

return nginx
