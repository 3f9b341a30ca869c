-- A server that answers and then does not listen for a second.

local ssl      = require "ssl"
local contexts = require "contexts"
local upgrade  = require "upgrade"

local conn = assert(ssl.wrap(upgrade.accept(), contexts.server))
assert(conn:dohandshake())
conn:send(conn:receive() .. "\n")
ngx.sleep(1)
conn:close()
