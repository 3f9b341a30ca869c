-- Limits in time and in number, and who gives them back.

local queue  = require "ssl.resty.queue"
local socket = require("ssl.resty.socket").with { verify = "none" }
local args   = ngx.req.get_uri_args()

local sock = assert(socket.connect("127.0.0.1", args.port))
sock:settimeouts(5000, 6000, 7000)

-- What nginx's own has got at last.
local last = {}
for _, name in ipairs { "settimeout", "settimeouts", "setkeepalive" } do
  local native = sock.raw[name]
  sock.raw[name] = function(raw, ...)
    last = { ... }
    return native(raw, ...)
  end
end

-- A close that waits for the peer's end has a limit of its own.
assert(sock:sslhandshake(nil, "localhost"))
sock:send "GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n"
sock:close()
ngx.say(table.concat(last, " "))

assert(sock:connect("127.0.0.1", args.port))
assert(sock:sslhandshake(nil, "localhost"))
assert(sock:setkeepalive("0", "10"))
ngx.say(last[1])

-- Of a queue whose last request ended without a close nothing is left.
local function nothing() end
local gone  = { getreusedtimes = nothing }
local alive = { getreusedtimes = function() return 0 end }
local again = { getreusedtimes = alive.getreusedtimes }
for _, key in ipairs { "a queue", "another queue" } do
  queue.enter({ key = key, size = 1, backlog = 0 }, gone, 0, nothing)
  queue.connected({ key = key }, gone)
end
ngx.say((queue.enter({ key = "a queue", size = 1 }, alive, 60, nothing)))
ngx.say((queue.enter({ key = "a queue", size = 1 }, again, 60, nothing)))
