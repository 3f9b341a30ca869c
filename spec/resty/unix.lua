-- A path in place of an address.

local settings = require "settings"
local socket   = require("ssl.resty.socket").with { cafile = settings.pki.root.cert }

for _ = 1, 3 do
  local sock = assert(socket.connect("unix:" .. settings.folder .. "/socket"))
  assert(sock:sslhandshake(false, "localhost", true))
  sock:send "GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n"
  sock:receiveuntil "requests=" ()
  ngx.say(sock:receive(1), " ", sock:getreusedtimes())
  assert(sock:setkeepalive())
end
