-- Records in pieces and records in heaps.

describe("the flow of records", function()
  local house = require "spec.support.init"
  local pair  = require "spec.support.pair"
  local wire  = require "spec.support.wire"

  local function close(w, ...)
    for _, conn in ipairs { ... } do conn:close() end
    w:close()
  end

  -- Receive all bytes of a connection that reports that it is dirty.
  local function drain(conn)
    local rounds, got = 0, {}
    while conn:dirty() and rounds < 1000 do
      local data, _, partial = conn:receive "*a"
      got[#got + 1] = data or partial
      rounds = rounds + 1
    end
    return rounds, table.concat(got)
  end

  for _, version in ipairs(pair.versions) do
    describe("in " .. version, function()
      local server_ctx, client_ctx = wire.contexts(version)

      it("is whole when each byte comes alone", function()
        local w, server, client = wire.pair(server_ctx, client_ctx)
        w.up.piece, w.down.piece = 1, 1
        local s, c = wire.handshake(w, server, client)
        assert.same({ true, true }, { s, c })
        local size = house.scale(3000, 300)
        local text = ("0123456789abcdef"):rep(size / 16 + 1):sub(1, size)
        for from, to in pairs { [server] = client, [client] = server } do
          assert.equal(size, from:send(text))
          local got, rounds = {}, 0
          repeat
            w:pump()
            local data, word, partial = to:receive(size)
            assert(data or word == "wantread", word)
            got[#got + 1], rounds = data or partial, rounds + 1
          until #table.concat(got) == size or rounds > 10000
          assert.equal(text, table.concat(got))
        end
        close(w, server, client)
      end)

      it("has half a record asked for once, and then is quiet", function()
        local w, server, client = wire.connected(server_ctx, client_ctx)
        -- For a caller of dirty the BIO reads ahead (ssl.io.readahead).
        assert.is_false(server:dirty())
        local before = w.up.passed
        client:send "first\n"
        w:pump()
        local length = w.up.passed - before
        assert.equal("first", (server:receive()))
        client:send "again\n"
        client:send "later\n"
        w.up.piece = length + math.floor(length / 2)
        w:pump()
        assert.equal("again", (server:receive()))
        assert.is_true(server:dirty())
        assert.same({ 1, "" }, { drain(server) })
        w.up.piece = nil
        w:pump()
        assert.equal("later", (server:receive()))
        assert.is_false(server:dirty())
        close(w, server, client)
      end)

      it("shows a second record that a select would not", function()
        local w, server, client = wire.connected(server_ctx, client_ctx)
        assert.is_false(server:dirty())
        client:send "one"
        client:send "two"
        w:pump()
        assert.equal("one", (server:receive(3)))
        assert.is_true(server:dirty())
        assert.equal("two", (server:receive(3)))
        assert.is_false(server:dirty())
        client:send "rest\nof it"
        w:pump()
        assert.equal("rest", (server:receive()))
        assert.is_true(server:dirty())
        assert.same({ nil, "wantread", "of it" }, { server:receive() })
        assert.is_false(server:dirty())
        close(w, server, client)
      end)

      it("merges what was held back", function()
        local w, server, client = wire.connected(server_ctx, client_ctx)
        w.up.hold = true
        local sent = {}
        for i = 1, 100 do
          sent[i] = ("line %d"):format(i)
          client:send(sent[i] .. "\n")
          w:pump()
          assert.same({ nil, "wantread", "" }, { server:receive() })
        end
        w.up.hold = false
        w:pump()
        for i = 1, 100 do assert.equal(sent[i], (server:receive())) end
        close(w, server, client)
      end)
    end)
  end
end)
