-- ssl.context: the authorities that it trusts, and how it verifies.

describe("ssl.context", function()
  local contexts = require "spec.support.contexts"
  local pki      = require "spec.support.pki"
  local lib      = require "ssl.ffi.lib"
  local needs    = require "spec.support.needs"
  local context  = require "ssl.context"

  local ctx
  before_each(function() ctx = context.create "any" end)

  local function call(name, ...)
    contexts.disturb()
    local result = { (context[name] or ctx[name])(ctx, ...) }
    assert.is_true(contexts.quiet())
    return result
  end

  local function raised(f)
    local ok, message = pcall(f)
    assert.is_false(ok)
    return (message:gsub("^[^:]+:%d+: ", ""))
  end

  describe("locations", function()
    for what, arguments in pairs {
      ["a file"]              = { pki.root.cert },
      ["a file with CRLs"]    = { pki.root.with_crl },
      ["a folder"]            = { nil, pki.root.capath },
      ["both"]                = { pki.root.cert, pki.root.capath },
      ["a folder that is not there"] = { nil, "/nowhere" },
    } do
      it("accepts " .. what, function()
        assert.same({ true }, call("locations", unpack(arguments, 1, 2)))
      end)
    end

    for what, case in pairs {
      ["nothing"]                     = { reason = "no CA file or folder given" },
      ["D4: a missing file"]          = { "/nowhere", reason = "No such file or directory" },
      ["D4: an empty name"]           = { "", reason = "No such file or directory" },
      ["a file with no certificate"]  = { pki.server.key,
                                          reason = "no certificate or crl found" },
      ["an empty folder name"]        = { nil, "", reason = "invalid directory" },
      ["a file name with NUL"]        = { pki.root.cert .. "\0", reason = "NUL in the file name" },
      ["a folder name with NUL"]      = { nil, "/\0", reason = "NUL in the folder name" },
    } do
      it("refuses " .. what, function()
        assert.same({ false, "error loading CA locations (" .. case.reason .. ")" },
                    call("locations", case[1], case[2]))
      end)
    end

    it("takes a NULL of the FFI for nil", function()
      local null = require("ffi").cast("void *", nil)
      assert.same({ false, "error loading CA locations (no CA file or folder given)" },
                  call("locations", null, null))
    end)

    it("raises for a value that is no string", function()
      assert.equal("bad argument #2 to 'locations' (string expected, got boolean)",
                   raised(function() context.locations(ctx, false, "/") end))
      assert.equal("bad argument #3 to 'locations' (string expected, got table)",
                   raised(function() context.locations(ctx, nil, {}) end))
    end)

    it("makes the certificates in it trusted", function()
      local server = context.create "any"
      assert(context.loadkey(server, pki.server.key, nil))
      assert(context.loadcert(server, pki.server.cert))
      assert(context.setverify(ctx, "peer"))
      assert.equal("certificate verify failed", contexts.connect(server, ctx).reason)
      assert(context.locations(ctx, pki.root.cert))
      assert.is_true(contexts.connect(server, ctx).ok)
    end)
  end)

  describe("setverify", function()
    for names, mode in pairs {
      ["none"] = 0, ["peer"] = 1, ["none peer"] = 1, ["peer client_once"] = 5,
      ["peer fail_if_no_peer_cert"] = 3, ["peer fail_if_no_peer_cert client_once"] = 7,
    } do
      it("sets " .. names, function()
        local list = {}
        for name in names:gmatch "%S+" do list[#list + 1] = name end
        assert.same({ true }, call("setverify", unpack(list)))
        assert.equal(mode, contexts.verify_mode(ctx))
      end)
    end

    it("D12: verifies when asked for more than verifying", function()
      call("setverify", "fail_if_no_peer_cert")
      assert.equal(3, contexts.verify_mode(ctx))
      call("setverify", "client_once")
      assert.equal(5, contexts.verify_mode(ctx))
    end)

    it("D12: undoes with none what was set before", function()
      call("setverify", "peer")
      call("setverify", "none")
      assert.equal(0, contexts.verify_mode(ctx))
    end)

    it("changes nothing without a name, or with an unknown one", function()
      call("setverify", "peer")
      ctx:setverifyext "lsec_continue"
      assert.same({ true }, call "setverify")
      assert.same({ false, "invalid verify option (PEER)" }, call("setverify", "none", "PEER"))
      assert.equal(1, contexts.verify_mode(ctx))
      assert.is_true(context.state(ctx).verify_continue)
    end)

    it("ends lsec_continue", function()
      ctx:setverifyext("lsec_continue", "lsec_ignore_purpose")
      assert.same({ true }, call("setverify", "peer"))
      assert.is_false(context.state(ctx).verify_continue)
      assert.is_true(context.state(ctx).ignore_purpose)
    end)

    it("raises for a value that is no string", function()
      assert.equal("bad argument #3 to 'setverify' (string expected, got boolean)",
                   raised(function() context.setverify(ctx, "peer", true) end))
    end)
  end)

  describe("setverifyext", function()
    local function flags()
      local state = context.state(ctx)
      return { state.verify_continue, state.ignore_purpose, contexts.store_flags(ctx) % 16 }
    end

    for name, expected in pairs {
      lsec_continue       = { true, false, 0 },
      lsec_ignore_purpose = { false, true, 0 },
      crl_check           = { false, false, 4 },
    } do
      it("sets " .. name, function()
        assert.same({ true }, call("setverifyext", name))
        assert.same(expected, flags())
      end)
    end

    for name, value in pairs {
      ignore_critical = 0x10, x509_strict = 0x20, allow_proxy_certs = 0x40,
      extended_crl_support = 0x1000, use_deltas = 0x2000, check_ss_signature = 0x4000,
      trusted_first = 0x8000, suiteb_128_los_only = 0x10000, suiteb_192_los = 0x20000,
      suiteb_128_los = 0x30000, no_alt_chains = 0x100000, no_check_time = 0x200000,
    } do
      it("sets OpenSSL's " .. name .. ", and keeps it", function()
        needs.that(not name:find "suiteb" or lib.K.X509_V_FLAG_SUITEB_128_LOS, name)
        local before = contexts.store_flags(ctx)
        assert.same({ true }, call("setverifyext", name))
        assert.equal(bit.bor(before, value), contexts.store_flags(ctx))
        assert.same({ true }, call "setverifyext")
        assert.equal(bit.bor(before, value), contexts.store_flags(ctx))
      end)
    end

    it("D12: checks the lists of a whole chain without crl_check beside it", function()
      assert.same({ true }, call("setverifyext", "crl_check_chain"))
      assert.same({ false, false, 12 }, flags())
    end)

    it("forgets the lsec flags and keeps the CRL checks", function()
      call("setverifyext", "lsec_continue", "lsec_ignore_purpose", "crl_check")
      assert.same({ true, true, 4 }, flags())
      assert.same({ true }, call "setverifyext")
      assert.same({ false, false, 4 }, flags())
    end)

    it("changes nothing when one name is unknown", function()
      call("setverifyext", "lsec_continue")
      assert.same({ false, "invalid verify option (x)" },
                  call("setverifyext", "crl_check", "x"))
      assert.same({ true, false, 0 }, flags())
    end)

    it("raises for a value that is no string, counting as a method does", function()
      assert.equal("bad argument #2 to 'setverifyext' (string expected, got boolean)",
                   raised(function() ctx:setverifyext("crl_check", true) end))
      assert.equal("bad argument #1 to 'setverifyext' (SSL:Context expected, got number)",
                   raised(function() ctx.setverifyext(5) end))
    end)
  end)
end)
