-- Records that are shorter than TLS's limit: a peer may ask for them (max_fragment_length,
-- RFC 6066), and OpenSSL then takes less in one call than it was given.

describe("data in short records", function()
  local ffi    = require "ffi"
  local lib    = require "ssl.ffi.lib"
  local pair   = require "spec.support.pair"
  local narrow = require "spec.support.narrow"
  local ssl    = require "ssl"
  local transports = require "spec.support.transports"
  local C, K   = lib.C, lib.K

  local TEXT = ("0123456789abcde"):rep(20000)
  local server, client

  after_each(function()
    server:close()
    client:close()
  end)

  -- The effect that the peer's extension has.
  local function shorten(conn, length)
    assert(C.SSL_ctrl(getmetatable(conn).conn.ssl, K.SSL_CTRL_SET_MAX_SEND_FRAGMENT, length,
                      nil) == 1)
  end

  local function connect(version)
    server, client = pair.connected { protocol = version }
    shorten(server, 512)
    server:settimeout(10)
    client:settimeout(10)
  end

  for _, version in ipairs(pair.versions) do
    describe("over " .. version, function()
      for _, length in ipairs { 513, 15000, 16384, 16385, 40000 } do
        it(("of %d bytes arrives whole"):format(length), function()
          connect(version)
          local text = TEXT:sub(1, length)
          assert.equal(length, (server:send(text)))
          assert.equal(length, (server:sendfrom(ffi.cast("const char *", TEXT), length)))
          assert.equal(2 * length, select(2, server:getstats()))
          server:close()
          assert.is_true(client:receive(2 * length) == text .. text)
        end)
      end

      it("arrives as far as it was reported, out of an engine", function()
        local from = assert(ssl.engine(pair.server_config { protocol = version }))
        local to = assert(ssl.engine(pair.client_config { protocol = version }))
        repeat
          local done = to:handshake()
          done = from:handshake() and done
          transports.pump(from, to)
        until done
        server, client = from:connection(), to:connection()
        shorten(server, 512)
        local sent, got, times = 0, {}, 0
        while sent < #TEXT do
          -- Another text would go where OpenSSL still held the beginning of this one.
          local n = assert(from:write(TEXT:sub(sent + 1)))
          sent, times = sent + n, times + 1
          to:feed(from:drain())
          repeat
            local data = to:read()
            got[#got + 1] = data
          until not data
          local mark = ("%6d"):format(times)
          assert.equal(#mark, from:write(mark))
          to:feed(from:drain())
          assert.equal(mark, to:read())
        end
        assert.is_true(times > 1)
        assert.is_true(table.concat(got) == TEXT)
      end)

      it("of a file arrives whole", function()
        connect(version)
        local file = assert(io.tmpfile())
        file:write(TEXT:sub(1, 30000))
        file:flush()
        assert.equal(30000, (server:sendfile(file)))
        file:close()
        server:close()
        assert.is_true(client:receive "*a" == TEXT:sub(1, 30000))
      end)

      it("arrives as far as it was reported, where the peer reads slowly", function()
        server, client = narrow { protocol = version }
        shorten(server, 512)
        server:settimeout(0)
        client:settimeout(0)
        local sent, got, stuck = 0, {}, 0
        repeat
          local last, word, part = server:send(TEXT, sent + 1)
          assert.is_true(last ~= nil or word == "wantwrite")
          sent, stuck = last or part, stuck + (last and 0 or 1)
          got[#got + 1] = client:receiveany(5000) or ""
        until last
        assert.is_true(stuck > 0)
        assert.equal(#TEXT, (select(2, server:getstats())))
        server:close()
        client:settimeout(10)
        got[#got + 1] = client:receive "*a"
        assert.is_true(table.concat(got) == TEXT)
      end)
    end)
  end
end)
