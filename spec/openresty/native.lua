-- nginx's own TLS client, at a server end of ours.

local upgrade = require "upgrade"

local sock = assert(upgrade.connect(ngx.var.server_port, "/mirror"))
local ok, why = sock:sslhandshake(nil, ngx.var.arg_name or "localhost", true)
if not ok then return ngx.say(why) end
local data = ("0123456789"):rep(300000)
local writing = ngx.thread.spawn(function() return assert(sock:send(data)) end)
ngx.say(sock:receive(#data) == data)
ngx.thread.wait(writing)
sock:close()
