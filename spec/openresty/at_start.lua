-- LuaSocket, before the workers exist: no request waits while it blocks.

local socket = require "socket"
local ssl    = require "ssl"

return function(host, port, ctx)
  local sock = assert(socket.tcp())
  sock:settimeout(5)                          -- LuaSocket's unit: seconds
  assert(sock:connect(host, port))
  local conn = assert(ssl.wrap(sock, ctx))
  conn:settimeout(5)
  assert(conn:setverifyname(host))
  assert(conn:dohandshake())
  assert(conn:send "as nginx starts\n")
  local line = assert(conn:receive())
  conn:close()
  return line
end
