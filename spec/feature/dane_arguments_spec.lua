-- DANE: arguments, refusals and results of its functions.

describe("DANE", function()
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local values  = require "spec.support.values"
  local ssl     = require "ssl"
  local context = require "ssl.context"
  local lib     = require "ssl.ffi.lib"
  local needs = require "spec.support.needs"
  local it = needs.each(it, require("ssl.feature.dane").supported, "DANE")
  local pack, raised = values.pack, values.raised

  local DIGEST = ("x"):rep(32)

  local server, client
  local function wrap(dane)
    server, client = pair.wrapped(nil, { dane = dane })
    return client
  end
  after_each(function()
    if not server then return end
    server:close()
    client:close()
  end)

  it("is in ssl.config.capabilities, with its flags", function()
    assert.same({ no_ee_namechecks = true }, ssl.config.capabilities.dane)
  end)

  describe("ssl.context.setdane", function()
    it("answers true, however often", function()
      local ctx = context.create "any"
      assert.same({ n = 1, true }, pack(context.setdane(ctx)))
      assert.same({ n = 1, true }, pack(context.setdane(ctx)))
    end)

    it("D9: answers true for a flag too, and sets it", function()
      local ctx = context.create "any"
      assert.same({ n = 1, true }, pack(context.setdane(ctx, "no_ee_namechecks")))
      assert.same({ n = 1, true },
                  pack(context.setdane(ctx, "no_ee_namechecks", "no_ee_namechecks")))
      local before = lib.C.SSL_CTX_dane_set_flags(context.state(ctx).handle.raw, 0)
      assert.equal(lib.K.DANE_FLAG_NO_DANE_EE_NAMECHECKS, tonumber(before))
    end)

    it("raises for an unknown flag, and for a value that is no string", function()
      local ctx = context.create "any"
      assert.equal("bad argument #2 to 'setdane' (invalid option 'none')",
                   raised(function() context.setdane(ctx, "none") end))
      assert.equal("bad argument #3 to 'setdane' (invalid option '')",
                   raised(function() context.setdane(ctx, "no_ee_namechecks", "") end))
      assert.equal("bad argument #2 to 'setdane' (string expected, got nil)",
                   raised(function() context.setdane(ctx, nil) end))
      assert.equal("bad argument #1 to 'setdane' (SSL:Context expected, got no value)",
                   raised(function() context.setdane() end))
    end)
  end)

  describe("ssl.newcontext", function()
    local LINE = debug.getinfo(1, "l").currentline + 2
    local function newcontext(dane)
      local ctx = ssl.newcontext { mode = "client", protocol = "any", dane = dane }
      return ctx
    end

    it("turns it on for anything that is true", function()
      for _, value in ipairs { true, {}, { "no_ee_namechecks" }, "no_such_flag", 1 } do
        local conn = wrap(value)
        assert.is_true(conn:setdane "localhost")
        conn:close()
        server:close()
      end
    end)

    it("leaves it off otherwise", function()
      assert.same({ n = 2, false, "error enabling DANE (context not dane enabled)" },
                  pack(wrap(false):setdane "localhost"))
    end)

    it("raises for an unknown flag, at its caller", function()
      assert.equal("bad argument #2 to 'setdane' (invalid option 'none')",
                   raised(function() newcontext { "none" } end))
      assert.equal("bad argument #3 to 'setdane' (invalid option 'x')",
                   raised(function() newcontext { "no_ee_namechecks", "x" } end))
      assert.equal("bad argument #2 to 'setdane' (string expected, got boolean)",
                   raised(function() newcontext { true } end))
      local _, message = pcall(newcontext, { "none" })
      assert.matches("feature/dane_arguments_spec.lua:" .. LINE .. ":", message, 1, true)
    end)
  end)

  describe("setdane", function()
    it("answers true once, false from then on", function()
      wrap(true)
      assert.same({ n = 1, true }, pack(client:setdane "localhost"))
      assert.same({ n = 2, false, "error enabling DANE (dane already enabled)" },
                  pack(client:setdane "localhost"))
    end)

    for name, why in pairs {
      [""]                = "the host name is empty",
      ["."]               = "the host name is empty",
      [".localhost"]      = "the host name begins with a dot",
      ["*.test"]          = "the host name contains a wildcard",
      ["localhost\0.test"] = "the host name contains a NUL byte",
      ["local host"]      = "the host name contains white space",
      ["127.0.0.1"]       = "the host name is an IP address: TLSA records belong to names",
      ["[::1]"]           = "the host name is an IP address: TLSA records belong to names",
    } do
      it(("refuses %q before OpenSSL sees it"):format(name), function()
        wrap(true)
        assert.same({ n = 2, false, why }, pack(client:setdane(name)))
        assert.is_nil(client:getsniname())
        assert.is_true(client:setdane "localhost")
      end)
    end

    it("raises for a value that is no string", function()
      wrap(true)
      assert.equal("bad argument #1 to 'setdane' (string expected, got no value)",
                   raised(function() client:setdane() end))
    end)
  end)

  describe("settlsa", function()
    it("answers false where DANE is off", function()
      local off = { n = 2, false, "error adding TLSA record (dane not enabled)" }
      assert.same(off, pack(wrap(false):settlsa(3, 1, 1, DIGEST)))
      server:close()
      client:close()
      assert.same(off, pack(wrap(true):settlsa(3, 1, 1, DIGEST)))
    end)

    for _, case in ipairs {
      { 4, 1, 1, DIGEST, "dane tlsa bad certificate usage" },
      { 3, 2, 1, DIGEST, "dane tlsa bad selector" },
      { 3, 1, 3, DIGEST, "dane tlsa bad matching type" },
      { 3, 1, 1, DIGEST .. "x", "dane tlsa bad digest length" },
      { 3, 1, 1, "", "dane tlsa bad digest length" },
      { 259, 1, 1, DIGEST, "field not in the range 0 to 255" },
      { 3, -1, 1, DIGEST, "field not in the range 0 to 255" },
      { 3, 1, 0 / 0, DIGEST, "field not in the range 0 to 255" },
    } do
      it(("refuses %g %g %g with %d bytes: %s"):format(case[1], case[2], case[3], #case[4],
                                                       case[5]), function()
        wrap(true)
        client:setdane "localhost"
        assert.same({ n = 2, false, "error adding TLSA record (" .. case[5] .. ")" },
                    pack(client:settlsa(unpack(case, 1, 4))))
        assert.equal(0, tonumber(lib.C.ERR_peek_error()))
      end)
    end

    it("refuses a value that is neither a certificate nor a key, with OpenSSL's message", function()
      wrap(true)
      client:setdane "localhost"
      for selector = 0, 1 do
        local result = pack(client:settlsa(3, selector, 0, "neither"))
        assert.same({ 2, false }, { result.n, result[1] })
        assert.matches("^error adding TLSA record %(.+%)$", result[2])
        assert.equal(0, tonumber(lib.C.ERR_peek_error()))
      end
    end)

    it("raises for a missing argument", function()
      wrap(true)
      for n, kind in ipairs { "number", "number", "number", "string" } do
        local arguments = { 3, 1, 1, DIGEST }
        arguments[n] = nil
        assert.equal(("bad argument #%d to 'settlsa' (%s expected, got nil)"):format(n, kind),
                     raised(function() client:settlsa(unpack(arguments, 1, 4)) end))
      end
    end)
  end)

  it("comes too late once the handshake has begun, and after close", function()
    wrap(true)
    local function check(why)
      assert.same({ n = 2, false, why }, pack(client:setdane "localhost"))
      assert.same({ n = 2, false, why }, pack(client:settlsa(3, 1, 1, DIGEST)))
    end
    assert.same({ n = 2, nil, "closed" }, pack(client:gettlsa()))
    client:settimeout(0)
    assert.same({ n = 2, false, "wantread" }, pack(client:dohandshake()))
    check "the handshake has begun"
    assert.same({ true }, (pair.handshake(server, client)))
    check "the handshake has begun"
    assert.same({ n = 1 }, pack(client:gettlsa()))
    client:close()
    check "closed"
    assert.same({ n = 2, nil, "closed" }, pack(client:gettlsa()))
  end)

  it("may be on in a server's context, which then goes on as before", function()
    server, client = pair.connected({ dane = true, cafile = pki.root.cert })
    assert.is_true(client:getpeerverification())
  end)
end)
