-- TLS on a connection that came as an Upgrade request: every line is sent back.

local ssl      = require "ssl"
local contexts = require "contexts"
local upgrade  = require "upgrade"

local conn = assert(ssl.wrap(upgrade.accept(), contexts.server))
local ok, why = conn:dohandshake()
if not ok then
  ngx.log(ngx.NOTICE, "TLS: ", why)
  conn:close()
  return
end
conn:settimeout(10000)                        -- milliseconds here too
repeat
  local line = conn:receive()
until not line or not conn:send(line .. "\n")
conn:close()
