-- luajit relay.lua PORT PATH: a TCP server for clients that cannot ask for an Upgrade
-- themselves. One connection after another. Prints its port.

local socket = require "socket"

local port, path = tonumber(arg[1]), arg[2]
local listener = assert(socket.bind("127.0.0.1", 0))
io.stdout:setvbuf "no"
print("port: " .. select(2, listener:getsockname()))

local function connect()
  local sock = assert(socket.connect("127.0.0.1", port))
  assert(sock:send("GET " .. path .. " HTTP/1.1\r\nHost: localhost\r\n"
                   .. "Upgrade: tls\r\nConnection: Upgrade\r\n\r\n"))
  repeat until assert(sock:receive()) == ""
  return sock
end

-- Pass on what one end has sent. False at its end.
local function pass(from, to)
  from:settimeout(0)
  local data, why, partial = from:receive(65536)
  data = data or partial
  to:settimeout(10)
  if #data > 0 and not to:send(data) then return false end
  return why ~= "closed"
end

while true do
  local client = assert(listener:accept())
  local server = connect()
  local open = true
  while open do
    for _, sock in ipairs(socket.select({ client, server }, nil, 10)) do
      if not pass(sock, sock == client and server or client) then open = false end
    end
  end
  client:close()
  server:close()
end
