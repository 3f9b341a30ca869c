-- Everything is sent back as it came.

local ssl      = require "ssl"
local contexts = require "contexts"
local upgrade  = require "upgrade"

local conn = assert(ssl.wrap(upgrade.accept(), contexts.server))
assert(conn:dohandshake())
repeat
  local data = conn:receiveany(100000)
until not data or not conn:send(data)
conn:close()
