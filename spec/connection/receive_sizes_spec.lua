-- receive: lines and counts longer than records, many in one record, and what
-- waits in which buffer.

describe("receive", function()
  local socket = require "socket"
  local house  = require "spec.support.init"
  local pair   = require "spec.support.pair"
  local ssl    = require "ssl"
  local values = require "spec.support.values"
  local pack = values.pack

  local RECORD = 16384

  local function text(length)
    local part = {}
    for i = 1, math.ceil(length / 997) do part[i] = ("%06d"):format(i):rep(167):sub(1, 997) end
    return table.concat(part):sub(1, length)
  end

  -- The results of `take` for `data` from the other end, which closes when all is sent.
  -- take(prefix) is one receive at limit 0.
  local function transfer(from, to, data, take)
    from:settimeout(0)
    to:settimeout(0)
    local sent, partial, late = 0, "", house.patience()
    repeat
      if sent < #data then
        local last, word, stopped = from:send(data, sent + 1)
        assert(last or word == "wantwrite", word)
        sent = last or stopped
      else
        from:close()
      end
      local result, why, rest = take(partial)
      if result or why == "closed" then return result or rest end
      assert.equal("wantread", why)
      partial = rest
      assert(not late(), "the transfer did not end")
    until false
  end

  for _, version in ipairs(pair.versions) do
    describe("over " .. version, function()
      local server, client
      before_each(function()
        server, client = pair.connected { protocol = version }
      end)
      after_each(function()
        server:close()
        client:close()
      end)

      for _, size in ipairs { 1, RECORD - 1, RECORD, RECORD + 1, 65536, 100000,
                              house.scale(3000000, 300000) } do
        it(("reads all of %d bytes"):format(size), function()
          local data = text(size)
          assert.is_true(data == transfer(server, client, data, function(prefix)
            return client:receive("*a", prefix)
          end))
        end)

        it(("reads %d bytes by their count, and none too many"):format(size), function()
          local data = text(size)
          assert.is_true(data == transfer(server, client, data .. "more", function(prefix)
            return client:receive(size, prefix)
          end))
          server:close()
          client:settimeout(10)
          assert.same(pack(nil, "closed", "more"), pack(client:receive(9)))
        end)

        it(("reads a line of %d bytes"):format(size), function()
          local data = text(size)
          assert.is_true(data == transfer(server, client, data .. "\r\nmore", function(prefix)
            return client:receive("*l", prefix)
          end))
          server:close()
          client:settimeout(10)
          assert.same(pack(nil, "closed", "more"), pack(client:receive()))
        end)
      end

      for pattern, size in pairs { ["*a"] = 40000, ["*l"] = 40000, [40000] = 40000 } do
        it(("gathers %s in one call that waits"):format(tostring(pattern)), function()
          local data = text(size)
          assert.equal(size, server:send(data))
          if pattern == "*l" then server:send "\n" end
          if pattern == "*a" then server:close() end
          client:settimeout(10)
          local got = pack(client:receive(pattern))
          assert.is_true(got[1] == data)
          assert.equal(3, got.n)
        end)
      end

      it("reads a thousand lines out of one record, in order", function()
        local lines = {}
        for i = 1, 1000 do lines[i] = tostring(i) end
        server:send(table.concat(lines, "\n") .. "\n")
        client:settimeout(10)
        for i = 1, 1000 do
          assert.equal(tostring(i), (client:receive()))
          assert.equal(i < 1000, client:dirty())
        end
      end)

      it("mixes lines and counts over the same buffer", function()
        server:send "head\r\n0123456789tail\nrest"
        server:close()
        client:settimeout(10)
        assert.equal("head", (client:receive()))
        assert.equal("01234", (client:receive(5)))
        assert.equal("xy567", (client:receive(5, "xy")))
        assert.equal("89tail", (client:receive()))
        assert.equal("rest", (client:receive "*a"))
      end)

      it("is dirty while a second line waits, and select knows it", function()
        assert.is_false(client:dirty())
        server:send "one\ntwo\n"
        client:settimeout(10)
        assert.same(pack("one", nil, nil), pack(client:receive()))
        assert.is_true(client:dirty())
        local ready = socket.select({ client }, nil, 5)
        assert.equal(client, ready[1])
        assert.equal(1, ready[client])
        assert.same(pack("two", nil, nil), pack(client:receive()))
        assert.is_false(client:dirty())
        assert.equal(0, #socket.select({ client }, nil, 0))
      end)

      it("is dirty while a second record waits that was read ahead", function()
        server:send "one\n"
        server:send "two\n"
        socket.sleep(0.05) -- so that both are read at once; else this proves nothing
        client:settimeout(10)
        assert.equal("one", (client:receive()))
        assert.is_true(client:dirty())
        assert.equal(client, (socket.select({ client }, nil, 5))[1])
        client:settimeout(0)
        assert.equal("two", (client:receive()))
        assert.is_false(client:dirty())
      end)

      -- An event loop that knows the descriptor and not `dirty`.
      local function woken(fd)
        local bare = { getfd = function() return fd end }
        return socket.select({ bare }, nil, 0.5)[1] == bare
      end

      for how, limit in pairs { ["at time limit 0"] = 0, ["after getfd"] = 10 } do
        it("wakes a loop on the descriptor for each record, " .. how, function()
          local a, b = pair.tcp()
          local fd = b:getfd()
          local s = assert(ssl.wrap(a, pair.server_config { protocol = version }))
          local c = assert(ssl.wrap(b, pair.client_config()))
          assert.same({ true }, (pair.handshake(s, c)))
          c:settimeout(limit)
          if limit > 0 then assert.equal(fd, c:getfd()) end
          for i = 1, 5 do s:send("line " .. i .. "\n") end
          -- Tickets may come first. They wake us, too.
          local lines, wakes = {}, 0
          while #lines < 5 do
            assert.is_true(woken(fd))
            lines[#lines + 1], wakes = c:receive(), wakes + 1
            assert.is_true(wakes < 20)
          end
          assert.equal("line 1 line 2 line 3 line 4 line 5", table.concat(lines, " "))
          s:close()
          c:close()
        end)
      end

      it("reads ahead, with any limit, for a loop that calls dirty", function()
        assert.is_false(client:dirty())
        local fd = client:getfd()
        client:settimeout(0)
        server:send "one\n"
        server:send "two\n"
        assert.is_true(woken(fd))
        socket.sleep(0.05) -- so that both are there
        assert.equal("one", (client:receive()))
        assert.is_true(client:dirty())
        assert.is_false(woken(fd))
        assert.equal("two", (client:receive()))
        assert.is_false(client:dirty())
      end)

      it("is not dirty for half a record: select would spin", function()
        -- The transport holds back a part of the record, which waits in the peer's queue.
        server:settimeout(0)
        local _, word = server:send(text(house.scale(20000000, 8000000)))
        assert.equal("wantwrite", word)
        client:settimeout(0)
        local quiet = false
        for _ = 1, 100000 do
          local _, why = client:receive "*a"
          if why == "wantread" then
            quiet = not client:dirty()
            break
          end
        end
        assert.is_true(quiet)
      end)
    end)
  end
end)
