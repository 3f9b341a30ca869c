-- Several coroutines at one connection, over a stream whose methods yield.

describe("coroutines at one connection", function()
  local house  = require "spec.support.init"
  local pair   = require "spec.support.pair"
  local faulty = require "spec.support.faulty"
  local run, slow = faulty.run, faulty.slow

  local contexts = {}
  setup(function()
    for _, version in ipairs(pair.versions) do contexts[version] = faulty.contexts(version) end
  end)

  local function connected(version)
    local server, client, a, b = faulty.wrapped(contexts[version])
    slow(a)
    slow(b)
    run { function() assert(server:dohandshake()) end,
          function() assert(client:dohandshake()) end }
    return server, client, a, b
  end

  local function each_version(f)
    for _, version in ipairs(pair.versions) do f(version, " (" .. version .. ")") end
  end

  -- A message with its writer and its length, in one piece or not at all.
  local function message(mark, i)
    local length = i * i * 97 % 40000
    return mark .. " " .. length .. "\n" .. mark:rep(length)
  end

  local function writer(conn, mark, count)
    return function()
      for i = 1, count do
        local text = message(mark, i)
        assert.equal(#text, conn:send(text))
      end
    end
  end

  local function reader(conn, count, seen)
    return function()
      for _ = 1, count do
        local mark, length = assert(conn:receive()):match "^(%a) (%d+)$"
        assert(conn:receive(tonumber(length)) == mark:rep(tonumber(length)))
        seen[mark] = (seen[mark] or 0) + 1
      end
    end
  end

  each_version(function(version, label)
    local COUNT = house.scale(20, 4)

    it("may write at once: each message arrives in one piece" .. label, function()
      local server, client = connected(version)
      local seen = {}
      run { writer(client, "a", COUNT), writer(client, "b", COUNT),
            reader(server, 2 * COUNT, seen) }
      assert.same({ a = COUNT, b = COUNT }, seen)
    end)

    it("may read while others write, on both sides" .. label, function()
      local server, client = connected(version)
      local at_server, at_client = {}, {}
      run { writer(client, "a", COUNT), reader(server, COUNT, at_server),
            writer(server, "b", COUNT), reader(client, COUNT, at_client) }
      assert.same({ a = COUNT }, at_server)
      assert.same({ b = COUNT }, at_client)
    end)

    -- A scheduler forgets a coroutine: only the collector learns of it.
    it("may be forgotten in the middle of a send, and others go on" .. label, function()
      local server, client = connected(version)
      local thread = coroutine.create(function() client:send "lost?\n" end)
      assert(coroutine.resume(thread))
      assert.equal("suspended", coroutine.status(thread))
      thread = nil -- luacheck: ignore
      collectgarbage()
      collectgarbage()
      local got
      run { function() assert(client:send "after\n") end,
            function() got = assert(server:receive()) .. assert(server:receive()) end }
      assert.equal("lost?after", got)
    end)

    it("may die of their transport's error, and the others get a message" .. label, function()
      local server, client, _, b = connected(version)
      local send = b.on_send
      function b:on_send(data)
        if self.fails then
          coroutine.yield()
          error("torn", 0)
        end
        return send(self, data)
      end
      b.fails = true
      local first = coroutine.create(function() client:send "x" end)
      assert(coroutine.resume(first))
      local word
      local second = coroutine.create(function() word = select(2, client:send "y") end)
      assert(coroutine.resume(second))
      local ok, why = coroutine.resume(first)
      assert.same({ false, "torn" }, { ok, why })
      assert(coroutine.resume(second))
      assert.equal("dead", coroutine.status(second))
      assert.equal("transport failed", word)
      client:close()
      server:close()
    end)

    it("are not waited for by a method of their own stream" .. label, function()
      for name, arguments in pairs { send = { "inner" }, unwrap = {}, tlsshutdown = {} } do
        local server, client, _, b = connected(version)
        local send, inner = b.on_send, nil
        function b:on_send(data)
          inner = inner or { client[name](client, unpack(arguments)) }
          return send(self, data)
        end
        local got
        run { function() assert(client:send "outer\n") end,
              function() got = assert(server:receive()) end }
        assert.equal("outer", got)
        assert.same({ [2] = "busy", [3] = name == "send" and 0 or nil }, inner)
        client:close()
        server:close()
      end
    end)

    it("may both be stuck in writing, and still read" .. label, function()
      local server, client, a, b = connected(version)
      local ROOM, text = 30000, ("x"):rep(200000)
      for _, transport in ipairs { a, b } do
        function transport:on_send(data)
          local room = ROOM - #self.other.data
          if room <= 0 then return nil, "wantwrite", 0 end
          return self:put(data:sub(1, room))
        end
        transport.on_receive = nil
      end
      local got = { "", "" }
      local function side(i, conn)
        return function()
          local last = 0
          while last < #text or #got[i] < #text do
            if last < #text then
              local done, _, sent = conn:send(text, last + 1)
              last = done or sent
            end
            got[i] = got[i] .. (conn:receiveany() or "")
            coroutine.yield()
          end
        end
      end
      run { side(1, server), side(2, client) }
      assert.is_true(got[1] == text and got[2] == text)
    end)
  end)

  -- As in a LuaJIT that was built with Lua 5.2's semantics.
  it("answers busy in a main thread, also where that is called a coroutine", function()
    local server, client, a = connected "tlsv1_3"
    local running = coroutine.running
    finally(function() rawset(coroutine, "running", running) end)
    local stand_in = coroutine.create(function() end)
    rawset(coroutine, "running", function()
      local thread, main = running()
      return thread or stand_in, main or not thread
    end)
    function a.on_send() coroutine.yield() end
    local writes = coroutine.create(function() server:send "one" end)
    assert(coroutine.resume(writes))
    local done, word = server:send "two"
    assert.same({ nil, "busy" }, { done, word })
    a.on_send = nil
    client:close()
  end)
end)
