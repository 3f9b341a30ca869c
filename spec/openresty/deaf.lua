-- A server that shakes hands and does not read.

local ssl      = require "ssl"
local contexts = require "contexts"
local upgrade  = require "upgrade"

local conn = assert(ssl.wrap(upgrade.accept(), contexts.server))
assert(conn:dohandshake())
ngx.sleep(0.4)
conn:close()
