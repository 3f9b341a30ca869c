-- stranger.lua HOST PORT CAFILE: a client of the shape that programs for LuaSec have. It
-- knows nothing of this library; debian/tests/stranger runs it over an installed package.
local socket = require "socket"
local ssl    = require "ssl"

local host, port, cafile = arg[1], tonumber(arg[2]), arg[3]

local params = {
  mode = "client",
  protocol = "any",
  cafile = cafile,
  verify = { "peer", "fail_if_no_peer_cert" },
  options = { "all", "no_sslv3" },
}

local conn = socket.tcp()
assert(conn:connect(host, port))
conn = assert(ssl.wrap(conn, params))
assert(conn:dohandshake())
assert(conn:send("GET / HTTP/1.0\r\nHost: " .. host .. "\r\n\r\n"))
local line = assert(conn:receive "*l")
print(line)
print(conn:info "protocol", conn:info "cipher")
print(conn:getpeercertificate():validat(os.time()))
conn:close()
