-- ssl.context.loadkey, loadcert, checkkey. Passwords are in source/password_spec.

describe("ssl.context", function()
  local contexts = require "spec.support.contexts"
  local pki      = require "spec.support.pki"
  local context  = require "ssl.context"
  local wording  = require "spec.support.wording"

  local MISSING = "error loading private key (No such file or directory)"
  local NO_KEY  = wording "error loading private key (unsupported)"

  local ctx
  before_each(function() ctx = context.create "any" end)

  local function call(name, ...)
    contexts.disturb()
    local result = { context[name](ctx, ...) }
    assert.is_true(contexts.quiet())
    return result
  end

  describe("loadkey", function()
    it("loads a key, and ignores a password it does not need", function()
      local function never() error "asked" end
      for _, pw in ipairs { false, "x", never } do
        assert.same({ true }, call("loadkey", pki.server.key, pw or nil))
      end
      assert.same({ true }, call("loadkey", pki.ec_server.key, nil))
    end)

    for what, case in pairs {
      ["a missing file"]     = { "/nowhere", MISSING },
      ["an empty name"]      = { "", MISSING },
      ["a folder"]           = { "/", NO_KEY },
      ["a file without key"] = { pki.server.cert, NO_KEY },
      ["a name with NUL"]    = { pki.server.key .. "\0",
                                 "error loading private key (NUL in the file name)" },
    } do
      it("D4: gives the reason why " .. what .. " is no key", function()
        assert.same({ false, case[2] }, call("loadkey", case[1], nil))
        assert.same({ false, case[2] }, call("loadkey", case[1], "password"))
      end)
    end

    it("raises for what can be no password, and without one", function()
      for _, pw in ipairs { 5, true, {} } do
        assert.has_error(function() context.loadkey(ctx, pki.server.key, pw) end,
                         "invalid callback value")
      end
      assert.has_error(function() context.loadkey(ctx, pki.server.key) end,
                       "invalid callback value")
    end)
  end)

  describe("loadcert", function()
    it("loads a certificate and its chain", function()
      assert.same({ true }, call("loadcert", pki.server.cert))
      assert.same({ true }, call("loadcert", pki.server.chain))
    end)

    for what, case in pairs {
      ["a missing file"]   = { "/nowhere", "No such file or directory" },
      ["an empty name"]    = { "", "No such file or directory" },
      ["a key"]            = { pki.server.key, "no start line" },
      ["a folder"]         = { "/", "no start line" },
      ["a name with NUL"]  = { pki.server.cert .. "\0", "NUL in the file name" },
    } do
      it("D4: gives the reason why " .. what .. " is no certificate", function()
        assert.same({ false, "error loading certificate (" .. case[2] .. ")" },
                    call("loadcert", case[1]))
      end)
    end
  end)

  it("checkkey compares key and certificate", function()
    assert.same({ false }, call "checkkey")
    call("loadkey", pki.server.key, nil)
    assert.same({ false }, call "checkkey")
    call("loadcert", pki.server.cert)
    assert.same({ true }, call "checkkey")
    call("loadcert", pki.client.cert)
    assert.same({ false }, call "checkkey")
  end)
end)
