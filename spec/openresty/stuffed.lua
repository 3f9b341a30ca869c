-- A send that times out has ended the sending half of its cosocket.

local ssl      = require "ssl"
local upgrade  = require "upgrade"
local contexts = require "contexts"

local sock = assert(upgrade.connect(ngx.var.server_port, "/deaf"))
local conn = assert(ssl.wrap(sock, contexts.client))
assert(conn:dohandshake())
conn:settimeout(100)
local data = ("x"):rep(16 * 1024 * 1024)
local last, why, sent = conn:send(data)
ngx.say(tostring(last), " ", why, " ", sent < #data)
last, why = conn:send(data, sent + 1)
ngx.say(tostring(last), " ", why)
conn:close()
