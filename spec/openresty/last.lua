-- A client that sends, closes, and has read nothing.

local ssl      = require "ssl"
local upgrade  = require "upgrade"
local versions = require "versions"

local sock = assert(upgrade.connect(ngx.var.server_port, "/sink"))
local conn = assert(ssl.wrap(sock, versions[ngx.var.arg_context]))
assert(conn:dohandshake())
ngx.say((conn:send(("x"):rep(5000000))))
conn:close()
