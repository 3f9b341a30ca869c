-- luajit reload.lua PORT CERTIFICATE KEY: a server that takes a new certificate without a restart,
-- for connections from then on, as soon as the files have changed.
local socket, ssl = require "socket", require "ssl"

local port, certificate, key = unpack(arg)
local context, seen

-- While a new certificate lies there and its key does not, the old context goes on.
local function reload()
  local stamp = tostring(ssl.filestamp(certificate)) .. tostring(ssl.filestamp(key))
  if stamp == seen then return end
  seen = stamp
  local made, message = ssl.newcontext {
    mode = "server", protocol = "any", certificate = certificate, key = key,
  }
  context = made or context
  print(made and "a new certificate" or "not used: " .. message)
  io.flush()
end

reload()
if not context then os.exit(1) end
local listener = assert(socket.bind("127.0.0.1", port))
while true do
  local sock = assert(listener:accept())
  reload()
  local conn = assert(ssl.wrap(sock, context))
  conn:settimeout(10)
  if conn:dohandshake() then
    repeat local line = conn:receive() until not line or line == ""
    conn:send "HTTP/1.0 200 OK\r\n\r\nHello.\n"
  end
  conn:close()
end
