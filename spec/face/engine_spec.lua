-- ssl.engine: TLS as a machine that is fed and drained.

describe("ssl.engine", function()
  local ffi        = require "ffi"
  local house      = require "spec.support.init"
  local ssl        = require "ssl"
  local limits     = require "spec.support.limits"
  local pair       = require "spec.support.pair"
  local pki        = require "spec.support.pki"
  local resources  = require "spec.support.resources"
  local transports = require "spec.support.transports"
  local values     = require "spec.support.values"
  local pack, pump = values.pack, transports.pump

  local function fresh(version, server, client)
    server, client = server or {}, client or {}
    server.protocol, client.protocol = version, version
    return assert(ssl.engine(pair.server_config(server))),
           assert(ssl.engine(pair.client_config(client)))
  end

  local function shake(server, client)
    local at_server, at_client
    for _ = 1, 10 do
      at_client, at_server = pack(client:handshake()), pack(server:handshake())
      pump(server, client)
    end
    return at_server, at_client
  end

  local function connected(version, ...)
    local server, client = fresh(version, ...)
    local at_server, at_client = shake(server, client)
    assert.same({ pack(true), pack(true) }, { at_server, at_client })
    return server, client
  end

  for _, version in ipairs(pair.versions) do
    local label = " (" .. version .. ")"

    it("shakes hands, writes, reads and ends" .. label, function()
      local server, client = connected(version)
      assert.same(pack(5), pack(client:write "hello"))
      server:feed(client:drain())
      assert.same(pack("he"), pack(server:read(2)))
      assert.same(pack("llo"), pack(server:read()))
      assert.same(pack(nil, "wantread"), pack(server:read()))
      assert.same(pack(nil, "wantread"), pack(client:shutdown()))
      server:feed(client:drain())
      assert.same(pack(nil, "closed"), pack(server:read()))
      assert.same(pack(true), pack(server:shutdown()))
      client:feed(server:drain())
      assert.same(pack(true), pack(client:shutdown()))
      assert.same(pack(true), pack(client:shutdown()))
      assert.same({ "", "" }, { server:drain(), client:drain() })
    end)

    -- A later byte would stand in the place of a dropped one.
    it("reads nothing more once its end has dropped what came" .. label, function()
      local server, client = connected(version)
      client:write "dropped"
      server:feed(client:drain())
      assert.same(pack(nil, "wantread"), pack(server:shutdown()))
      client:write "later"
      server:feed(client:drain())
      assert.same(pack(nil, "closed"), pack(server:read()))
      client:feed(server:drain())
      assert.same(pack(true), pack(client:shutdown()))
      server:feed(client:drain())
      assert.same(pack(nil, "closed"), pack(server:read()))
      assert.same(pack(true), pack(server:shutdown()))
    end)

    it("takes its bytes one by one" .. label, function()
      local server, client = fresh(version)
      local function carry(from, to)
        for byte in from:drain():gmatch "." do
          to:feed(byte)
          if not to:handshake() then assert.equal("wantread", select(2, to:handshake())) end
        end
      end
      client:handshake()
      for _ = 1, 4 do
        carry(client, server)
        carry(server, client)
      end
      assert.is_true(server:handshake() and client:handshake())
      client:write "bytewise"
      local got, bytes = {}, client:drain()
      for i = 1, #bytes do
        server:feed(bytes:sub(i, i))
        local data, word = server:read()
        assert.equal("wantread", data and "wantread" or word)
        got[#got + 1] = data and i or nil
      end
      assert.same({ #bytes }, got)
    end)

    -- The end of the stream follows at once, and must not be seen before the data.
    it("takes more at once than its buffers hold" .. label, function()
      local server, client = connected(version)
      local piece = ("0123456789abcdef"):rep(4096)
      local wire, sent = {}, 0
      while sent < house.scale(5e6, 5e5) do
        sent = sent + client:write(piece)
        wire[#wire + 1] = client:drain()
      end
      client:shutdown()
      server:feed(table.concat(wire) .. client:drain())
      server:feed(nil)
      local got, word = {}
      repeat
        got[#got + 1], word = server:read()
      until word
      assert.equal("closed", word)
      assert.is_true(table.concat(got) == piece:rep(sent / #piece))
    end)

    -- Bytes that were fed beyond the buffers were once copied again for each piece that was
    -- read or fed.
    it("copies fed bytes once, also in pieces" .. label, function()
      local SIZE, buffer = 4194304, ffi.new "char[65536]"
      for _, pieces in ipairs { false, true } do
        local server, client = connected(version)
        local wire, sent = {}, 0
        while sent < SIZE do
          sent = sent + client:write(("x"):rep(60000))
          wire[#wire + 1] = client:drain()
        end
        if not pieces then wire = { table.concat(wire) } end
        local conn, got = server:connection(), 0
        collectgarbage()
        collectgarbage "stop"
        local before = collectgarbage "count"
        for _, bytes in ipairs(wire) do server:feed(bytes) end
        repeat
          local n, _, some = conn:receiveinto(buffer, 65536)
          got = got + (n or some)
        until not n
        local garbage = collectgarbage "count" - before
        collectgarbage "restart"
        assert.equal(sent, got)
        assert.is_true(garbage * 1024 < SIZE, garbage)
      end
    end)

    it("distinguishes a cut from an end" .. label, function()
      local server, client = connected(version)
      client:write "tail"
      server:feed(client:drain())
      server:feed(nil)
      assert.equal("tail", server:read())
      for _ = 1, 2 do
        assert.same(pack(nil, "unexpected eof while reading"), pack(server:read()))
      end
      assert.same(pack(nil, "unexpected eof while reading"), pack(server:shutdown()))
      local _, alone = fresh(version)
      alone:handshake()
      alone:feed(nil)
      assert.same(pack(nil, "unexpected eof while reading"), pack(alone:handshake()))
    end)

    it("takes what there is room for, and returns wantwrite then" .. label, function()
      local server, client = connected(version)
      local text = ("x"):rep(1000000)
      local first = client:write(text)
      assert.is_true(first >= 65536 and first < #text)
      assert.same(pack(nil, "wantwrite"), pack(client:write(text)))
      local done, got = first, {}
      while done < #text do
        server:feed(client:drain())
        done = done + client:write(text:sub(done + 1))
        got[#got + 1] = server:read()
      end
      server:feed(client:drain())
      repeat
        local data = server:read()
        got[#got + 1] = data
      until not data
      assert.is_true(table.concat(got) == text)
      assert.equal(0, client:write "")
    end)

    it("refuses garbage, and has an alert to send" .. label, function()
      local server = fresh(version)
      server:feed "GET / HTTP/1.0\r\n\r\n"
      for _ = 1, 2 do
        assert.same(pack(nil, limits.http_request), pack(server:handshake()))
        assert.same(pack(nil, limits.http_request), pack(server:read()))
        assert.same(pack(nil, limits.http_request), pack(server:write "x"))
      end
      local client
      server, client = fresh(version, nil, { cafile = pki.other.cert })
      local at_server, at_client = shake(server, client)
      assert.same(pack(nil, "certificate verify failed"), at_client)
      if version == "tlsv1_2" then
        assert.same(pack(nil, "tlsv1 alert unknown ca"), at_server)
      else
        assert.same(pack(nil, "tlsv1 alert unknown ca"), pack(server:read()))
      end
    end)

    it("leaves nothing behind when it is dropped, in any state" .. label, function()
      local config = { ssl.newcontext(pair.server_config { protocol = version }),
                       ssl.newcontext(pair.client_config { protocol = version }) }
      local function life(steps)
        local server, client = ssl.engine(config[1]), ssl.engine(config[2])
        for _ = 1, steps do
          client:handshake()
          server:feed(client:drain())
          server:handshake()
          client:feed(server:drain())
        end
        client:write(("x"):rep(100000))
      end
      -- What each has not sent yet would be 5 MB.
      assert.is_true(resources.growth(function()
        for i = 1, house.scale(50, 5) do life(i % 5) end
      end) < 1024)
    end)
  end
end)
