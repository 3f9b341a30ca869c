--- ssl.io.pace: many connections in one loop, and a loop that still turns.
--
-- When bytes have come for a thousand connections at once, a loop resumes a thousand
-- coroutines before it looks at a timer. So where more work is ready than BACKLOG, the rest
-- sleeps until its turn. Each step counts with about the time that it takes: a client's step
-- in a handshake verifies signatures.

local timeout = require "ssl.io.timeout"

local pace = {}

-- Seconds.
local SHAKING, OTHER, BACKLOG = 0.001, 0.0002, 0.001

-- When the work is done for which coroutines have taken their turns.
local done = 0

--- Before a step that computes: sleep, if it is not this coroutine's turn yet.
-- @tparam table over  the adapter of its loop
-- @tparam boolean shaking  it is a step of a handshake
function pace.turn(over, shaking)
  local now = timeout.after(0)
  local turn = math.max(now, done)
  done = turn + (shaking and SHAKING or OTHER)
  if turn - now > BACKLOG then over.sleep(turn - now) end
end

return pace
