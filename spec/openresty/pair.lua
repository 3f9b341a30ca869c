-- Both ends in one request: for Lua states that live no longer than that.

local ssl      = require "ssl"
local contexts = require "contexts"
local upgrade  = require "upgrade"

local sock = assert(upgrade.connect(ngx.var.server_port, "/echo"))
local conn = assert(ssl.wrap(sock, contexts.client))
assert(conn:setverifyname "localhost")
assert(conn:dohandshake())
assert(conn:send "hello\n")
ngx.say((conn:receive()))
-- Some are left as they are, for the end of the state to free.
if ngx.var.arg_leave ~= "1" then conn:close() end
