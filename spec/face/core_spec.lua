-- ssl.core, and what the module ssl says about itself.

describe("ssl.core", function()
  local socket  = require "socket"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local values  = require "spec.support.values"
  local ssl     = require "ssl"
  local core    = require "ssl.core"
  local context = require "ssl.context"
  local pack, raised = values.pack, values.raised

  local open = {}
  local function later(...)
    for _, x in ipairs { ... } do open[#open + 1] = x end
    return ...
  end
  after_each(function()
    for _, x in ipairs(open) do x:close() end
    open = {}
  end)

  local function client_context()
    local ctx = context.create "any"
    assert(context.setmode(ctx, "client"))
    return ctx
  end

  it("exports LuaSec's names and nothing else", function()
    local found = {}
    for name, value in pairs(core) do found[name] = type(value) end
    assert.same({ create = "function", setfd = "function", setmethod = "function",
                  info = "function", compression = "function", copyright = "function",
                  SOCKET_INVALID = "number" }, found)
  end)

  it("has SOCKET_INVALID, a descriptor that is none", function()
    assert.equal(-1, core.SOCKET_INVALID)
  end)

  it("has the copyright, and ssl the version of LuaSec", function()
    assert.same({ n = 1, ssl._COPYRIGHT }, pack(core.copyright()))
    assert.matches("^luasec%-ffi %- Copyright %(C%) %d+ ", ssl._COPYRIGHT)
    assert.equal("1.3.2", ssl._VERSION)
    assert.same({ "1", "3" }, { ssl._VERSION:match "^(%d+)%.(%d+)" })
  end)

  it("is reached through ssl as ever: config is ssl.config, loadcertificate x509.load", function()
    assert.equal(require "ssl.config", ssl.config)
    assert.equal(require("ssl.x509").load, ssl.loadcertificate)
  end)

  describe("create", function()
    it("gives a connection in state new, without a descriptor", function()
      local conn = core.create(client_context())
      assert.equal("userdata", type(conn))
      assert.matches("^SSL connection: 0x%x+$", tostring(conn))
      assert.equal(core.SOCKET_INVALID, conn:getfd())
      assert.same({ n = 2, false, "Bad file descriptor" }, pack(conn:dohandshake()))
    end)

    it("gives a connection that keeps its context", function()
      local conn = core.create(client_context())
      collectgarbage()
      collectgarbage()
      assert.same({ n = 2, false, "Bad file descriptor" }, pack(conn:dohandshake()))
    end)

    it("refuses a context that has no mode", function()
      assert.same({ n = 2, nil, "invalid mode" }, pack(core.create(context.create "any")))
    end)

    it("raises for a value that is no context, or a freed one", function()
      local freed = client_context()
      getmetatable(freed).__gc(freed)
      for _, ctx in ipairs { freed, false, "any", io.stdout, {}, 5 } do
        assert.equal("bad argument #1 to 'create' (invalid context)",
                     raised(function() return (core.create(ctx)) end))
      end
      assert.equal("bad argument #1 to 'create' (invalid context)",
                   raised(function() return (core.create()) end))
    end)
  end)

  describe("setfd", function()
    it("hands a descriptor over, and returns nothing", function()
      local a, b = later(pair.tcp())
      local conn = later(core.create(client_context()))
      assert.same({ n = 0 }, pack(core.setfd(conn, a:getfd())))
      assert.equal(a:getfd(), conn:getfd())
      a:setfd(core.SOCKET_INVALID)
      conn:settimeout(0)
      assert.same({ n = 2, false, "wantread" }, pack(conn:dohandshake()))
      assert.equal(b, (socket.select({ b }, nil, 10))[1])
    end)

    it("replaces one while the connection is new, and takes a numeric string", function()
      local conn = core.create(client_context())
      core.setfd(conn, 1000)
      core.setfd(conn, "-1")
      assert.equal(-1, conn:getfd())
    end)

    it("raises once the connection is connected or closed", function()
      local _, client = later(pair.connected())
      local fd = client:getfd()
      local function set() core.setfd(client, -1) end
      assert.equal("bad argument #1 to 'setfd' (invalid SSL object state)", raised(set))
      assert.equal(fd, client:getfd())
      client:close()
      assert.equal("bad argument #1 to 'setfd' (invalid SSL object state)", raised(set))
    end)

    it("raises for a value that is no connection, then for one that is no number", function()
      local conn = core.create(client_context())
      for got, value in pairs { number = 5, userdata = client_context(),
                                ["no value"] = nil, table = {} } do
        assert.equal(("bad argument #1 to 'setfd' (SSL:Connection expected, got %s)")
                     :format(got), raised(function() core.setfd(value, 5) end))
      end
      assert.equal("bad argument #1 to 'setfd' (SSL:Connection expected, got no value)",
                   raised(function() core.setfd() end))
      assert.equal("bad argument #2 to 'setfd' (number expected, got string)",
                   raised(function() core.setfd(conn, "x") end))
      assert.equal("bad argument #2 to 'setfd' (number expected, got no value)",
                   raised(function() core.setfd(conn) end))
      assert.equal("bad argument #2 to 'setfd' (number expected, got nil)",
                   raised(function() core.setfd(conn, nil) end))
    end)
  end)

  describe("setmethod", function()
    local methods = getmetatable(core.create(client_context())).__index
    after_each(function() methods.greet = nil end)

    it("gives every connection a method, those of before too", function()
      local before = core.create(client_context())
      assert.is_nil(before.greet)
      assert.same({ n = 0 }, pack(core.setmethod("greet", function(self, name)
        return "hello " .. name, self
      end)))
      local server, client = later(pair.connected())
      for _, conn in ipairs { before, server, client } do
        assert.same({ n = 2, "hello world", conn }, pack(conn:greet "world"))
      end
      assert.is_function(methods.greet)
    end)

    it("replaces a method, and takes one away with nil", function()
      local conn = core.create(client_context())
      core.setmethod("greet", function() return 1 end)
      core.setmethod("greet", function() return 2 end)
      assert.equal(2, conn:greet())
      core.setmethod "greet"
      assert.is_nil(conn.greet)
    end)

    it("raises without a name", function()
      assert.equal("bad argument #1 to 'setmethod' (string expected, got nil)",
                   raised(function() core.setmethod(nil, print) end))
    end)
  end)

  describe("info and compression", function()
    for version, protocol in pairs { tlsv1_2 = "TLSv1.2", tlsv1_3 = "TLSv1.3" } do
      it("describe a connection over " .. version, function()
        local server, client = later(pair.connected { protocol = version })
        for _, conn in ipairs { server, client } do
          local line, secret, algorithm, spoken = core.info(conn)
          assert.equal(4, select("#", core.info(conn)))
          assert.matches("^" .. conn:info "cipher":gsub("%p", "%%%0") .. " .+\n$", line)
          assert.same({ conn:info "bits", conn:info "algbits", protocol },
                      { secret, algorithm, spoken })
          assert.same({ n = 1 }, pack(core.compression(conn)))
        end
      end)
    end

    it("return nothing, and \"closed\", before the handshake and after close", function()
      local server, client = later(pair.wrapped(nil, { cafile = pki.other.cert }))
      for _ = 1, 2 do
        for _, conn in ipairs { server, client } do
          assert.same({ n = 0 }, pack(core.info(conn)))
          assert.same({ n = 2, nil, "closed" }, pack(core.compression(conn)))
        end
        pair.handshake(server, client)
      end
    end)

    it("raises for a value that is no connection", function()
      for _, name in ipairs { "info", "compression" } do
        local call = loadstring("local m, c = ... ; return (m." .. name .. "(c))")
        assert.equal(("bad argument #1 to '%s' (SSL:Connection expected, got no value)")
                     :format(name), raised(call, core))
        assert.equal(("bad argument #1 to '%s' (SSL:Connection expected, got userdata)")
                     :format(name), raised(call, core, client_context()))
      end
    end)
  end)
end)
