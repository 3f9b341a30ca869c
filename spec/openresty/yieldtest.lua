local done = false
local n = 0
local t = ngx.thread.spawn(function() while not done and n < 2e6 do n = n + 1 coroutine.yield() end end)
ngx.sleep(0.01)
done = true
ngx.say("yields during a 10 ms sleep: ", n)
local f = function() ngx.sleep(0.01) end
local t1 = ngx.thread.spawn(f)
ngx.sleep(0.05)
ngx.say(coroutine.status(t1))
local t2 = ngx.thread.spawn(function() ngx.sleep(1) end)
ngx.thread.kill(t2)
ngx.say(coroutine.status(t2))
ngx.say(pcall(function() local s = ngx.socket.tcp() s:settimeout(1000, nil) end))
ngx.say(tostring(coroutine.running()))
