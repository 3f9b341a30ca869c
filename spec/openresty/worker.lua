-- Says which worker it is, after a line from the client; then sends lines back.

local ssl      = require "ssl"
local contexts = require "contexts"
local upgrade  = require "upgrade"

local conn = assert(ssl.wrap(upgrade.accept(), contexts.server))
local ok, why = conn:dohandshake()
if not ok then
  ngx.log(ngx.ERR, why)
  return conn:close()
end
conn:settimeout(20000)
repeat
  local line = conn:receive()
  if line == "who" then line = "worker " .. ngx.worker.pid() end
until not line or not conn:send(line .. "\n")
conn:close()
