-- STARTTLS and back: bytes that were read before TLS began, and bytes left at its end.

describe("TLS in the middle of a plain connection", function()
  local ffi        = require "ffi"
  local ssl        = require "ssl"
  local socket     = require "socket"
  local pair       = require "spec.support.pair"
  local transports = require "spec.support.transports"
  local values     = require "spec.support.values"
  local pack       = values.pack

  ffi.cdef [[
  long recv(int fd, void *buffer, size_t length, int flags);
  ]]

  local context = {}
  setup(function()
    for _, version in ipairs(pair.versions) do
      context[version] = {
        server = assert(ssl.newcontext(pair.server_config { protocol = version })),
        client = assert(ssl.newcontext(pair.client_config { protocol = version })),
      }
    end
  end)

  -- LuaSocket reads ahead and keeps those bytes in its own buffer.
  local function exactly(sock, n)
    local buffer, got = ffi.new("char[?]", n), 0
    repeat
      assert(socket.select({ sock }, nil, 10)[1])
      got = got + math.max(0, tonumber(ffi.C.recv(sock:getfd(), buffer + got, n - got, 0)))
    until got == n
    return ffi.string(buffer, n)
  end

  -- Both ends of a plain transport, and a function that reads n bytes from it.
  local KINDS = {
    ["a descriptor"] = function()
      local a, b = pair.tcp()
      return a, b, exactly
    end,
    ["a stream"] = function()
      local a, b = transports.pipe()
      return a, b, function(object, n)
        local data, _, partial = object:receive(n)
        return data or partial
      end
    end,
    ["a stream with receiveany"] = function()
      local a, b = transports.pipe { any = true }
      return a, b, function(object, n) return assert(object:receiveany(n)) end
    end,
  }

  local function limits(seconds, ...)
    for _, conn in ipairs { ... } do conn:settimeout(seconds) end
  end

  for kind, make in pairs(KINDS) do
    for _, version in ipairs(pair.versions) do
      local label = (" (%s, %s)"):format(kind, version)

      local function over(a, b, initial)
        return assert(ssl.wrap(a, context[version].server, { initial = initial })),
               not initial and assert(ssl.wrap(b, context[version].client)) or nil
      end

      -- A client that has sent its first message, which is one record.
      local function hello(b)
        local client = assert(ssl.wrap(b, context[version].client))
        limits(0, client)
        client:dohandshake()
        return client
      end

      local function record(a, read)
        local head = read(a, 5)
        local high, low = head:byte(4, 5)
        return head .. read(a, high * 256 + low)
      end

      local function shake(server, client)
        assert.same({ { true }, { true } }, { pair.handshake(server, client) })
        return server, client
      end

      it("begins after plain lines, ends, and begins again" .. label, function()
        local a, b, read = make()
        for round = 1, 3 do
          a:send "+ begin TLS\n"
          assert.equal("+ begin TLS\n", read(b, 12))
          local server, client = shake(over(a, b))
          client:send(("round %d\n"):format(round))
          assert.equal("round " .. round, server:receive())
          assert.same(pack(nil, "wantread"), pack(client:unwrap()))
          limits(10, server, client)
          assert.same(pack(a, "", ""), pack(server:unwrap()))
          assert.same(pack(b, "", ""), pack(client:unwrap()))
          for _, conn in ipairs { server, client } do
            assert.matches("%(closed%)$", tostring(conn))
            assert.same(pack(nil, "closed"), pack(conn:unwrap()))
            assert.equal(-1, conn:getfd())
            conn:close()
          end
          b:send "- plain\n"
          assert.equal("- plain\n", read(a, 8))
        end
      end)

      it("begins with bytes that were read before, few or all" .. label, function()
        for _, part in ipairs { 1, 5, 6, 100, "all" } do
          local a, b, read = make()
          local client = hello(b)
          local initial = part == "all" and record(a, read) or read(a, part)
          local server = over(a, b, initial)
          shake(server, client)
          limits(10, client)
          server:send "hello\n"
          assert.equal("hello", client:receive())
        end
      end)

      it("fails on bytes that are no TLS behind the ClientHello" .. label, function()
        local a, b, read = make()
        local client = hello(b)
        local server = over(a, b, record(a, read) .. "QUIT\r\n")
        local at_server = pair.handshake(server, client)
        assert.is_false(at_server[1])
        assert.is_string(at_server[2])
      end)

      it("gives back what came behind the end, and what was not received" .. label, function()
        local a, b, read = make()
        local server, client = shake(over(a, b))
        server:send "not received"
        limits(0, server, client)
        assert.same(pack(nil, "wantread"), pack(server:unwrap()))
        local transport, rest, plain = client:unwrap()
        assert.same({ b, "", "not received" }, { transport, rest, plain })
        b:send "plain, and TLS:"
        -- The first bytes of the next session follow at once.
        local again = hello(b)
        transport, rest, plain = server:unwrap()
        assert.same({ a, "" }, { transport, plain })
        if #rest < 15 then rest = rest .. read(a, 15 - #rest) end
        assert.equal("plain, and TLS:", rest:sub(1, 15))
        shake((over(a, b, rest:sub(16))), again)
      end)

      if version == "tlsv1_3" then
        it("sends nothing behind its end, also when the peer asks" .. label, function()
          local a, b = make()
          local server, client = shake(over(a, b))
          limits(0, server, client)
          for _ = 1, 3 do assert.is_true(server:keyupdate(true)) end
          server:send "last"
          assert.same(pack(nil, "wantread"), pack(client:unwrap()))
          assert.same(pack(a, "", ""), pack(server:unwrap()))
          assert.same(pack(b, "", "last"), pack(client:unwrap()))
          b:send "plain\n"
          if a.settimeout then a:settimeout(10) end
          assert.equal("plain\n", (a.receiveany or a.receive)(a, 6))
        end)
      end

      it("does not end before it began, or after it failed" .. label, function()
        local a, b = make()
        a:send(("no TLS here\n"):rep(10))
        local server, client = over(a, b)
        assert.same(pack(nil, "closed"), pack(client:unwrap()))
        limits(10, client)
        local _, word = client:dohandshake()
        assert.equal(require("spec.support.limits").no_tls_long, word)
        assert.same(pack(nil, word), pack(client:unwrap()))
        server:close()
        assert.same(pack(nil, "closed"), pack(server:unwrap()))
      end)
    end
  end
end)
