-- ssl.context: ciphers, options, depth, curves, DH parameters.

describe("ssl.context", function()
  local bit      = require "bit"
  local ffi      = require "ffi"
  local contexts = require "spec.support.contexts"
  local context  = require "ssl.context"
  local config   = require "ssl.config"
  local lib      = require "ssl.ffi.lib"
  local limits   = require "spec.support.limits"
  local needs    = require "spec.support.needs"

  local ctx
  before_each(function() ctx = context.create "any" end)

  -- Messages must not depend on entries that other code left in the queue (D4), and no entry
  -- may be left there.
  local function call(name, ...)
    contexts.disturb()
    local result = { context[name](ctx, ...) }
    assert.is_true(contexts.quiet())
    return result
  end

  local function raised(f)
    local ok, message = pcall(f)
    assert.is_false(ok)
    return (message:gsub("^[^:]+:%d+: ", ""))
  end

  describe("setcipher", function()
    it("sets the list up to TLS 1.2", function()
      assert.same({ true }, call("setcipher", "ECDHE-RSA-AES128-GCM-SHA256:NO-SUCH"))
      local names = contexts.ciphers(ctx)
      assert.equal("ECDHE-RSA-AES128-GCM-SHA256", names[#names])
      assert.equal("TLS_AES_256_GCM_SHA384", names[1])
    end)

    for _, list in ipairs(limits.no_ciphers) do
      it(("D4: gives the reason of this call and no other for %q"):format(list), function()
        assert.same({ false, "error setting cipher list (no cipher match)" },
                    call("setcipher", list))
      end)
    end
  end)

  describe("setciphersuites", function()
    it("sets the suites of TLS 1.3", function()
      assert.same({ true }, call("setciphersuites", "TLS_CHACHA20_POLY1305_SHA256"))
      local names = contexts.ciphers(ctx)
      assert.equal("TLS_CHACHA20_POLY1305_SHA256", names[1])
      assert.not_equal("TLS_AES_128_GCM_SHA256", names[2])
    end)

    it("accepts none at all, and refuses an unknown one", function()
      assert.same({ true }, call("setciphersuites", ""))
      assert.not_matches("^TLS_", contexts.ciphers(ctx)[1])
      assert.same({ false, "error setting cipher list (no cipher match)" },
                  call("setciphersuites", "NO-SUCH"))
    end)
  end)

  for _, name in ipairs { "setcipher", "setciphersuites" } do
    it(name .. " does not stop at a NUL", function()
      assert.same({ false, "error setting cipher list (NUL in the list)" },
                  call(name, "TLS_AES_128_GCM_SHA256\0:NO-SUCH"))
    end)
  end

  describe("setoptions", function()
    for name, bits in pairs(lib.every(lib.options)) do
      it("adds the bits of " .. name, function()
        local before = contexts.options(ctx)
        -- The reason is in context/protocol_keys_spec.
        if name == "allow_client_renegotiation" then
          before = bit.band(before, bit.bnot(ffi.cast("uint64_t", lib.options.no_renegotiation)))
        end
        assert.same({ true }, call("setoptions", name))
        assert.is_true(contexts.options(ctx) == bit.bor(before, ffi.cast("uint64_t", bits)))
      end)
    end

    it("D34: carries bits above 31", function()
      if lib.openssl.major < 3 then return pending "the word has 32 bits in 1.1.1" end
      lib.options.spec_high = 0x8000000000
      context.setoptions(ctx, "spec_high", "cryptopro_tlsext_bug")
      lib.options.spec_high = nil
      assert.equal(0x8080000000, tonumber(bit.band(contexts.options(ctx), 0x8080000000ULL)))
    end)

    it("applies nothing when one name is unknown", function()
      local before = contexts.options(ctx)
      assert.same({ false, "invalid option (NO_TICKET)" },
                  call("setoptions", "no_ticket", "NO_TICKET"))
      assert.is_true(contexts.options(ctx) == before)
      assert.same({ true }, call "setoptions")
    end)

    it("raises for a value that is no string", function()
      assert.equal("bad argument #3 to 'setoptions' (string expected, got nil)",
                   raised(function() context.setoptions(ctx, "all", nil) end))
    end)
  end)

  describe("setdepth", function()
    for value, depth in pairs { [0] = 0, [1] = 1, [9.9] = 9, ["3"] = 3, [-2] = -2,
                                [-1.5] = -1, [1e300] = 0x7fffffff } do
      it(("takes %s %s as %d"):format(type(value), value, depth), function()
        assert.same({ true }, call("setdepth", value))
        assert.equal(depth, contexts.depth(ctx))
      end)
    end

    it("raises for a value that is no number", function()
      assert.equal("bad argument #2 to 'setdepth' (number expected, got string)",
                   raised(function() context.setdepth(ctx, "x") end))
    end)
  end)

  describe("setcurve", function()
    local ids = { ["P-256"] = 0x17, prime256v1 = 0x17, ["P-384"] = 0x18,
                  ["P-521"] = 0x19, secp384r1 = 0x18, X25519 = 0x1d, X448 = 0x1e }
    for name, id in pairs(ids) do
      it("D10: offers " .. name .. " alone", function()
        needs.that(config.curves[name], name)
        assert.same({ true }, call("setcurve", name))
        assert.same({ id }, contexts.groups(ctx))
      end)
    end

    for _, name in ipairs { "nope", "", "P-256:X25519", "p-256", "P-256\0" } do
      it(("does not support %q"):format(name), function()
        assert.same({ false, "elliptic curve '" .. name .. "' not supported" },
                    call("setcurve", name))
      end)
    end

    it("gives a reason where TLS cannot use the curve", function()
      needs.that(config.curves.secp112r1, "a curve that TLS does not know")
      local ok, message = unpack(call("setcurve", "secp112r1"))
      assert.is_false(ok)
      assert.matches("^error setting elliptic curve %(.+%)$", message)
      assert.not_matches("null", message)
    end)
  end)

  describe("setcurveslist", function()
    it("offers the list in its order", function()
      assert.same({ true }, call("setcurveslist", "P-521:P-256:X25519"))
      assert.same({ 0x19, 0x17, 0x1d }, contexts.groups(ctx))
    end)

    for _, list in ipairs { "P-256:nope", "nope", "", "P-256\0:nope" } do
      it(("refuses %q"):format(list), function()
        assert.same({ false, 'unknown elliptic curve in "' .. list .. '"' },
                    call("setcurveslist", list))
      end)
    end
  end)

  describe("setdhparam", function()
    it("D27: takes a function and nothing else", function()
      local function f() end
      assert.same({}, call("setdhparam", f))
      assert.equal(f, context.state(ctx).dhparam)
      for got, value in pairs { string = "x", boolean = true, table = {} } do
        assert.equal("bad argument #2 to 'setdhparam' (function expected, got " .. got .. ")",
                     raised(function() context.setdhparam(ctx, value) end))
      end
    end)

    it("D27: lets go of a context that its function refers to", function()
      local alive = setmetatable({}, { __mode = "k" })
      for _ = 1, 100 do
        local mine = context.create "any"
        context.setdhparam(mine, function() return tostring(mine) end)
        alive[mine] = true
      end
      collectgarbage()
      collectgarbage()
      assert.is_nil(next(alive))
    end)
  end)
end)
