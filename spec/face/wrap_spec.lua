-- ssl.wrap and the functions of ssl.core below it.

describe("ssl.wrap", function()
  local pair   = require "spec.support.pair"
  local pki    = require "spec.support.pki"
  local values = require "spec.support.values"
  local socket = require "socket"
  local ssl    = require "ssl"
  local core   = require "ssl.core"
  local pack, raised = values.pack, values.raised

  local CLIENT = { mode = "client", protocol = "any" }

  local a, b
  before_each(function() a, b = pair.tcp() end)
  after_each(function()
    a:close()
    b:close()
  end)

  local function untouched()
    assert.is_true(a:getfd() >= 0)
    a:send "still ours\n"
    b:settimeout(10)
    assert.equal("still ours", (b:receive()))
  end

  it("takes the descriptor over and leaves a closed socket", function()
    local fd, before = a:getfd(), values.descriptors()
    a:settimeout(0)
    local result = pack(ssl.wrap(a, CLIENT))
    local conn = result[1]
    assert.equal(1, result.n)
    assert.equal(fd, conn:getfd())
    assert.equal(-1, a:getfd())
    assert.same(pack(nil, "closed", 0), pack(a:send "x"))
    assert.equal(1, a:close())
    assert.equal(before, values.descriptors())
    conn:close()
    assert.equal(before - 1, values.descriptors())
    b:settimeout(10)
    assert.same(pack(nil, "closed", ""), pack(b:receive()))
  end)

  it("inherits no time limit", function()
    a:settimeout(0)
    b:settimeout(0)
    local server = assert(ssl.wrap(a, pair.server_config()))
    local client = assert(ssl.wrap(b, pair.client_config()))
    client:settimeout(0)
    assert.same(pack(false, "wantread"), pack(client:dohandshake()))
    -- At time limit 0 it would return wantread at once. With a limit it waits.
    client:close()
    assert.same(pack(false, "unexpected eof while reading"), pack(server:dohandshake()))
    server:close()
  end)

  it("makes the context of a table, and hands its failure back", function()
    for message, cfg in pairs {
      ["invalid protocol (x)"] = { mode = "client", protocol = "x" },
      ["invalid option (x)"] = { mode = "client", protocol = "any", options = "x" },
    } do
      assert.same(pack(nil, message), pack(ssl.wrap(a, cfg)))
    end
    untouched()
  end)

  it("refuses a context with an unknown mode or without one", function()
    local context = require "ssl.context"
    assert.same(pack(nil, "invalid mode"), pack(ssl.wrap(a, context.create "any")))
    assert.same(pack(nil, "invalid mode"), pack(core.create(context.create "any")))
    untouched()
  end)

  it("raises for a value that is no context, and for a context that was freed", function()
    local ctx = assert(ssl.newcontext(CLIENT))
    local conn = assert(core.create(ctx))
    getmetatable(ctx).__gc(ctx)
    for _, value in ipairs { ctx, "x", 5, true, io.stdout, conn } do
      assert.matches("invalid context", raised(function() ssl.wrap(a, value) end))
      assert.equal("bad argument #1 to 'create' (invalid context)",
                   raised(function() core.create(value) end))
    end
    assert.matches("invalid context", raised(function() ssl.wrap(a, nil) end))
    untouched()
  end)

  it("D32: raises for what cannot give its descriptor away, and takes nothing", function()
    local fd, before = a:getfd(), values.descriptors()
    local function getfd() return fd end
    for _, sock in ipairs { "x", 5, {}, { getfd = getfd }, { getfd = getfd, send = print } } do
      assert.equal("bad argument #1 to 'wrap' (an object with getfd and setfd, or send and "
                   .. "receive, expected, got " .. type(sock) .. ")",
                   raised(function() ssl.wrap(sock, CLIENT) end))
    end
    assert.matches("expected, got nil", raised(function() ssl.wrap(nil, CLIENT) end))
    assert.equal(before, values.descriptors())
    untouched()
  end)

  it("raises for options that are no table, or of another type, and takes nothing", function()
    assert.equal("bad argument #3 to 'wrap' (table expected, got string)",
                 raised(function() ssl.wrap(a, CLIENT, "initial") end))
    assert.equal("bad argument #3 to 'wrap' (table expected, got number)",
                 raised(function() ssl.wrap(a, CLIENT, 5) end))
    assert.equal("bad argument #3 to 'wrap' (string expected, got number)",
                 raised(function() ssl.wrap(a, CLIENT, { initial = 5 }) end))
    untouched()
  end)

  it("D32: shares no descriptor with a connection that it wraps", function()
    local inner = assert(ssl.wrap(a, CLIENT))
    local fd, before = inner:getfd(), values.descriptors()
    assert(ssl.wrap(inner, CLIENT))
    assert.equal(before, values.descriptors())
    assert.equal(fd, inner:getfd())
    inner:close()
  end)

  it("takes any object with getfd and setfd", function()
    local fd, given = a:getfd(), nil
    a:setfd(-1)
    local conn = assert(ssl.wrap({ getfd = function() return fd end,
                                   setfd = function(_, value) given = value end }, CLIENT))
    assert.equal(fd, conn:getfd())
    assert.equal(-1, given)
    conn:close()
  end)

  it("wraps a socket that is closed or never was open; the handshake fails", function()
    a:close()
    for _, sock in ipairs { a, socket.tcp() } do
      local conn = assert(ssl.wrap(sock, CLIENT))
      assert.equal(-1, conn:getfd())
      conn:settimeout(10)
      assert.same(pack(false, "Bad file descriptor"), pack(conn:dohandshake()))
      assert.same(pack(false, "Bad file descriptor"), pack(conn:dohandshake()))
      conn:close()
    end
  end)

  it("leaves the descriptor to the collector when the connection is dropped", function()
    local before = values.descriptors()
    ssl.wrap(a, CLIENT)
    assert.equal(before - 1, values.descriptors())
  end)

  describe("core", function()
    it("D24: keeps the context of create and setfd itself", function()
      local function make(sock, cfg)
        local conn = assert(core.create(assert(ssl.newcontext(cfg))))
        assert.same(pack(), pack(core.setfd(conn, sock:getfd())))
        sock:setfd(core.SOCKET_INVALID)
        return conn
      end
      for _, version in ipairs(pair.versions) do
        local s, c = pair.tcp()
        local server = make(s, pair.server_config { protocol = version })
        local client = make(c, pair.client_config { protocol = version })
        for _ = 1, 3 do collectgarbage() end
        local at_server, at_client = pair.handshake(server, client)
        assert.same({ { true }, { true } }, { at_server, at_client })
        server:send "kept\n"
        client:settimeout(10)
        assert.equal("kept", (client:receive()))
        server:close()
        client:close()
      end
    end)

    it("creates a connection without a descriptor", function()
      local conn = assert(core.create(assert(ssl.newcontext(CLIENT))))
      assert.equal(-1, conn:getfd())
      assert.same(pack(false, "Bad file descriptor"), pack(conn:dohandshake()))
      conn:close()
    end)

    it("hands a descriptor to a new connection only", function()
      local server, client = pair.connected()
      for _, conn in ipairs { server, client } do
        assert.equal("bad argument #1 to 'setfd' (invalid SSL object state)",
                     raised(function() core.setfd(conn, a:getfd()) end))
      end
      local fresh = assert(core.create(assert(ssl.newcontext(CLIENT))))
      assert.equal("bad argument #2 to 'setfd' (number expected, got string)",
                   raised(function() core.setfd(fresh, "x") end))
      assert.equal("bad argument #1 to 'setfd' (SSL:Connection expected, got string)",
                   raised(function() core.setfd("x", 5) end))
      server:close()
      client:close()
    end)

    it("adds a method to all connections", function()
      local conn = assert(ssl.wrap(a, pair.client_config { cafile = pki.root.cert }))
      assert.is_nil(conn.specmethod)
      core.setmethod("specmethod", function(self, x) return self, x end)
      assert.same({ conn, 5 }, { conn:specmethod(5) })
      core.setmethod("specmethod", nil)
      assert.is_nil(conn.specmethod)
      conn:close()
    end)
  end)
end)
