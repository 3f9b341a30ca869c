-- luajit names.lua PORT NAME CERTIFICATE KEY ...: one server, several names, each with
-- its certificate and key. The first is also for clients that ask for none, or another.
local socket, ssl = require "socket", require "ssl"

local names = {}
for i = 2, #arg, 3 do
  names[arg[i]] = assert(ssl.newcontext {
    mode = "server", protocol = "any", certificate = arg[i + 1], key = arg[i + 2],
  })
end

local listener = assert(socket.bind("127.0.0.1", arg[1]))
while true do
  local conn = assert(ssl.wrap(listener:accept(), names[arg[2]]))
  conn:sni(names)
  conn:settimeout(10)
  if conn:dohandshake() then
    conn:send(("You asked for %s.\n"):format(conn:getsniname() or "no name"))
  end
  conn:close()
end
