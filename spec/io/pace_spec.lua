-- Many coroutines that are ready at once let their loop turn.

local ENVIRONMENT = { __index = _G }

-- The module under clocks that only this file moves.
local function paced(clock)
  local load = assert(loadfile "lua/ssl/io/pace.lua")
  local shim = { C = { now = function() return clock.time end,
                       spent = function() return clock.spent end } }
  return setfenv(load, setmetatable({ require = function() return shim end }, ENVIRONMENT))()
end

describe("many coroutines in one loop", function()
  -- A millisecond, as a number without rounding. A slice has room for three steps.
  local MANY, STEP, ROOM = 40, 2^-10, 3
  local clock, pace

  before_each(function()
    clock = { time = 100, spent = 10 }
    pace = paced(clock)
  end)

  local function compute()
    clock.time, clock.spent = clock.time + STEP, clock.spent + STEP
  end

  -- A slice begins, since the loop has turned.
  local function fresh(l)
    pace.turn(l, pace.steps())
  end

  -- A loop: in a turn all are resumed that are ready. `most` is the most steps of a turn.
  local function loop()
    local self = { ready = {}, asleep = {}, numbers = {}, count = 0,
                   turns = 0, steps = 0, most = 0 }
    function self.sleep()
      self.ready[#self.ready + 1] = coroutine.running()
      coroutine.yield()
    end
    function self.nap()
      local nap = {}
      function nap.sleep(_, seconds)
        nap.thread = coroutine.running()
        self.asleep[nap.thread] = clock.time + seconds
        self.count = self.count + 1
        self.numbers[nap.thread] = self.count
        coroutine.yield()
      end
      function nap.wake()
        if not self.asleep[nap.thread] then return end
        self.asleep[nap.thread] = nil
        self.ready[#self.ready + 1] = nap.thread
      end
      return nap
    end
    function self.naps()
      local count = 0
      for _ in pairs(self.asleep) do count = count + 1 end
      return count
    end
    -- Those that wait are killed.
    function self.forget() self.ready, self.asleep = {}, {} end
    function self.go(f) self.ready[#self.ready + 1] = coroutine.create(f) end
    function self.step()
      self.steps = self.steps + 1
      self.most = math.max(self.most, self.steps)
      compute()
    end
    -- Where nobody is ready, time goes on until somebody is.
    local function wake()
      local earliest, thread = math.huge, nil
      for one, due in pairs(self.asleep) do
        if due < earliest then earliest, thread = due, one end
      end
      if not thread then return end
      clock.time, self.asleep[thread] = math.max(clock.time, earliest), nil
      self.ready[1] = thread
    end
    -- Those whose time is over come before the ready ones, and the last of them first.
    local function due()
      local out = {}
      for thread, till in pairs(self.asleep) do
        if till <= clock.time then out[#out + 1] = thread end
      end
      table.sort(out, function(a, b) return self.numbers[a] > self.numbers[b] end)
      for _, thread in ipairs(out) do self.asleep[thread] = nil end
      for _, thread in ipairs(self.ready) do out[#out + 1] = thread end
      return out
    end
    function self.run()
      while #self.ready > 0 do
        local now = due()
        self.ready, self.turns, self.steps = {}, self.turns + 1, 0
        for _, thread in ipairs(now) do assert(coroutine.resume(thread)) end
        if #self.ready == 0 then wake() end
      end
    end
    return self
  end

  -- The order in which so many have had their step.
  local function begin(l, many, done)
    for i = 1, many do
      l.go(function()
        pace.turn(l)
        l.step()
        done[#done + 1] = i
      end)
    end
  end

  local function numbers(from, to)
    local out = {}
    for i = from, to do out[#out + 1] = i end
    return out
  end

  it("take turns in order, a slice in a turn", function()
    local l, done = loop(), {}
    begin(l, MANY, done)
    l.run()
    assert.same(numbers(1, MANY), done)
    assert.is_true(l.most <= ROOM, l.most)
  end)

  it("are awake once in their turn, and not in each", function()
    local l, done, naps = loop(), {}, 0
    local nap = l.nap
    function l.nap()
      local one = nap()
      local sleep = one.sleep
      function one.sleep(...)
        naps = naps + 1
        return sleep(...)
      end
      return one
    end
    begin(l, MANY, done)
    l.run()
    assert.is_true(naps <= MANY, naps)
  end)

  it("take turns over an adapter that has no nap", function()
    local l, done = loop(), {}
    l.nap = nil
    begin(l, MANY, done)
    l.run()
    table.sort(done)
    assert.same(numbers(1, MANY), done)
    assert.is_true(l.most <= ROOM, l.most)
  end)

  it("go on where the first in line is killed", function()
    local l, done, first = loop(), {}, {}
    begin(l, 1, first)
    fresh(l)
    for _ = 1, ROOM do compute() end -- the slice is over, so it sleeps
    assert(coroutine.resume(table.remove(l.ready, 1)))
    assert.equal(1, #l.ready)
    l.ready[1] = nil
    begin(l, MANY, done)
    l.run()
    assert.same({}, first)
    assert.same(numbers(1, MANY), done)
  end)

  -- So many get in line, and are killed there.
  local function kill(l, many)
    l.go(function()
      fresh(l)
      for _ = 1, ROOM do compute() end
    end)
    begin(l, many, {})
    local threads = l.ready
    l.ready = {}
    for _, thread in ipairs(threads) do assert(coroutine.resume(thread)) end
    assert.equal(many, #l.ready + l.naps())
    l.forget()
  end

  it("go on soon where many in line are killed, and keep their order", function()
    for _, many in ipairs { 1, 3, 50, 400 } do
      local l, done = loop(), {}
      kill(l, many)
      local before = clock.time
      begin(l, MANY, done)
      l.run()
      assert.same(numbers(1, MANY), done)
      assert.is_true(clock.time - before < 10, clock.time - before)
    end
  end)

  it("are not taken for lost where the loop was held for long", function()
    local l, done, held = loop(), {}, false
    l.go(function()
      fresh(l)
      for _ = 1, ROOM do compute() end
    end)
    begin(l, MANY, done)
    l.go(function()
      held = true
      clock.time = clock.time + 1000
    end)
    l.run()
    assert.is_true(held)
    assert.same(numbers(1, MANY), done)
    assert.is_true(l.most <= ROOM, l.most)
  end)

  it("wait in line until their time is over", function()
    local l, LIMIT, ended = loop(), 0.25, nil
    kill(l, 50)
    local began = clock.time
    l.go(function()
      pace.turn(l, nil, began + LIMIT)
      ended = clock.time
    end)
    l.run()
    assert.equal(began + LIMIT, ended)
    local done = {}
    begin(l, MANY, done)
    l.run()
    assert.same(numbers(1, MANY), done)
  end)

  it("do not wait where no time is left", function()
    local l, done = loop(), false
    kill(l, 1)
    l.go(function()
      pace.turn(l, nil, clock.time)
      done = true
    end)
    local thread = table.remove(l.ready)
    assert(coroutine.resume(thread))
    assert.is_true(done)
    assert.equal("dead", coroutine.status(thread))
  end)

  it("leave no hole in the line where one cannot get in", function()
    local l, done = loop(), {}
    local nap = l.nap
    function l.nap() error("no memory", 0) end
    fresh(l)
    for _ = 1, ROOM do compute() end
    assert.same({ false, "no memory" }, { pcall(pace.turn, l) })
    l.nap = nap
    begin(l, MANY, done)
    l.run()
    assert.same(numbers(1, MANY), done)
  end)

  it("let it turn where one of them works alone and never waits", function()
    local l = loop()
    l.go(function()
      for _ = 1, MANY do
        pace.turn(l, pace.steps())
        l.step()
      end
    end)
    l.run()
    assert.is_true(l.most <= ROOM, l.most)
  end)

  it("let it turn where one of them does not wait, and other processes have the machine", function()
    local l = loop()
    l.go(function()
      for _ = 1, MANY do
        clock.time = clock.time + STEP
        pace.turn(l)
        l.step()
      end
    end)
    l.run()
    assert.is_true(l.most <= ROOM, l.most)
  end)

  it("do not sleep where one of them works alone and waits", function()
    local l = loop()
    l.go(function()
      for _ = 1, MANY do
        local before = pace.steps()
        clock.time = clock.time + STEP
        pace.turn(l, before)
        l.step()
      end
    end)
    l.run()
    assert.equal(1, l.turns)
  end)

  it("do not sleep where the loop turns because they wait", function()
    local l, sleeps = loop(), 0
    local loops = setmetatable({ sleep = function()
      sleeps = sleeps + 1
      l.sleep()
    end }, { __index = l })
    for _ = 1, 2 do
      l.go(function()
        for _ = 1, MANY do
          local before = pace.steps()
          l.sleep()
          pace.turn(loops, before)
          l.step()
        end
      end)
    end
    l.run()
    assert.is_true(sleeps <= 2, sleeps)
  end)

  -- Like libuv and nginx: in a turn it resumes those whose time is over, and then those whose
  -- bytes have come. So two waits are a turn.
  it("have one slice in a turn of a loop that resumes in two places", function()
    local l, turns = loop(), 20
    local due, bytes, most = {}, {}, 0
    function l.sleep()
      due[#due + 1] = coroutine.running()
      coroutine.yield()
    end
    local function receive()
      bytes[#bytes + 1] = coroutine.running()
      coroutine.yield()
    end
    l.nap = nil -- each looks whenever times are over
    for _ = 1, MANY do
      due[#due + 1] = coroutine.create(function()
        while true do
          local before = pace.steps()
          receive()
          pace.turn(l, before)
          l.step()
        end
      end)
    end
    for _ = 1, turns do
      l.steps = 0
      local first = due
      due = {}
      for _, thread in ipairs(first) do assert(coroutine.resume(thread)) end
      local second = bytes
      bytes = {}
      for _, thread in ipairs(second) do assert(coroutine.resume(thread)) end
      most = math.max(most, l.steps)
    end
    assert.is_true(l.count == 0 and most > 0)
    assert.is_true(most <= ROOM, most)
  end)

  it("get the error of a loop that cannot sleep", function()
    local l, problems = loop(), 0
    local broken = { sleep = function() error("cannot sleep", 0) end, nap = l.nap }
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
