local ssl, contexts, upgrade = require "ssl", require "contexts", require "upgrade"
local sock = assert(upgrade.connect(ngx.var.server_port, "/echo"))
local conn = assert(ssl.wrap(sock, contexts.client))
assert(conn:setverifyname "localhost")
assert(conn:dohandshake())
assert(conn:send "hello\n")
ngx.say(conn:receive())
conn:close()
