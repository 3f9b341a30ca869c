-- A connection of this request, used by a timer.

local ssl      = require "ssl"
local contexts = require "contexts"
local upgrade  = require "upgrade"

local sock = assert(upgrade.connect(ngx.var.server_port, "/mirror"))
local conn = assert(ssl.wrap(sock, contexts.client))
assert(conn:dohandshake())

local done = require("ngx.semaphore").new()
local raised
ngx.timer.at(0, function()
  raised = select(2, pcall(conn.send, conn, "x"))
  done:post()
end)
done:wait(5)
ngx.say(raised)
ngx.say((select(2, conn:send "y")))
conn:close()
