-- Time-outs are the cosocket's, and what timed out goes on.

local ssl      = require "ssl"
local upgrade  = require "upgrade"
local versions = require "versions"

local sock = assert(upgrade.connect(ngx.var.server_port, "/late?seconds=0.3"))
local conn = assert(ssl.wrap(sock, versions[ngx.var.arg_context]))
assert(conn:setverifyname "localhost")
sock:settimeout(60)

local function again(operation)
  local timeouts, partial = 0, nil
  while true do
    local data, why, part = operation(partial)
    if data then return timeouts > 1 and "late" or "early", data end
    if why ~= "timeout" then return why end
    timeouts, partial = timeouts + 1, part
  end
end

ngx.say("handshake ", (again(function() return conn:dohandshake() end)))
local when, line = again(function(partial) return conn:receive("*l", partial) end)
ngx.say("receive ", when, ": ", line)
conn:settimeout(5000)
ngx.say("send ", (conn:send "enough\n"))
ngx.say("receive ", tostring(select(2, conn:receive())))
conn:close()
