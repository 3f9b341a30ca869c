-- Many coroutines that are ready at once let their loop turn.

local ENVIRONMENT = { __index = _G }

-- The module under a clock that only the steps of this file move.
local function paced(clock)
  local load = assert(loadfile "lua/ssl/io/pace.lua")
  local shim = { C = { now = function() return clock.time end } }
  return setfenv(load, setmetatable({ require = function() return shim end }, ENVIRONMENT))()
end

describe("many coroutines in one loop", function()
  -- A millisecond, as a number without rounding.
  local MANY, STEP = 40, 2^-10
  local clock, pace

  before_each(function()
    clock = { time = 100 }
    pace = paced(clock)
  end)

  -- A loop of coroutines: all that sleep are resumed in each of its turns.
  local function loop()
    local self = { ready = {}, turns = 0 }
    function self.sleep()
      self.ready[#self.ready + 1] = coroutine.running()
      coroutine.yield()
    end
    function self.go(f) self.ready[#self.ready + 1] = coroutine.create(f) end
    function self.run()
      while #self.ready > 0 do
        local now = self.ready
        self.ready, self.turns = {}, self.turns + 1
        for _, thread in ipairs(now) do assert(coroutine.resume(thread)) end
      end
    end
    return self
  end

  local function compute()
    clock.time = clock.time + STEP
  end

  it("take turns, and each has its own", function()
    local l, done = loop(), {}
    for i = 1, MANY do
      l.go(function()
        pace.turn(l)
        compute()
        done[#done + 1] = i
      end)
    end
    l.run()
    table.sort(done)
    for i = 1, MANY do assert.equal(i, done[i]) end
    -- A slice has room for three of these steps.
    assert.equal(math.ceil(MANY / 3), l.turns)
  end)

  it("do not sleep where one of them works alone", function()
    local l, steps = loop(), 0
    l.go(function()
      for _ = 1, 20 do
        pace.turn(l)
        compute()
        steps = steps + 1
      end
    end)
    l.run()
    assert.equal(20, steps)
    assert.is_true(l.turns <= 2, l.turns)
  end)

  it("get the error of a loop that cannot sleep", function()
    local l, problems = loop(), 0
    local broken = { sleep = function() error("cannot sleep", 0) end }
    for _ = 1, 20 do
      l.go(function()
        local ok, why = pcall(pace.turn, broken)
        if not ok then
          assert(why == "cannot sleep", why)
          problems = problems + 1
        end
        compute()
      end)
    end
    l.run()
    assert.is_true(problems > 0)
  end)
end)
