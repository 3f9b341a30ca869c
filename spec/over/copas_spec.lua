-- The race of addresses over Copas 2 and later: threads, `pause`, `pauseforever` and `wakeup`.
-- Debian has Copas 1.2, which lacks them. So a stand-in schedules the threads here, with a
-- clock that goes on when all of them wait, and answers for the addresses.

describe("ssl.over.copas, with threads that can be woken", function()
  local socket = require "socket"

  local MODULES = { "copas", "ssl.over.copas" }
  local kept, getaddrinfo = {}, socket.dns.getaddrinfo
  local adapter, answers, seen, clock, waiting, listener, port

  setup(function()
    listener = assert(socket.bind("127.0.0.1", 0))
    port = select(2, listener:getsockname())
  end)

  teardown(function() listener:close() end)

  local function sleep(seconds)
    waiting[coroutine.running()] = clock + seconds
    coroutine.yield()
  end

  local function resume(thread)
    waiting[thread] = nil
    assert(coroutine.resume(thread))
  end

  local copas = {
    pause = sleep,
    pauseforever = function() sleep(math.huge) end,
    wakeup = function(thread) waiting[thread] = clock end,
    addthread = function(f) waiting[coroutine.create(f)] = clock end,
  }

  -- It wakes the thread that waits for the object, as Copas does.
  function copas.close(object)
    if object.thread then copas.wakeup(object.thread) end
    return object:close()
  end

  -- An address answers when its time is over. The socket is bound, to have a descriptor. Whoever
  -- is woken asks the object, as Copas does; an open one would begin a real attempt.
  function copas.connect(object, address)
    seen[#seen + 1] = { address, clock }
    seen[address] = object
    assert(object.sock:bind("127.0.0.1", 0))
    local answer, began = answers[address], clock
    object.thread = coroutine.running()
    sleep(answer.after)
    object.thread = nil
    if clock < began + answer.after then return object:connect("127.0.0.1", port) end
    if answer.why then return nil, answer.why end
    return 1
  end

  -- Those whose time comes first, until nobody waits for a time.
  local function run()
    while true do
      local thread, till = nil, math.huge
      for one, time in pairs(waiting) do
        if time < till then thread, till = one, time end
      end
      if not thread then return end
      clock = math.max(clock, till)
      resume(thread)
    end
  end

  before_each(function()
    answers, seen, clock, waiting = {}, {}, 0, {}
    for _, name in ipairs(MODULES) do kept[name] = package.loaded[name] end
    package.loaded.copas, package.loaded["ssl.over.copas"] = copas, nil
    adapter = require "ssl.over.copas"
    socket.dns.getaddrinfo = function()
      local out = {}
      for i, answer in ipairs(answers) do
        out[i] = { addr = answer.address }
        answers[answer.address] = answer
      end
      return out
    end
  end)

  after_each(function()
    socket.dns.getaddrinfo = getaddrinfo
    for _, name in ipairs(MODULES) do package.loaded[name] = kept[name] end
  end)

  -- The object or the reason, and the attempts with their times.
  local function connect(...)
    answers = { ... }
    local object, why
    copas.addthread(function() object, why = adapter.connect("host.test", 443) end)
    run()
    return object, why
  end

  local function attempts()
    local out = {}
    for i, one in ipairs(seen) do out[i] = { one[1], one[2] } end
    return out
  end

  local function closed(address)
    return seen[address]:getfd() == -1
  end

  it("tries the next address 250 ms after one that is silent, and takes the one that answers",
     function()
    local object = connect({ address = "::1", after = math.huge },
                           { address = "127.0.0.1", after = 0.1 })
    assert.same({ { "::1", 0 }, { "127.0.0.1", 0.25 } }, attempts())
    assert.equal(0.35, clock)
    assert.equal(object.waiter, seen["127.0.0.1"])
    assert.is_true(closed "::1")
    object:close()
  end)

  it("tries the next one at once where an attempt has failed", function()
    local object = connect({ address = "::1", after = 0.01, why = "connection refused" },
                           { address = "127.0.0.1", after = 0.1 })
    assert.same({ { "::1", 0 }, { "127.0.0.1", 0.01 } }, attempts())
    assert.is_true(closed "::1")
    object:close()
  end)

  it("tries no other where the first answers in time", function()
    local object = connect({ address = "::1", after = 0.2 }, { address = "127.0.0.1", after = 0 })
    assert.same({ { "::1", 0 } }, attempts())
    object:close()
  end)

  it("takes the first to answer, and closes one that would answer later", function()
    local object = connect({ address = "::1", after = 0.4 }, { address = "127.0.0.1", after = 0.5 })
    assert.same({ { "::1", 0 }, { "127.0.0.1", 0.25 } }, attempts())
    assert.equal(object.waiter, seen["::1"])
    assert.is_true(closed "127.0.0.1")
    assert.is_false(closed "::1")
    object:close()
  end)

  it("reports the last reason where all have failed, and leaves nothing open", function()
    local object, why = connect({ address = "::1", after = 0.3, why = "refused" },
                                { address = "127.0.0.1", after = 0.3, why = "no route" })
    assert.is_nil(object)
    assert.equal("no route", why)
    assert.is_true(closed "::1" and closed "127.0.0.1")
  end)
end)
