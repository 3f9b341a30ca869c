-- 50 handshakes with a server that takes a second, and a request in between.

local ssl      = require "ssl"
local contexts = require "contexts"
local upgrade  = require "upgrade"

local port = ngx.var.server_port
local events = {}

local function shake()
  local sock = assert(upgrade.connect(port, "/late?seconds=1"))
  local conn = assert(ssl.wrap(sock, contexts.client))
  local ok, why = conn:dohandshake()
  events[#events + 1] = ok and "shaken" or why
  conn:close()
end

local threads = {}
for i = 1, 50 do threads[i] = ngx.thread.spawn(shake) end

ngx.sleep(0.3)
local sock = ngx.socket.tcp()
assert(sock:connect("127.0.0.1", port))
sock:send "GET /ping HTTP/1.0\r\n\r\n"
events[#events + 1] = sock:receive "*a":match "[^\n]*\n$":sub(1, -2)
sock:close()

for _, thread in ipairs(threads) do ngx.thread.wait(thread) end
ngx.say(table.concat(events, " "))
