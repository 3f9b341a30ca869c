-- Records in pieces, records in heaps, and a peer that asks and does not listen.

describe("the flow of records", function()
  local ffi   = require "ffi"
  local socket = require "socket"
  local ssl   = require "ssl"
  local lib   = require "ssl.ffi.lib"
  local shim  = require "ssl.ffi.shim"
  local house = require "spec.support.init"
  local pair  = require "spec.support.pair"
  local pki   = require "spec.support.pki"
  local wire  = require "spec.support.wire"

  local LIMIT, BUFFER = shim.K.LSF_QUEUE_LIMIT, shim.K.LSF_BUFFER

  -- What our library has no use for, under names of this spec's own.
  ffi.cdef [[
  int spec_SSL_key_update(void *ssl, int kind) __asm__("SSL_key_update");
  int spec_setsockopt(int fd, int level, int name, const void *value,
                      unsigned int length) __asm__("setsockopt");
  ]]
  local KEY_UPDATE_REQUESTED = 1
  local SOL_SOCKET, SO_SNDBUF = 1, 7

  local function contexts(version)
    return assert(ssl.newcontext(pair.server_config {
             protocol = version, key = pki.ec_server.key, certificate = pki.ec_server.cert })),
           assert(ssl.newcontext(pair.client_config {
             protocol = version, cafile = pki.ec_root.cert }))
  end

  local function conn_of(c) return getmetatable(c).conn end

  local function close(w, ...)
    for _, conn in ipairs { ... } do conn:close() end
    w:close()
  end

  -- Receive whatever a connection that says it is dirty has to give.
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
      local server_ctx, client_ctx = contexts(version)

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

  -- A TLS 1.3 client that asks for an answer again and again and takes none.
  describe("of key updates that demand an answer", function()
    local server_ctx, client_ctx = contexts "tlsv1_3"

    local function flooded()
      local w, server, client = wire.pair(server_ctx, client_ctx)
      local size = ffi.new("int[1]", 4096)
      ffi.C.spec_setsockopt(server:getfd(), SOL_SOCKET, SO_SNDBUF, size, 4)
      local s, c = wire.handshake(w, server, client)
      assert.same({ true, true }, { s, c })
      for _ = 1, 3 do w:pump() end
      -- The relay goes deaf on the server's side, so in time both kernels are full.
      w.down.ended, w.down.told = true, true
      local text, last, idle = ("z"):rep(2^23), 0, 0
      while idle < 50 do
        local sent, why, done = server:send(text, last + 1)
        assert(not sent and why == "wantwrite", "no end of room")
        idle = done == last and idle + 1 or 0
        last = done
        socket.sleep(0.001)
      end
      local out, most, word = conn_of(server), 0, nil
      for _ = 1, 5000 do
        assert.equal(1, lib.openssl.ssl.spec_SSL_key_update(conn_of(client).ssl,
                                                            KEY_UPDATE_REQUESTED))
        client:send "x"
        w:pump()
        word = select(2, server:receive(1))
        most = math.max(most, out.out_end - out.out_beg)
        if word == "wantwrite" then break end
      end
      return w, server, client, most, word
    end

    it("is bounded, answers wantwrite, and does not spin", function()
      local w, server, client, most, word = flooded()
      assert.equal("wantwrite", word)
      assert.is_true(most > LIMIT and most <= BUFFER)
      for _ = 1, 100 do
        client:send "y"
        w:pump()
        assert.same({ nil, "wantwrite", "" }, { server:receive(1) })
        assert.is_false(server:dirty())
        assert.is_true(conn_of(server).out_end - conn_of(server).out_beg <= BUFFER)
      end
      assert.equal("write", server:want())
      -- Once somebody reads, all is well.
      w.down.ended, w.down.told = false, false
      local asked, rounds, answered = "", 0, nil
      repeat
        w:pump()
        asked = asked .. select(3, server:receive "*a")
        answered, rounds = select(3, client:receive "*a"), rounds + 1
      until #asked >= 100 and answered == "" and not server:dirty() or rounds > 10000
      assert.matches("^x*" .. ("y"):rep(100) .. "$", asked)
      assert.equal(4, (server:send "over"))
      for _ = 1, 10 do w:pump() end
      assert.equal("over", (client:receive(4)))
      close(w, server, client)
    end)

    it("ends when the transport breaks", function()
      local w, server, client, _, word = flooded()
      assert.equal("wantwrite", word)
      w:cut "rst"
      server:settimeout(5)
      local data, why = server:receive(1)
      while data do data, why = server:receive(1) end
      assert.is_true(why == "closed" or why == "Broken pipe", why)
      close(w, server, client)
    end)
  end)
end)
