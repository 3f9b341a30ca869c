-- A connection, and a pool, whose line for the loop stands still: its first one was killed.

describe("behind one who was killed in line", function()
  local house  = require "spec.support.init"
  local pace   = require "ssl.io.pace"
  local pki    = require "spec.support.pki"
  local pool   = require "ssl.https.pool"
  local socket = require "socket"
  local ssl    = require "ssl"

  -- More CPU than a slice has.
  local function burn()
    local till = os.clock() + 0.004
    repeat until os.clock() > till
  end

  -- An adapter that notes how long its coroutines are to wait in line.
  local function adapter()
    local self = { name = "crowded", naps = {} }
    function self.nap()
      local nap = {}
      function nap.sleep(_, seconds)
        self.naps[#self.naps + 1] = seconds
        self.wait(seconds)
      end
      function nap.wake() end
      return nap
    end
    function self.sleep() self.wait(0) end
    -- The first in line sleeps for ever.
    function self.crowd()
      self.wait = coroutine.yield
      coroutine.wrap(function()
        while true do
          burn()
          pace.turn(self)
        end
      end)()
      self.wait, self.naps = socket.sleep, {}
    end
    return self
  end

  -- A connection to an engine in this process. `object.most` limits what a send takes.
  local function connected()
    local engine = assert(ssl.engine {
      mode = "server", protocol = "any", key = pki.server.key, certificate = pki.server.chain })
    local over, object = adapter(), { most = 2^30, closed = 0 }
    over.wait = socket.sleep
    function over.connect() return object end
    function object.send(_, bytes)
      burn()
      if object.stuck then return nil, "timeout", 0 end
      bytes = bytes:sub(1, object.most)
      engine:feed(bytes)
      engine:handshake()
      return #bytes
    end
    function object.receiveany()
      burn()
      local bytes = engine:drain()
      if bytes == "" then return nil, "timeout" end
      return bytes
    end
    function object.close() object.closed = object.closed + 1 end
    local conn = assert(ssl.connect("localhost", 1, {
      over = over, protocol = "any", verify = "peer", cafile = pki.root.cert }))
    over.crowd()
    return conn, over, object, engine
  end

  local function waited(over, most)
    assert.is_true(#over.naps > 0)
    for _, seconds in ipairs(over.naps) do assert.is_true(seconds <= most, seconds) end
  end

  -- Less than the time after which one is taken for lost.
  local LIMIT = 0.2

  for name, set in pairs {
    settimeout  = function(conn) conn:settimeout(LIMIT) end,
    setdeadline = function(conn) conn:setdeadline(LIMIT) end,
  } do
    it("no receive waits longer than its limit: " .. name, function()
      local conn, over, _, engine = connected()
      assert(engine:write "hello\n")
      set(conn)
      conn:receive()
      waited(over, LIMIT)
      conn:close()
    end)

    it("no send waits longer than its limit: " .. name, function()
      local conn, over, object = connected()
      object.most = 10
      set(conn)
      conn:send "hello\n"
      waited(over, LIMIT)
      conn:close()
    end)
  end

  it("a send learns that the connection was closed meanwhile", function()
    local conn, over, object = connected()
    object.most, over.wait = 10, coroutine.yield
    local results
    local thread = coroutine.create(function() results = { conn:send "lost" } end)
    assert(coroutine.resume(thread))
    assert.equal(1, #over.naps)
    object.stuck = true
    conn:close()
    local late = house.patience()
    while not results and not late() do assert(coroutine.resume(thread)) end
    assert.same({ nil, "closed", 0 }, results)
  end)

  it("a send whose bytes have all left counts them, closed or not", function()
    local conn, over = connected()
    over.wait = coroutine.yield
    local results
    local thread = coroutine.create(function() results = { conn:send "sent" } end)
    assert(coroutine.resume(thread))
    assert.equal(1, #over.naps)
    conn:close()
    local late = house.patience()
    while not results and not late() do assert(coroutine.resume(thread)) end
    assert.same({ 4 }, results)
  end)

  it("a receive learns that the connection was closed meanwhile", function()
    local conn, over, _, engine = connected()
    assert(engine:write "hello\n")
    over.wait = coroutine.yield
    local results
    local thread = coroutine.create(function() results = { conn:receive() } end)
    assert(coroutine.resume(thread))
    assert.equal(1, #over.naps)
    conn:close()
    local late = house.patience()
    while not results and not late() do assert(coroutine.resume(thread)) end
    assert.same({ nil, "closed", "" }, results)
  end)

  it("a close does not wait in line", function()
    local conn, over, object = connected()
    conn:close()
    assert.same({}, over.naps)
    assert.equal(1, object.closed)
  end)

  describe("a pool", function()
    -- One that keeps connections of this adapter, and how many of them it has closed.
    local function kept(over, many)
      local p, closed = pool.new(nil, print), 0
      for _ = 1, many do
        pool.give(p, "key", "host", setmetatable({
          sock = { dirty = function() return false end },
          close = function() closed = closed + 1 end,
        }, {
          over = over, over_descriptor = false, carrier = { park = function() return true end },
        }))
      end
      assert.equal(many, p:count())
      return p, function() return closed end
    end

    local function crowded()
      local over = adapter()
      over.crowd()
      return over
    end

    it("waits in line where the loop runs", function()
      for _, running in ipairs { false, function() return true end } do
        local over = crowded()
        over.running = running or nil
        local p, closed = kept(over, 3)
        p:close()
        assert.is_true(#over.naps > 0)
        assert.equal(3, closed())
      end
    end)

    it("closes at once where the loop does not run", function()
      local over = crowded()
      function over.running() return false end
      function over.wait() error("no loop", 0) end
      local p, closed = kept(over, 3)
      p:close()
      assert.equal(3, closed())
      assert.same({}, over.naps)
    end)

    it("closes all where its adapter cannot wait", function()
      local over = crowded()
      function over.wait() error("no loop", 0) end
      local p, closed = kept(over, 3)
      p:close()
      assert.equal(3, closed())
    end)

    it("closes at once what belongs to another process", function()
      local processid = ssl.processid
      finally(function() ssl.processid = processid end)
      for _, use in ipairs { function(p) p:close() end, function(p) p:count() end } do
        local over = crowded()
        local p, closed = kept(over, 3)
        ssl.processid = function() return processid() + 1 end
        use(p)
        ssl.processid = processid
        assert.equal(3, closed())
        assert.same({}, over.naps)
      end
    end)
  end)
end)
