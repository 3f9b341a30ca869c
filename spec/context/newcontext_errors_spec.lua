-- ssl.newcontext: its refusals, their messages and their order.

describe("ssl.newcontext", function()
  local contexts   = require "spec.support.contexts"
  local pki        = require "spec.support.pki"
  local newcontext = require "ssl.context.new"
  local wording    = require "spec.support.wording"

  local ENOENT = "No such file or directory"

  -- In the order in which newcontext checks the keys.
  local refused = {
    { { protocol = "sslv2" }, "invalid protocol (sslv2)" },
    { { protocol = "TLSV1_2" }, "invalid protocol (TLSV1_2)" },
    { { protocol = 12 }, "invalid protocol (12)" },
    { { mode = "both" }, "invalid mode (both)" },
    { { mode = 5 }, "invalid mode (5)" },
    { { key = "/nowhere" }, "error loading private key (" .. ENOENT .. ")" },
    { { key = "" }, "error loading private key (" .. ENOENT .. ")" },
    { { key = pki.root.cert }, wording "error loading private key (unsupported)" },
    { { key = "/" }, wording "error loading private key (unsupported)" },
    { { key = "/nowhere", password = 5 }, "invalid password type" },
    { { key = "/nowhere", password = true }, "invalid password type" },
    { { key = pki.server.encrypted_key }, "error loading private key (password required)" },
    { { key = pki.server.encrypted_key, password = "x" },
      "error loading private key (bad decrypt)" },
    { { key = pki.server.encrypted_key, password = function() return 5 end },
      "error loading private key (bad decrypt)" },
    { { key = pki.server.encrypted_key, password = ("y"):rep(1100) },
      "error loading private key (password too long)" },
    { { certificate = "/nowhere" }, "error loading certificate (" .. ENOENT .. ")" },
    { { certificate = pki.server.key }, "error loading certificate (no start line)" },
    { { key = pki.client.key, certificate = pki.rsa_server.cert },
      "private key does not match public key" },
    { { certificates = { { key = pki.client.key, certificate = pki.rsa_server.cert } } },
      "private key does not match public key" },
    -- The other pair has a key of the certificate's kind.
    { { certificates = { { key = pki.rsa_server.key, certificate = pki.rsa_server.cert },
                         { key = pki.ec_server.key, certificate = pki.rsa_server.cert } } },
      "private key does not match public key" },
    { { certificates = { { key = pki.server.key }, { certificate = "/nowhere" } } },
      "error loading certificate (" .. ENOENT .. ")" },
    { { cafile = "/nowhere" }, "error loading CA locations (" .. ENOENT .. ")" },
    { { cafile = "" }, "error loading CA locations (" .. ENOENT .. ")" },
    { { cafile = pki.server.key }, "error loading CA locations (no certificate or crl found)" },
    { { capath = "" }, "error loading CA locations (invalid directory)" },
    { { ciphers = "NONE" }, "error setting cipher list (no cipher match)" },
    { { ciphers = "" }, "error setting cipher list (no cipher match)" },
    { { ciphersuites = "NONE" }, "error setting cipher list (no cipher match)" },
    { { verify = "x" }, "invalid verify option (x)" },
    { { verify = 1 }, "invalid verify option (1)" },
    { { verify = { "peer", "" } }, "invalid verify option ()" },
    { { options = "x" }, "invalid option (x)" },
    { { options = { "all", "NO_TICKET" } }, "invalid option (NO_TICKET)" },
    { { dhparam = "x" }, "invalid DH parameter type" },
    { { dhparam = {} }, "invalid DH parameter type" },
    { { curveslist = "P-256:x" }, 'unknown elliptic curve in "P-256:x"' },
    { { curveslist = "" }, 'unknown elliptic curve in ""' },
    { { curve = "x" }, "elliptic curve 'x' not supported" },
    { { verifyext = "x" }, "invalid verify option (x)" },
    { { verifyext = { "crl_check", "peer" } }, "invalid verify option (peer)" },
  }

  local function with(cfg)
    local out = { protocol = "any", mode = "server" }
    for key, value in pairs(cfg) do out[key] = value end
    return out
  end

  local function describe_cfg(cfg)
    local out = {}
    for key, value in pairs(cfg) do
      out[#out + 1] = key .. " = " .. (type(value) == "string" and value:gsub(".*/(.)", "%1")
                                       or type(value))
    end
    table.sort(out)
    return table.concat(out, ", "):sub(1, 70)
  end

  for _, case in ipairs(refused) do
    it("returns an error for " .. describe_cfg(case[1]), function()
      for _ = 1, 2 do -- D4: the first failure must not colour the second
        contexts.disturb()
        assert.same({ nil, case[2] }, { newcontext(with(case[1])) })
        assert.is_true(contexts.quiet())
      end
    end)
  end

  it("D1: does not accept an unknown mode", function()
    assert.same({ nil, "invalid mode (x)" }, { newcontext { protocol = "any", mode = "x" } })
  end)

  it("applies the keys in LuaSec's order and stops at the first failure", function()
    local order = {
      { "protocol", "x", "invalid protocol" }, { "mode", "x", "invalid mode" },
      { "key", "/nowhere", "error loading private key" },
      { "certificate", "/nowhere", "error loading certificate" },
      { "cafile", "/nowhere", "error loading CA locations" },
      { "ciphers", "x", "error setting cipher list" },
      { "verify", "x", "invalid verify option" }, { "options", "x", "invalid option" },
      { "dhparam", "x", "invalid DH parameter type" },
      { "curve", "x", "elliptic curve 'x' not supported" },
      { "verifyext", "x", "invalid verify option" },
    }
    local cfg = with {}
    for _, step in ipairs(order) do cfg[step[1]] = step[2] end
    for _, step in ipairs(order) do
      local ctx, message = newcontext(cfg)
      assert.is_nil(ctx)
      assert.equal(step[3], message:sub(1, #step[3]))
      cfg[step[1]] = with({})[step[1]]
    end
    assert(newcontext(cfg))
  end)

  describe("raises", function()
    local text = "(string expected, got %s)"
    local cases = {
      { { protocol = false }, "bad argument #1 to 'create' (string expected, got boolean)" },
      { { protocol = {} }, "bad argument #1 to 'create' (string expected, got table)" },
      { { mode = false }, "bad argument #2 to 'setmode' (string expected, got boolean)" },
      { { depth = "x" }, "bad argument #2 to 'setdepth' (number expected, got string)" },
      { { depth = {} }, "bad argument #2 to 'setdepth' (number expected, got table)" },
      { { certificates = true }, "bad argument #1 to 'ipairs' (table expected, got boolean)" },
      { { certificates = { "x" } },
        "bad argument #1 to 'newcontext' (certificates[1]: table expected, got string)" },
      { { certificates = { { key = {} } } },
        "bad argument #2 to 'loadkey' (string expected, got table)" },
    }
    for key, call in pairs {
      key = "#2 to 'loadkey' ", certificate = "#2 to 'loadcert' ",
      cafile = "#2 to 'locations' ", capath = "#3 to 'locations' ",
      ciphers = "#2 to 'setcipher' ", ciphersuites = "#2 to 'setciphersuites' ",
      curve = "#2 to 'setcurve' ", curveslist = "#2 to 'setcurveslist' ",
      verify = "#2 to 'setverify' ", options = "#2 to 'setoptions' ",
      verifyext = "#2 to 'setverifyext' ",
    } do
      local message = "bad argument " .. call .. text
      cases[#cases + 1] = { { [key] = true }, message:format "boolean" }
      cases[#cases + 1] = { { [key] = print }, message:format "function" }
    end
    for key, call in pairs { verify = "setverify", options = "setoptions",
                             verifyext = "setverifyext" } do
      local message = "bad argument #2 to '" .. call .. "' " .. text
      cases[#cases + 1] = { { [key] = { {} } }, message:format "table" }
      cases[#cases + 1] = { { [key] = { nil, "peer" } }, message:format "nil" }
    end

    for _, case in ipairs(cases) do
      it("at its caller: " .. case[2], function()
        local line = debug.getinfo(1, "l").currentline + 1
        local ok, message = pcall(function() local ctx = newcontext(with(case[1])) return ctx end)
        assert.is_false(ok)
        assert.equal("spec/context/newcontext_errors_spec.lua:" .. line .. ": " .. case[2], message)
      end)
    end

    it("for a missing protocol or mode, and for a value that is no table", function()
      for message, cfg in pairs {
        ["bad argument #1 to 'create' (string expected, got nil)"] = {},
        ["bad argument #2 to 'setmode' (string expected, got nil)"] = { protocol = "any" },
      } do
        local _, raised = pcall(newcontext, cfg)
        assert.matches(message, raised, 1, true)
      end
      local _, raised = pcall(newcontext, "x")
      assert.matches("bad argument #1 to 'create' (string expected, got nil)", raised, 1, true)
      assert.has_error(function() newcontext(nil) end)
    end)

    it("what the password function raises, as it is", function()
      for _, value in ipairs { "a string", { "a table" } } do
        local ok, raised = pcall(newcontext, with {
          key = pki.server.encrypted_key, password = function() error(value, 0) end,
        })
        assert.is_false(ok)
        assert.equal(value, raised)
        assert.is_true(contexts.quiet())
      end
    end)
  end)
end)
