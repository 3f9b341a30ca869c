-- A slow server: it waits before the handshake and in the middle of a line.

local ssl      = require "ssl"
local contexts = require "contexts"
local upgrade  = require "upgrade"

local seconds = tonumber(ngx.var.arg_seconds)
local conn = assert(ssl.wrap(upgrade.accept(), contexts.server))
ngx.sleep(seconds)
if conn:dohandshake() then
  ngx.sleep(seconds)
  conn:send "half a "
  ngx.sleep(seconds)
  conn:send "line\n"
  conn:receive()
end
conn:close()
