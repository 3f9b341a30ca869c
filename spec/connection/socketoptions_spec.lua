-- The TCP socket below a connection: addresses and options, as LuaSocket has them.

describe("a connection's", function()
  local core       = require "ssl.core"
  local fresh      = require "spec.support.fresh"
  local pair       = require "spec.support.pair"
  local process    = require "spec.support.process"
  local socket     = require "socket"
  local ssl        = require "ssl"
  local transports = require "spec.support.transports"
  local values     = require "spec.support.values"
  local pack, raised = values.pack, values.raised

  local function wrapped_over(a, b)
    return assert(ssl.wrap(a, pair.server_config())), assert(ssl.wrap(b, pair.client_config()))
  end

  describe("addresses", function()
    for family, host in pairs { inet = "127.0.0.1", inet6 = "::1" } do
      it("are those of the socket below, as LuaSocket returns them, over " .. family, function()
        local listener = assert(socket.bind(host, 0))
        local _, port = listener:getsockname()
        local a = assert(socket.connect(host, port))
        local b = assert(listener:accept())
        listener:close()
        local theirs = { pack(a:getpeername()), pack(a:getsockname()),
                         pack(b:getpeername()), pack(b:getsockname()) }
        assert.equal(family, theirs[1][3])
        local client = assert(ssl.wrap(a, pair.client_config()))
        local server = assert(ssl.wrap(b, pair.server_config()))
        for _ = 1, 2 do
          assert.same(theirs, { pack(client:getpeername()), pack(client:getsockname()),
                                pack(server:getpeername()), pack(server:getsockname()) })
          pair.handshake(server, client)
        end
        client:close()
        assert.same(pack(nil, "closed"), pack(client:getpeername()))
        assert.same(pack(nil, "closed"), pack(client:getsockname()))
        server:close()
      end)
    end

    it("are gone with the peer, with the system's message", function()
      local server, client = pair.connected()
      pair.reset(server)
      client:settimeout(10)
      client:receive()
      assert.same(pack(nil, "Transport endpoint is not connected"),
                  pack(client:getpeername()))
      client:close()
    end)

    -- A connected pair of Unix domain sockets, and the path of the accepting one.
    local function unix_pair()
      local unix = require "socket.unix"
      local path = process.folder() .. "/socket"
      local listener = assert(unix.stream())
      assert(listener:bind(path))
      assert(listener:listen(1))
      local a = assert(unix.stream())
      assert(a:connect(path))
      local b = assert(listener:accept())
      listener:close()
      return a, b, path
    end

    it("of Unix domain sockets are LuaSocket's: a path, and none of the peer", function()
      local a, b, path = unix_pair()
      local server, client = wrapped_over(b, a)
      for _ = 1, 2 do
        assert.same(pack(nil, "not supported"), pack(server:getpeername()))
        assert.same(pack(nil, "not supported"), pack(client:getpeername()))
        pair.handshake(server, client)
      end
      assert.equal(path, (server:getsockname()))
      assert.equal("", (client:getsockname()))
      client:close()
      server:close()
    end)

    it("of a bare descriptor depend on the family of its socket", function()
      local a, b, path = unix_pair()
      local conn = assert(core.create(assert(ssl.newcontext(pair.server_config()))))
      core.setfd(conn, b:getfd())
      b:setfd(-1)
      assert.equal(path, (conn:getsockname()))
      assert.same(pack(nil, "not supported"), pack(conn:getpeername()))
      assert.same(pack(1), pack(conn:setoption("keepalive", true)))
      assert.is_true(conn:getoption "keepalive")
      assert.same(pack(nil, "getsockopt failed"), pack(conn:getoption "tcp-nodelay"))
      conn:close()
      a:close()
    end)

    it("leave the descriptor with the connection", function()
      local server, client = pair.connected()
      local fd = client:getfd()
      for _ = 1, 100 do client:getpeername() end
      for _ = 1, 3 do collectgarbage() end
      assert.equal(fd, client:getfd())
      client:send "there\n"
      assert.equal("there", (server:receive()))
      client:close()
      server:close()
    end)
  end)

  describe("options", function()
    it("are those of the socket below", function()
      local server, client = pair.connected()
      assert.is_true(client:getoption "tcp-nodelay")
      assert.same(pack(1), pack(client:setoption("tcp-nodelay", false)))
      assert.same(pack(false), pack(client:getoption "tcp-nodelay"))
      assert.same(pack(1), pack(client:setoption("keepalive", true)))
      assert.is_true(client:getoption "keepalive")
      assert.same(pack(1), pack(client:setoption("linger", { on = true, timeout = 3 })))
      assert.same({ on = true, timeout = 3 }, client:getoption "linger")
      client:setoption("linger", { on = false, timeout = 0 })
      client:close()
      assert.same(pack(nil, "closed"), pack(client:getoption "keepalive"))
      assert.same(pack(nil, "closed"), pack(client:setoption("keepalive", true)))
      server:close()
    end)

    it("raise as LuaSocket's, at the caller, and stay usable", function()
      local server, client = pair.connected()
      for _, wrong in ipairs {
        function() client:setoption("bogus", 1) end, function() client:getoption "bogus" end,
        function() client:setoption("tcp-nodelay", 5) end, function() client:setoption() end,
        function() client:setoption "keepalive" end, function() client:getoption {} end,
      } do
        local ok, message = pcall(wrong)
        assert.is_false(ok)
        assert.matches("^spec/connection/socketoptions_spec%.lua:%d+: "
                       .. "bad argument #%d to '[gs]etoption'", message)
      end
      assert.is_true(client:getoption "tcp-nodelay")
      client:close()
      server:close()
    end)

    it("and addresses want a connection", function()
      for _, method in ipairs { "getpeername", "getsockname", "getoption", "setoption" } do
        local _, client = pair.wrapped()
        local f = client[method]
        assert.matches("SSL:Connection expected, got number", raised(function() f(5) end))
        client:close()
      end
    end)
  end)

  describe("stream", function()
    it("is asked where it has the method, with what was given", function()
      local a, b = transports.pipe()
      local calls = {}
      for _, name in ipairs { "getpeername", "getsockname", "getoption", "setoption" } do
        a[name] = function(self, ...)
          assert.equal(a, self)
          calls[#calls + 1] = pack(name, ...)
          return "some", 5
        end
      end
      local server, client = wrapped_over(a, b)
      assert.equal("some", (server:getpeername()))
      assert.equal(5, select(2, server:getsockname()))
      assert.equal("some", server:getoption "x")
      assert.equal("some", server:setoption("x", 7))
      assert.same({ pack("getpeername"), pack("getsockname"), pack("getoption", "x"),
                    pack("setoption", "x", 7) }, calls)
      for _, name in ipairs { "getpeername", "getsockname", "getoption", "setoption" } do
        assert.same(pack(nil, "not supported"), pack(client[name](client, "x", 1)))
      end
      server:close()
      client:close()
      assert.same(pack(nil, "closed"), pack(server:getpeername()))
    end)

    it("may be another connection: TLS in TLS knows its peer", function()
      local one, two = pair.connected()
      local name = pack(one:getpeername())
      local server = wrapped_over(one, two)
      assert.same(name, pack(server:getpeername()))
      server:close()
    end)

    it("may raise, and that comes through", function()
      local a = transports.pipe()
      function a.getpeername() error({ "mine" }) end
      local conn = assert(ssl.wrap(a, pair.client_config()))
      local ok, problem = pcall(conn.getpeername, conn)
      assert.is_false(ok)
      assert.same({ "mine" }, problem)
    end)
  end)

  it("engine has no address", function()
    local conn = assert(ssl.engine(pair.client_config())):connection()
    assert.same(pack(nil, "not supported"), pack(conn:getpeername()))
    assert.same(pack(nil, "not supported"), pack(conn:getoption "keepalive"))
  end)

  it("address is not to be had without LuaSocket, and nothing breaks", function()
    local output = fresh.luajit [[
      package.preload.socket = function() error "not here" end
      local core, ssl = require "ssl.core", require "ssl"
      local ctx = assert(ssl.newcontext { mode = "client", protocol = "any" })
      local conn = assert(core.create(ctx))
      print(conn:getpeername())
      core.setfd(conn, 0)
      print(conn:getpeername())
    ]]
    assert.equal("nil\tclosed\nnil\tnot supported\n", output)
  end)
end)
