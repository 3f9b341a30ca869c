--- ssl.resty.queue: how many connections a pool may have, used and kept together, and who
-- waits for one: `backlog` of connect.
--
-- nginx counts by its pools. Ours are spread over many of those, so they are counted here. A
-- request may end without a close, and its cosockets end with it. nginx tells nobody, so those
-- who wait ask the cosockets themselves from time to time. One who waits may be killed, and
-- nobody is told either: whoever waits shows at each look that it still does.

local now = require("ssl").monotonic

local queue = {}

-- Seconds between two looks at the cosockets, while one waits.
local LOOK = 0.1
-- Seconds after which somebody who has not looked waits no longer.
local LOST = 1

local WEAK = { __mode = "k" }

-- Key -> `size` and `backlog`, which the first connect of a pool decides, `semaphore`,
-- `waiters`: cosocket -> the time until which it waits without another look, and `members`:
-- cosocket -> true, or while it connects the time when that is over.
local queues = {}

local function waiting(one)
  local n, time = 0, now()
  for sock, till in pairs(one.waiters) do
    if time < till then n = n + 1 else one.waiters[sock] = nil end
  end
  return n
end

-- A cosocket that is closed, or whose request has ended, has no such number.
local function used(one)
  local n, time = 0, now()
  for sock, till in pairs(one.members) do
    if sock:getreusedtimes() or till ~= true and time < till then
      n = n + 1
    else
      one.members[sock] = nil
    end
  end
  return n
end

-- Where requests have ended without a close, nobody has removed their queues.
local function sweep()
  for key, one in pairs(queues) do
    if waiting(one) == 0 and used(one) == 0 then queues[key] = nil end
  end
end

local function new(to)
  sweep()
  local one = { size = to.size, backlog = to.backlog,
                semaphore = require("ngx.semaphore").new(),
                waiters = setmetatable({}, WEAK), members = setmetatable({}, WEAK) }
  queues[to.key] = one
  return one
end

-- A kept connection has its place already.
local function admit(one, sock, seconds, take)
  local entry = take()
  if not entry and used(one) >= one.size then return false end
  one.members[sock] = now() + seconds
  return true, entry
end

-- The first in the queue is woken first.
local function wait(one, sock, seconds, take)
  local deadline = now() + seconds
  local ok, entry
  repeat
    one.waiters[sock] = now() + LOST
    one.semaphore:wait(math.max(math.min(LOOK, deadline - now()), 0.001))
    ok, entry = admit(one, sock, seconds, take)
  until ok or now() >= deadline
  one.waiters[sock] = nil
  if ok then return true, entry end
  return nil, "timeout"
end

--- A place for a connection: now, or when another one ends.
-- @tparam table to  of ssl.resty.place, with its `key`
-- @tparam table sock  nginx's cosocket
-- @tparam number seconds  how long to wait
-- @tparam function take  returns a kept connection, or nil
-- @treturn true,table|nil  and the kept connection
-- @treturn nil,string
function queue.enter(to, sock, seconds, take)
  local one = queues[to.key]
  if not one and not to.backlog then return true, take() end
  one = one or new(to)
  if waiting(one) == 0 then
    local ok, entry = admit(one, sock, seconds, take)
    if ok then return true, entry end
  end
  if waiting(one) >= one.backlog then return nil, "too many waiting connect operations" end
  return wait(one, sock, seconds, take)
end

--- It is connected.
function queue.connected(to, sock)
  local one = queues[to.key]
  if one and one.members[sock] then one.members[sock] = true end
end

--- It is closed, or kept.
function queue.leave(to, sock)
  local one = queues[to.key]
  if not one then return end
  one.members[sock] = nil
  if waiting(one) > 0 then
    one.semaphore:post()
  elseif next(one.members) == nil then
    queues[to.key] = nil
  end
end

return queue
