-- luajit server.lua PORT CERTIFICATE KEY: greets every HTTPS client.
local socket, ssl = require "socket", require "ssl"

local port, certificate, key = unpack(arg)
local context = assert(ssl.newcontext {
  mode = "server", protocol = "any", certificate = certificate, key = key,
})
local listener = assert(socket.bind("127.0.0.1", port))
while true do
  local conn = assert(ssl.wrap(listener:accept(), context))
  conn:settimeout(10)
  if conn:dohandshake() then
    repeat local line = conn:receive() until not line or line == ""
    conn:send "HTTP/1.0 200 OK\r\n\r\nHello from luasec-ffi.\n"
  end
  conn:close()
end
