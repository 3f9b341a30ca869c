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
-- No loop says when it turns. But where a coroutine went to wait after a slice began, and goes on
-- behind others, the loop has gone on. That may be half a turn: a loop resumes those whose bytes
-- have come in one place, and those whose time is over in another. Two such waits, the second
-- begun after the first was over, are a turn, and the next slice begins.
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
-- it is taken for lost. The nearer ones look more often; from place FAR on all the same.
local LOST, FAR = 0.5, 4

-- Steps so far, and how many those were when the slice began; CPU and time without it then.
local steps, first, began, rested = 0, 0, 0, 0

-- Steps when the loop had gone on by half a turn in this slice.
local half = math.huge

-- The adapter of a loop -> those in line: `head` and `tail` are places.
local lines = setmetatable({}, { __mode = "k" })

-- The clock of a thread begins anew where a Lua state goes on in another one.
local function is_over(spent)
  return spent - began > SLICE or spent < began
end

local function slice(spent)
  began, first, rested, half = spent, steps, S.now() - spent, math.huge
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

-- Has the loop turned in this slice? The coroutine went to wait behind so many steps.
local function turned(before)
  if not before or steps == before or before < first then return false end
  if before >= half then return true end
  half = math.min(half, steps)
  return false
end

-- The same where a coroutine is alone: time without CPU says so, which may have been another
-- process's. It proves nothing where the coroutine did not wait.
local function rests(line, before, spent)
  return before == steps and not line[line.head] and S.now() - spent - rested > IDLE
end

-- A sign of life is to come in so many seconds, and is late after LOST more.
local function expect(one, seconds)
  one.till = S.now() + seconds + LOST
end

-- The first one has had its turn, or is lost: then with all that are lost behind it, as many may
-- have been killed together. One that lives after all has its turn, too: its sleep is over.
local function pass(line, lost)
  local time = S.now()
  local following
  repeat
    line[line.head].left = true
    line[line.head] = nil
    line.head = line.head + 1
    following = line[line.head]
  until not following or not following.left and not (lost and time > following.till)
  if not following then return end
  expect(following, 0)
  following.nap:wake()
end

-- The first one: the loop turns, and a slice begins.
local function lead(over, one)
  expect(one, 0)
  local before = steps
  over.sleep(0)
  if before >= first then slice(S.spent()) end
end

-- The leader gives no sign of life. Where the loop was held for long, nobody could: so it turns
-- once before that counts.
local function doubt(over, line, one, leader)
  over.sleep(0)
  expect(one, 0)
  if leader == line[line.head] and S.now() > leader.till then pass(line, true) end
end

-- Behind others.
local function follow(over, line, one, due)
  local leader = line[line.head]
  local seconds = LOST * math.min(one.place - line.head, FAR)
  if due then seconds = math.min(seconds, due - S.now()) end
  expect(one, seconds)
  one.nap:sleep(seconds)
  expect(one, 0)
  if leader == line[line.head] and S.now() > leader.till then doubt(over, line, one, leader) end
end

-- Until it is the first and the loop has turned, or its time is over.
local function await(over, line, one, due)
  while not one.left and (line[line.head] ~= one or is_over(S.spent())) do
    if due and S.now() >= due then return end
    if line[line.head] == one then lead(over, one) else follow(over, line, one, due) end
  end
end

-- What may raise comes before the place in line.
local function get_in_line(over, line, due)
  local one = { nap = nap_of(over), place = line.tail + 1, till = 0, left = false }
  expect(one, 0)
  line.tail = one.place
  line[one.place] = one
  local ok, why = pcall(await, over, line, one, due)
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
-- @tparam[opt] number due  the moment, of shim.C.now, when its time is over: it has its turn
--   then, and its caller sees that the time is over
function pace.turn(over, before, due)
  local spent = S.spent()
  if turned(before) then
    slice(spent)
  elseif is_over(spent) then
    local line = line_of(over)
    if rests(line, before, spent) then slice(spent) else get_in_line(over, line, due) end
  end
  steps = steps + 1
end

return pace
