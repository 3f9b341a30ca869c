-- A client that has read its answer, and closes.

local ssl      = require "ssl"
local contexts = require "contexts"
local upgrade  = require "upgrade"

local sock = assert(upgrade.connect(ngx.var.server_port, "/rude"))
local conn = assert(ssl.wrap(sock, contexts.client))
assert(conn:dohandshake())
conn:send "hello\n"
ngx.say((conn:receive()))
ngx.update_time()
local began = ngx.now()
conn:close()
ngx.update_time()
ngx.say(ngx.now() - began < 0.5)
