-- A pool with a limit, of nginx's own cosockets and of ours.

local args = ngx.req.get_uri_args()
local late = ngx.now() + 20
local tcp  = require(args.tcp).tcp

-- A connection that nobody refers to is closed by the collector.
local all = {}

local function connect(limit)
  local sock = tcp()
  all[#all + 1] = sock
  sock:settimeouts(limit, 5000, 5000)
  local ok, why = sock:connect("127.0.0.1", args.port,
                               { pool = "limited", pool_size = 2, backlog = 1 })
  return ok and sock, why
end

if args.leave then -- without a close: the request gives its places back
  connect(5000)
  connect(5000)
  return
end

local function waiting(limit)
  return ngx.thread.spawn(function()
    local sock, why = connect(limit)
    return sock and sock:getreusedtimes() or why
  end)
end

local function result(thread)
  local _, what = ngx.thread.wait(thread)
  ngx.say(what)
end

local first, second = assert(connect(5000)), assert(connect(5000))
local third = waiting(5000)
ngx.say((select(2, connect(5000))))     -- one waits already
first:close()
result(third)                           -- a new connection
result(waiting(50))                     -- nobody gives one back
third = waiting(5000)
second:setkeepalive()
result(third)                           -- a kept one
third = waiting(5000)
ngx.thread.kill(third)                  -- waits no longer, so another one may
local why
repeat
  ngx.sleep(0.1)
  why = select(2, connect(50))
until why ~= "too many waiting connect operations" or ngx.now() > late
ngx.say(why)
