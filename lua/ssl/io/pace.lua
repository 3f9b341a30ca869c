--- ssl.io.pace: many connections in one loop, and a loop that still turns.
--
-- When bytes have come for a thousand connections at once, a loop resumes a thousand
-- coroutines before it looks at a timer. And where bytes come faster than they are decrypted, a
-- single coroutine never has to wait. So work is done in slices: where a slice is over and the
-- loop has not turned since it began, the next coroutine gets in line.
--
-- The first in line sleeps while the loop turns once, and the others until they are the first.
-- Whoever has had a turn wakes the next one. So there is one timer for all, and each has its
-- turn in order.
--
-- No loop says when it turns. But it has turned since a slice began where a coroutine went to
-- wait after that and goes on behind others.
--
-- Slices are counted by the CPU of this thread: time in which other processes ran, or nothing
-- did, is no work of ours.

local shim = require "ssl.ffi.shim"
local S    = shim.C

local pace = {}

-- Seconds: the CPU of a slice; the time without CPU in a slice after which a loop with one
-- coroutine has turned.
local SLICE, IDLE = 0.002, 0.0005

-- Seconds. One in line may be killed, and nobody is told: after so long without a sign of life
-- of the first one it is taken for lost. The nearer ones look more often.
local LOST = 0.5

-- Steps so far, and how many those were when the slice began; CPU and time without it then.
local steps, first, began, rested = 0, 0, 0, 0

-- The adapter of a loop -> those in line: `head` and `tail` are places.
local lines = setmetatable({}, { __mode = "k" })

-- The clock of a thread begins anew where a Lua state goes on in another one.
local function is_over(spent)
  return spent - began > SLICE or spent < began
end

local function slice(spent)
  began, first, rested = spent, steps, S.now() - spent
end


-- For adapters without one: it looks from time to time.
local function nap_of(over)
  if over.nap then return over.nap() end
  local LOOK = 0.005
  local nap = { woken = false }
  function nap:sleep(seconds)
    self.woken = false
    local till = S.now() + seconds
    repeat over.sleep(LOOK) until self.woken or S.now() >= till
  end
  function nap:wake() self.woken = true end
  return nap
end

local function line_of(over)
  local line = lines[over] or { head = 1, tail = 0 }
  lines[over] = line
  return line
end

-- Has the loop turned in this slice? The coroutine went to wait behind so many steps. Where
-- it is alone, time without CPU says so, which may have been another process's.
local function turned(line, before, spent)
  if steps > before then return before >= first end
  return not line[line.head] and S.now() - spent - rested > IDLE
end

-- The first one has had its turn, or is lost. Then one that lives after all has its turn, too.
local function pass(line)
  repeat
    line[line.head].left = true
    line[line.head] = nil
    line.head = line.head + 1
    local following = line[line.head]
  until not following or not following.left
  local following = line[line.head]
  if not following then return end
  following.till = S.now() + LOST
  following.nap:wake()
end

-- The first one: the loop turns, and a slice begins.
local function lead(over, one)
  one.till = S.now() + LOST
  local before = steps
  over.sleep(0)
  if before >= first then slice(S.spent()) end
end

local function await(over, line, one)
  while not one.left and (line[line.head] ~= one or is_over(S.spent())) do
    local leader = line[line.head]
    if leader == one then
      lead(over, one)
    else
      one.nap:sleep(LOST * (one.place - line.head))
      if leader == line[line.head] and S.now() > leader.till then pass(line) end
    end
  end
end

local function get_in_line(over, line)
  line.tail = line.tail + 1
  local one = { nap = nap_of(over), place = line.tail, till = S.now() + LOST, left = false }
  line[line.tail] = one
  local ok, why = pcall(await, over, line, one)
  if line[line.head] == one then pass(line) end
  one.left = true
  if not ok then error(why, 0) end
end

--- How many steps there have been: for `turn`, by a coroutine that goes to wait.
-- @treturn number
function pace.steps()
  return steps
end

--- Before a step that computes: wait in line, if others have computed for too long.
-- @tparam table over  the adapter of its loop
-- @tparam[opt] number before  `steps` when the coroutine began to wait; nil: it did not wait
function pace.turn(over, before)
  local spent = S.spent()
  if is_over(spent) then
    local line = line_of(over)
    if turned(line, before or steps, spent) then slice(spent) else get_in_line(over, line) end
  end
  steps = steps + 1
end

return pace
