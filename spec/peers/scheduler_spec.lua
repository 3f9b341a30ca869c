-- Many connections in a coroutine scheduler, which treats them as Copas 4 does.

describe("a coroutine scheduler", function()
  local socket    = require "socket"
  local ssl       = require "ssl"
  local house     = require "spec.support.init"
  local pair      = require "spec.support.pair"
  local pki       = require "spec.support.pki"
  local scheduler = require "spec.support.scheduler"

  local MANY, LIMIT = house.scale(50, 10), house.scale(60, 300)

  local sched, listener, port

  before_each(function()
    sched = scheduler.new()
    listener = assert(socket.bind("127.0.0.1", 0, 128))
    port = select(2, listener:getsockname())
  end)

  after_each(function()
    listener:close()
    collectgarbage()
  end)

  local function server(extra) return assert(ssl.newcontext(pair.server_config(extra))) end
  local function client(extra) return assert(ssl.newcontext(pair.client_config(extra))) end

  -- The line and the block that each client sends, back to it.
  local function echo(skt)
    while true do
      local size = skt:receive "*l"
      if not size then return end
      local data = assert(skt:receive(tonumber(size)))
      assert(skt:send(data))
    end
  end

  local function talk(params, sizes, results, i)
    local skt = assert(sched:connect(port, params))
    for _, size in ipairs(sizes) do
      local data = ("%04d"):format(i):rep(size / 4)
      assert(skt:send(#data .. "\n" .. data))
      assert(skt:receive(#data) == data, "other bytes")
    end
    skt:close()
    results[#results + 1] = i
  end

  for _, version in ipairs(pair.versions) do
    it("has " .. MANY .. " clients and servers at once, over " .. version, function()
      local results, ctx = {}, client { protocol = version }
      assert.equal("userdata", type(ctx))
      sched:serve(listener, echo, { wrap = server(), timeout = LIMIT })
      for i = 1, MANY do
        sched:go(talk, { wrap = ctx, timeout = LIMIT }, { 4, 20000, 200000 }, results, i)
      end
      assert.is_true(sched:run(LIMIT, function()
        return #results == MANY or #sched.errors > 0
      end))
      assert.same({}, sched.errors)
      assert.equal(MANY, #results)
    end)

    it("takes a table for a context, one for each connection, over " .. version, function()
      local results = {}
      sched:serve(listener, echo, { wrap = server { protocol = version }, timeout = LIMIT })
      for i = 1, 4 do
        sched:go(talk, { wrap = pair.client_config(), timeout = LIMIT }, { 4 }, results, i)
      end
      assert.is_true(sched:run(LIMIT, function() return #results == 4 end))
    end)

    it("serves names, strictly, over " .. version, function()
      local other = server { protocol = version, certificate = pki.ec_server.cert,
                             key = pki.ec_server.key }
      sched:serve(listener, echo, { wrap = server { protocol = version }, timeout = LIMIT,
        sni = { names = { ["a.test"] = other }, strict = true } })
      local found, refused
      sched:go(function()
        local skt = assert(sched:connect(port, { timeout = LIMIT,
          wrap = client { cafile = pki.ec_root.cert }, sni = { names = "a.test" } }))
        found = skt.socket:getpeercertificate():issuer()
        skt:close()
        refused = { sched:connect(port, { timeout = LIMIT, wrap = client(),
                                          sni = { names = "b.test" } }) }
      end)
      assert.is_true(sched:run(LIMIT, function() return refused end))
      assert.same({}, sched.errors)
      assert.equal("EC Root", found[2].value)
      assert.same({ nil, "tlsv1 unrecognized name" }, refused)
    end)
  end

  it("reports waits that are over, and goes on with the rest", function()
    local results, waits = {}, {}
    local silent = assert(socket.bind("127.0.0.1", 0))
    local nowhere = select(2, silent:getsockname())
    sched:serve(listener, echo, { wrap = server(), timeout = LIMIT })
    sched:go(function()
      waits.handshake = { sched:connect(nowhere, { wrap = client(), timeout = 0.2 }) }
    end)
    sched:go(function()
      local skt = assert(sched:connect(port, { wrap = client(), timeout = LIMIT }))
      skt.timeout = 0.2
      waits.receive = { skt:receive(10, "had") }
      skt:close()
    end)
    for i = 1, 5 do
      sched:go(talk, { wrap = client(), timeout = LIMIT }, { 4, 40000 }, results, i)
    end
    assert.is_true(sched:run(LIMIT, function()
      return #results == 5 and waits.handshake and waits.receive
    end))
    assert.same({}, sched.errors)
    assert.same({ nil, "timeout" }, waits.handshake)
    assert.same({ nil, "timeout", "had" }, waits.receive)
    silent:close()
  end)

  it("lets a chooser of protocols wait while the others go on", function()
    local order, results = {}, {}
    local ctx = server { alpn = function(names)
      if names[1] == "slow" then
        -- Wait until another client has been served. If this one blocks the others, the wait is
        -- in vain.
        local deadline = socket.gettime() + LIMIT / 2
        while not order[1] and socket.gettime() < deadline do sched:sleep(0.01) end
        order[#order + 1] = "slow"
      end
      return names[1]
    end }
    sched:serve(listener, echo, { wrap = ctx, timeout = LIMIT })
    sched:go(talk, { wrap = client { alpn = "slow" }, timeout = LIMIT }, { 4 }, results, 1)
    for i = 2, 10 do
      sched:go(function()
        talk({ wrap = client { alpn = "quick" }, timeout = LIMIT }, { 4 }, results, i)
        order[#order + 1] = "quick"
      end)
    end
    assert.is_true(sched:run(LIMIT, function() return #results == 10 end))
    assert.same({}, sched.errors)
    assert.equal("quick", order[1])
  end)

  it("sleeps on no connection that has something to receive", function()
    local lines = {}
    sched:serve(listener, function(skt)
      -- One record, many lines: select on the descriptor alone would sleep.
      assert(skt:send(("line\n"):rep(500)))
      skt:receive "*l"
    end, { wrap = server(), timeout = LIMIT })
    sched:go(function()
      local skt = assert(sched:connect(port, { wrap = client(), timeout = LIMIT }))
      -- A ticket wakes us, too, and is no line.
      while #lines < 500 do
        sched:wait(skt.socket, "wantread")
        lines[#lines + 1] = skt.socket:receive()
      end
      skt:close()
    end)
    assert.is_true(sched:run(LIMIT, function()
      return #lines == 500 or #sched.errors > 0
    end))
    assert.same({}, sched.errors)
  end)
end)
