--- ssl.io.pace: many connections in one loop, and a loop that still turns.
--
-- When bytes have come for a thousand connections at once, a loop resumes a thousand
-- coroutines before it looks at a timer. So work is done in slices: where a slice is over and
-- the loop has not turned since it began, the next coroutine sleeps first.
--
-- No loop says when it turns. But it has turned since a slice began where a coroutine went to
-- sleep after that and was woken.

local shim = require "ssl.ffi.shim"
local now  = shim.C.now

local pace = {}

-- Seconds: a slice; a pause after which nothing was ready; a wait that was one.
local SLICE, IDLE, WAITED = 0.002, 0.02, 0.0005

-- The slice: when it began, when its last step began and on which coroutine, and its steps.
local began, last, steps = 0, 0, 0
local latest = setmetatable({ thread = nil }, { __mode = "v" })

-- How many sleep, and about how long a step takes: the more sleep, the longer.
local sleeping, cost = 0, SLICE / 4

local function slice(time)
  if sleeping > 0 and steps > 0 then cost = (cost + (time - began) / steps) / 2 end
  cost = math.min(cost, SLICE)
  began, steps = time, 0
end

local function grant(time)
  last, latest.thread, steps = time, coroutine.running(), steps + 1
end

-- Did nothing else compute since?
local function turned(time, since)
  return time - last > IDLE or latest.thread == coroutine.running()
      or since > began and time - since > WAITED
end

--- Before a step that computes: sleep, if others have computed for too long.
-- @tparam table over  the adapter of its loop
-- @tparam[opt=0] number since  when the coroutine began to wait, by ssl.monotonic
function pace.turn(over, since)
  local time = now()
  while time - began > SLICE do
    if turned(time, since or 0) then
      slice(time)
      break
    end
    since, sleeping = time, sleeping + 1
    local ok, why = pcall(over.sleep, (sleeping - 1) * cost)
    sleeping, time = sleeping - 1, now()
    if not ok then error(why, 0) end
    if since > began then
      slice(time)
      break
    end
  end
  grant(time)
end

return pace
