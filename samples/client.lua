-- luajit client.lua HOST PORT [CAFILE]: prints the page of an HTTPS server. Without CAFILE it
-- trusts the authorities that the system trusts.
local ssl = require "ssl"

local host, port, cafile = unpack(arg)
local conn = assert(ssl.connect(host, port, {
  protocol = "any", verify = "peer", timeout = 10, systemca = not cafile, cafile = cafile,
}))
assert(conn:send("GET / HTTP/1.0\r\nHost: " .. host .. "\r\n\r\n"))
local page = assert(conn:receive "*a")
io.write(page)
conn:close()
