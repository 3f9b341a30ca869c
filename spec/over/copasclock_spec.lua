-- Sleep over Copas 1, where its thread cannot begin, or ends by an error.

describe("ssl.over.copasclock", function()
  local house = require "spec.support.init"

  local MODULES = { "copas", "socket", "ssl.over.copasclock" }
  local kept, clock, threads, refused, broken, open = {}, nil, nil, false, false, 0

  -- A loop of one step at a time. A thread that ends by an error is forgotten.
  local copas = {}

  function copas.addthread(thread)
    if type(thread) == "function" then thread = coroutine.create(thread) end
    local ok, one, set = coroutine.resume(thread)
    if ok and set then
      set:insert(one)
      set:push(one, thread)
    end
    return thread
  end

  function copas.send()
    if broken then error("broken", 0) end
    threads[#threads + 1] = coroutine.running()
    coroutine.yield()
  end

  local function step()
    local now = threads
    threads = {}
    for _, thread in ipairs(now) do copas.addthread(thread) end
  end

  local function udp()
    if refused then return nil, "too many open files" end
    open = open + 1
    return { close = function() open = open - 1 end }
  end

  before_each(function()
    threads, refused, broken, open = {}, false, false, 0
    for _, name in ipairs(MODULES) do kept[name] = package.loaded[name] end
    package.loaded.copas, package.loaded.socket = copas, { udp4 = udp }
    package.loaded["ssl.over.copasclock"] = nil
    clock = require "ssl.over.copasclock"
  end)

  after_each(function()
    for _, name in ipairs(MODULES) do package.loaded[name] = kept[name] end
  end)

  local function sleeper(seconds)
    local one = { awake = false, why = nil }
    copas.addthread(function()
      local ok, why = pcall(clock.sleep, seconds)
      one.awake, one.why = ok, why
    end)
    return one
  end

  it("gives the error of a missing descriptor to the sleeper, and goes on later", function()
    refused = true
    assert.matches("too many open files$", sleeper(0).why)
    refused = false
    local one = sleeper(0)
    step()
    assert.is_true(one.awake)
    assert.equal(0, open)
  end)

  it("goes on, and wakes all, where its thread has ended by an error", function()
    local SHORT = 0.05
    local first = sleeper(SHORT)
    broken = true
    -- Until its thread has looked again, or has woken the sleeper before that.
    repeat step() until #threads == 0
    broken = false
    local second, late = sleeper(0), house.patience()
    repeat step() until first.awake and second.awake or late()
    assert.is_true(first.awake and second.awake)
    assert.equal(0, open)
  end)
end)
