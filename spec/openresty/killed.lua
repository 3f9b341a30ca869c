-- A light thread is killed in the middle of a send, while another waits behind it.

local ssl      = require "ssl"
local contexts = require "contexts"
local upgrade  = require "upgrade"

local sock = assert(upgrade.connect(ngx.var.server_port, "/deaf"))
local conn = assert(ssl.wrap(sock, contexts.client))
assert(conn:dohandshake())
conn:settimeout(2000)
local thread = ngx.thread.spawn(conn.send, conn, ("x"):rep(16 * 1024 * 1024))
local behind = ngx.thread.spawn(function()
  return select(2, conn:send "behind it")
end)
ngx.sleep(0.05)
ngx.say(ngx.thread.kill(thread))
ngx.say((select(2, ngx.thread.wait(behind))))
ngx.say((select(2, conn:send "another")))
conn:close()
