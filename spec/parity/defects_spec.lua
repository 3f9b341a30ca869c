-- Defects of LuaSec that concern no module of ours in particular: docs/differences.md
-- says where the others are.

describe("a defect of LuaSec that is not ours", function()
  local socket   = require "socket"
  local ssl      = require "ssl"
  local contexts = require "spec.support.contexts"
  local house    = require "spec.support.init"
  local pair     = require "spec.support.pair"
  local shake    = require "spec.support.shake"
  local sources  = require "spec.support.sources"
  local values   = require "spec.support.values"
  local pack     = values.pack

  local server, client
  local function connect(version, more)
    server, client = pair.connected({ protocol = version }, more)
  end

  after_each(function()
    if server then server:close() client:close() end
    server, client = nil, nil
  end)

  for _, version in ipairs(pair.versions) do
    describe("with " .. version, function()
      it("D18: a limit is never over too early", function()
        connect(version)
        client:settimeout(0)
        client:receive(0)
        for _, limit in ipairs { 0.0015, 0.0209 } do
          client:settimeout(limit)
          local over = house.patience(limit)
          assert.same(pack(nil, "wantread", ""), pack(client:receive()))
          assert.is_true(over())
        end
      end)

      it("D20: a count of any size waits for its bytes and for nothing else", function()
        connect(version)
        assert.equal(3, server:send "abc")
        client:settimeout(0.05)
        assert.same(pack(nil, "wantread", "abc"), pack(client:receive(1e300)))
        assert.same(pack(nil, "wantread", ""), pack(client:receive(2 ^ 53)))
        assert.same(pack(nil, "wantread", ""), pack(client:receive(math.huge)))
      end)

      it("D20: a count without end takes what has been decrypted already, too", function()
        connect(version)
        assert.equal(3, server:send "abc")
        assert.equal("a", (client:receive(1)))
        client:settimeout(0.05)
        assert.same(pack(nil, "wantread", "bc"), pack(client:receive(math.huge)))
        assert.equal(1, server:send "d")
        assert.same(pack(nil, "wantread", "bcd"), pack(client:receive(math.huge, "bc")))
      end)

      it("D30: close after a fatal error sends no more and leaves no error", function()
        local a, b = pair.tcp()
        client = assert(ssl.wrap(b, pair.client_config { protocol = version }))
        a:send "this is no TLS, whatever it may be"
        client:settimeout(5)
        assert.is_false((client:dohandshake()))
        a:settimeout(0.1)
        local _, _, before = a:receive "*a"
        client:close()
        local rest, _, partial = a:receive "*a"
        assert.is_true(#before > 0)
        assert.equal("", rest or partial)
        assert.is_true(contexts.quiet())
        a:close()
        client = nil
      end)

      it("D30: close behind an interrupted send ends in order", function()
        connect(version)
        client:settimeout(0)
        local size = 2 ^ 23
        local _, word, last = client:send(("x"):rep(size))
        assert.equal("wantwrite", word)
        client:close()
        server:settimeout(0)
        local got, late = 0, house.patience()
        local text, partial
        repeat
          text, word, partial = server:receive "*a"
          got = got + #(text or partial)
          socket.select({ server }, nil, 0.1)
          -- Every operation also polls the connections that are still closing.
          pair.wrapped()
        until text or word ~= "wantread" or late()
        assert.is_true(got >= last and got <= size, got .. " of " .. last)
        assert.equal("closed", word or "closed")
      end)

      it("D31: close loses nothing, with any unread data of the peer", function()
        for _, size in ipairs { 3000, 20000, 200000, house.scale(2000000, 400000) } do
          connect(version)
          client:settimeout(0)
          server:settimeout(0)
          local sent, got, late = 0, {}, house.patience()
          local data = ("0123456789"):rep(size / 10)
          local function read()
            local text, word, partial = server:receive(65536)
            got[#got + 1] = text or partial
            return word
          end
          repeat
            local n, _, last = client:send(data, sent + 1)
            sent = n or last
            if sent < size then read() end
          until sent == size or late()
          client:close()
          local word
          repeat
            word = read()
            if word == "wantread" then socket.select({ server }, nil, 0.1) end
            pair.tcp()
          until word == "closed" or (word and word ~= "wantread")
                or late()
          assert.equal("closed", word)
          assert.is_true(data == table.concat(got), size .. " bytes")
          server:close()
        end
      end)

      it("D35: a shorter send after wantwrite is sent as well", function()
        connect(version)
        client:settimeout(0)
        local _, word, last = client:send(("x"):rep(2 ^ 23))
        assert.equal("wantwrite", word)
        server:settimeout(0)
        local got, late, done, tail = {}, house.patience(), false, ""
        repeat
          done = done or client:send "other" == 5
          local text, _, partial = server:receive(65536)
          got[#got + 1] = text or partial
          tail = (tail .. got[#got]):sub(-5)
        until tail == "other" or late()
        local all = table.concat(got)
        assert.matches("^x+other$", all)
        assert.is_true(#all >= last + 5)
      end)

      it("D38: send and receive return three values", function()
        connect(version)
        assert.equal(3, select("#", client:send "line\n"))
        assert.equal(3, select("#", client:send ""))
        assert.equal(3, select("#", server:receive()))
        assert.equal(3, select("#", client:send("x", 5)))
        server:settimeout(0)
        assert.equal(3, select("#", server:receive()))
      end)
    end)
  end

  it("D23: want returns a string, also during a callback", function()
    local words = {}
    server, client = pair.wrapped({ alpn = function(names)
      words[#words + 1] = server:want()
      return names[1]
    end }, { alpn = "x" })
    assert.same({ true, true }, { shake(server, client) })
    assert.equal(1, #words)
    local known = { nothing = true, read = true, write = true, x509lookup = true }
    assert.is_true(known[words[1]])
  end)

  it("D25: a function runs on the coroutine that shakes hands now", function()
    local asked
    server, client = pair.wrapped({ alpn = function(names)
      asked = coroutine.running()
      return names[1]
    end }, { alpn = "x" })
    server:settimeout(0)
    client:settimeout(0)
    -- The handshake began on a coroutine that is dead when the ClientHello comes.
    assert.same({ true, false, "wantread" },
                { coroutine.resume(coroutine.create(function() return server:dohandshake() end)) })
    collectgarbage()
    local now = coroutine.create(function() return shake(server, client) end)
    assert.same({ true, true, true }, { coroutine.resume(now) })
    assert.equal(now, asked)
  end)

  it("D26: an error in a function fails its connection and nothing else", function()
    local mine, fail = {}, true
    local ctx = assert(ssl.newcontext(pair.server_config { alpn = function(names)
      if fail then error(mine) end
      return names[1]
    end }))
    server, client = pair.wrapped(ctx, { alpn = "x" })
    client:settimeout(0)
    client:dohandshake()
    server:settimeout(5)
    local ok, raised = pcall(server.dohandshake, server)
    assert.is_false(ok)
    assert.equal(mine, raised)
    local first = pack(server:dohandshake())
    assert.is_false(first[1])
    assert.is_string(first[2])
    assert.same(first, pack(server:dohandshake()))
    assert.is_true(contexts.quiet())
    server:close()
    client:close()
    fail = false
    server, client = pair.connected(ctx, { alpn = "x" })
    assert.equal("x", client:getalpn())
  end)

  it("D33: no pointer is a key of a table", function()
    for _, path in ipairs(sources.list("lua", "lua")) do
      assert.not_matches("tonumber%(ffi%.cast%(\"u?intptr_t\"", sources.code(path))
      assert.not_matches("lightuserdata", sources.code(path))
    end
  end)
end)
