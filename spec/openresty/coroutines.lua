-- In coroutines of the program, which yield values of their own as well.

local ssl      = require "ssl"
local contexts = require "contexts"
local upgrade  = require "upgrade"

local sock = assert(upgrade.connect(ngx.var.server_port, "/mirror"))
local conn = assert(ssl.wrap(sock, contexts.client))
assert(conn:dohandshake())

local function lines()
  return coroutine.wrap(function()
    for _ = 1, 3 do coroutine.yield((conn:receive())) end
  end)
end

local thread = ngx.thread.spawn(function()
  local writing = coroutine.wrap(function()
    for i = 1, 3 do
      assert(conn:send("line " .. i .. "\n"))
      coroutine.yield(i)
    end
  end)
  for _ = 1, 3 do writing() end
end)
for line in lines() do ngx.say(line) end
ngx.thread.wait(thread)
conn:close()
