-- ssl.context: the object, its protocol and its mode.

describe("ssl.context", function()
  local house    = require "spec.support.init"
  local contexts = require "spec.support.contexts"
  local needs    = require "spec.support.needs"
  local pki      = require "spec.support.pki"
  local context  = require "ssl.context"
  local lib      = require "ssl.ffi.lib"

  -- The message without the position; the place is asserted on its own.
  local function raised(f, ...)
    local ok, message = pcall(f, ...)
    assert.is_false(ok)
    return (message:gsub("^[^:]+:%d+: ", ""))
  end

  describe("object", function()
    it("is a userdata that prints as LuaSec's, before and after it was freed", function()
      local ctx = context.create "any"
      local text = tostring(ctx)
      assert.equal("userdata", type(ctx))
      assert.matches("^SSL context: 0x%x+$", text)
      getmetatable(ctx).__gc(ctx)
      assert.equal(text, tostring(ctx))
    end)

    it("has setverifyext as its only method, in a table that can be walked", function()
      local names = {}
      for name in pairs(getmetatable(context.create "any").__index) do
        names[#names + 1] = name
      end
      assert.same({ "setverifyext" }, names)
      assert.is_nil(context.create("any").nothing)
    end)

    it("can be freed twice, and refuses every use afterwards", function()
      local ctx = context.create "any"
      getmetatable(ctx).__close(ctx)
      getmetatable(ctx).__gc(ctx)
      getmetatable(ctx).__gc("no context")
      for _, name in ipairs { "setmode", "locations", "loadcert", "loadkey", "checkkey",
                              "setcipher", "setciphersuites", "setdepth", "setdhparam",
                              "setverify", "setoptions", "setcurve", "setcurveslist" } do
        local call = loadstring("local m, c = ... ; m." .. name .. "(c, 'x', 'y')")
        assert.equal(("bad argument #1 to '%s' (invalid context)"):format(name),
                     raised(call, context, ctx))
      end
      assert.equal("calling 'setverifyext' on bad self (invalid context)",
                   raised(function() ctx:setverifyext() end))
    end)

    it("refuses a value that is no context, with any metatable", function()
      for got, value in pairs { string = "x", number = 5, userdata = io.stdout,
                                table = setmetatable({}, { class = context.class }),
                                ["no value"] = nil } do
        assert.equal("bad argument #1 to 'setmode' (SSL:Context expected, got " .. got .. ")",
                     raised(function() context.setmode(value, "server") end))
      end
      assert.equal("bad argument #1 to 'setmode' (SSL:Context expected, got no value)",
                   raised(function() context.setmode() end))
    end)

    it("blames the caller", function()
      local line = debug.getinfo(1, "l").currentline + 1
      local _, message = pcall(function() context.setcipher(context.create "any", {}) end)
      assert.matches("context/context_spec.lua:" .. line .. ":", message, 1, true)
    end)
  end)

  describe("create", function()
    for name, version in pairs { tlsv1 = 0x301, tlsv1_1 = 0x302, tlsv1_2 = 0x303,
                                 tlsv1_3 = 0x304, any = 0, sslv23 = 0 } do
      it("limits " .. name .. " to what it names", function()
        if version ~= 0 then needs.protocol(name) end
        assert.same({ version, version }, { contexts.limits(context.create(name)) })
      end)
    end

    for _, name in ipairs { "sslv2", "", "TLSv1", "tlsv1.2", "12", "any\0" } do
      it(("refuses %q by its name"):format(name), function()
        assert.same({ nil, "invalid protocol (" .. name .. ")" }, { context.create(name) })
      end)
    end

    -- A handshake of two contexts limited to a protocol, at the lowest level.
    local function speaks(protocol)
      local function side(mode)
        local ctx = assert(context.create(protocol))
        assert(context.setmode(ctx, mode))
        assert(context.setcipher(ctx, "ALL@SECLEVEL=0"))
        return ctx
      end
      local server = side "server"
      assert(context.loadkey(server, pki.server.key, nil))
      assert(context.loadcert(server, pki.server.cert))
      local result = contexts.connect(server, side "client")
      return result.ok
    end

    it("reports that OpenSSL lacks sslv3, though OpenSSL accepts the limit", function()
      local ctx, message = context.create "sslv3"
      if ctx then return assert.is_true(speaks "sslv3") end
      assert.equal("invalid protocol (sslv3): " .. lib.openssl.version .. " cannot speak it",
                   message)
      assert.is_true(contexts.quiet())
    end)

    it("leaves TLS 1.0 to the security level, which a cipher list can still lower", function()
      if context.create "tlsv1" then assert.is_true(speaks "tlsv1") end
    end)

    it("wants a string, or a number as one", function()
      assert.same({ nil, "invalid protocol (12)" }, { context.create(12) })
      assert.equal("bad argument #1 to 'create' (string expected, got nil)",
                   raised(function() context.create(nil) end))
      assert.equal("bad argument #1 to 'create' (string expected, got boolean)",
                   raised(function() context.create(true) end))
    end)

    it("sets what every context has, and nothing else", function()
      local ctx = context.create "any"
      local p = contexts.pointer(ctx)
      local plain = lib.C.SSL_CTX_new(lib.C.TLS_method())
      -- Partial writes, moving buffers, released buffers. Not AUTO_RETRY, OpenSSL's own.
      assert.equal(0x13, tonumber(lib.C.SSL_CTX_ctrl(p, 33, 0, nil)))
      assert.equal(0, tonumber(lib.C.SSL_CTX_ctrl(p, 45, 0, nil))) -- no session cache
      assert.equal(0, contexts.verify_mode(ctx))
      assert.equal(-1, contexts.depth(ctx))
      -- Renegotiation is off: context/protocol_keys_spec.
      lib.C.SSL_CTX_set_options(plain, lib.options.no_renegotiation)
      assert.is_true(contexts.options(ctx) == lib.C.SSL_CTX_get_options(plain))
      lib.C.SSL_CTX_free(plain)
    end)
  end)

  describe("setmode", function()
    it("D1: answers false and a message for an unknown mode", function()
      local ctx = context.create "any"
      assert.same({ false, "invalid mode (x)" }, { context.setmode(ctx, "x") })
      assert.same({ false, "invalid mode (Server)" }, { context.setmode(ctx, "Server") })
      assert.same({ false, "invalid mode (5)" }, { context.setmode(ctx, 5) })
      assert.is_false(context.state(ctx).mode)
    end)

    it("accepts server and client", function()
      local ctx = context.create "any"
      for _, mode in ipairs { "server", "client" } do
        assert.same({ true }, { context.setmode(ctx, mode) })
        assert.equal(mode, context.state(ctx).mode)
      end
      assert.equal("bad argument #2 to 'setmode' (string expected, got no value)",
                   raised(function() context.setmode(ctx) end))
      assert.equal("bad argument #2 to 'setmode' (string expected, got nil)",
                   raised(function() context.setmode(ctx, nil) end))
    end)
  end)

  describe("memory", function()
    local function resident()
      for line in io.lines "/proc/self/status" do
        local kilobytes = line:match "^VmRSS:%s*(%d+)"
        if kilobytes then return tonumber(kilobytes) end
      end
    end

    it("stays bounded while contexts are made and dropped", function()
      local count = house.scale(2000, 100)
      local function make()
        local ctx = assert(context.create "any")
        assert(context.locations(ctx, pki.root.cert))
        assert(contexts.quiet())
      end
      for _ = 1, 100 do make() end
      local before = resident()
      for _ = 1, count do make() end
      -- Contexts that stay would take 20 KB each. ASan and valgrind keep freed memory.
      if house.mode ~= "asan" and house.mode ~= "valgrind" then
        assert.is_true(resident() - before < 8 * 1024)
      end
    end)
  end)
end)
