-- ssl.context.loadkey with keys that a password protects.

describe("ssl.context", function()
  local house    = require "spec.support.init"
  local contexts = require "spec.support.contexts"
  local keys     = require "spec.support.keys"
  local pki      = require "spec.support.pki"
  local process  = require "spec.support.process"
  local context  = require "ssl.context"

  local DECRYPT  = "error loading private key (bad decrypt)"
  local REQUIRED = "error loading private key (password required)"
  local TOO_LONG = "error loading private key (password too long)"

  local encrypted, password = pki.server.encrypted_key, pki.server.password
  local ctx
  before_each(function() ctx = context.create "any" end)
  teardown(process.stop_all)

  local function call(name, ...)
    contexts.disturb()
    local result = { context[name](ctx, ...) }
    assert.is_true(contexts.quiet())
    return result
  end

  for form, file in pairs { ["PKCS 8"] = encrypted, traditional = keys.traditional() } do
    describe("an encrypted key, " .. form .. ",", function()
      local function yields(value)
        return function() return value end
      end

      -- OpenSSL detects a wrong password by the padding, which is right by chance once in 256
      -- times. Then OpenSSL reports an error in the decrypted bytes.
      local function refused(expected, result)
        local ok, message = unpack(result)
        if expected == DECRYPT and message ~= REQUIRED and message ~= TOO_LONG
           and message:find "^error loading private key %(" then
          message = DECRYPT
        end
        assert.same({ false, expected }, { ok, message })
      end

      it("opens with its password, a string or from a function", function()
        assert.same({ true }, call("loadkey", file, password))
        assert.same({ true }, call("loadkey", file, yields(password)))
      end)

      for what, case in pairs {
        ["a wrong password"]    = { "wrong", DECRYPT },
        ["an empty one"]        = { "", DECRYPT },
        ["nil"]                 = { nil, DECRYPT, "function alone" },
        ["a number"]            = { 5, DECRYPT, "function alone" },
        ["a table"]             = { {}, DECRYPT, "function alone" },
        ["D17: NUL and junk after the password"] = { password .. "\0junk", DECRYPT },
        ["D17: 1,024 bytes, all that OpenSSL takes"] = { ("y"):rep(1024), DECRYPT },
        ["D17: 1,025 bytes"]    = { ("y"):rep(1025), TOO_LONG },
        ["D17: 1,100 bytes"]    = { ("y"):rep(1100), TOO_LONG },
        ["D17: the password and 1,100 NULs"] = { password .. ("\0"):rep(1100), TOO_LONG },
      } do
        it("refuses " .. what, function()
          if not case[3] then refused(case[2], call("loadkey", file, case[1])) end
          refused(case[2], call("loadkey", file, yields(case[1])))
        end)
      end

      it("D17: takes its password from the third argument alone", function()
        refused(DECRYPT, call("loadkey", file, "wrong", password))
        assert.same({ true }, call("loadkey", file, password, "wrong"))
      end)

      it("D16: does not load without a password", function()
        assert.same({ false, REQUIRED }, call("loadkey", file, nil))
      end)

      it("asks the function once, with no argument", function()
        local calls = {}
        assert.same({ true }, call("loadkey", file, function(...)
          calls[#calls + 1] = select("#", ...)
          return password
        end))
        assert.same({ 0 }, calls)
      end)

      it("hands on what the function raises", function()
        for _, value in ipairs { "a string", { "a table" } } do
          local ok, raised = pcall(context.loadkey, ctx, file, function() error(value, 0) end)
          assert.is_false(ok)
          assert.equal(value, raised)
          assert.is_true(contexts.quiet())
        end
        assert.same({ true }, call("loadkey", file, password))
      end)

      it("lets the function yield", function()
        local load = coroutine.wrap(function()
          return context.loadkey(ctx, file, function() return coroutine.yield "which?" end)
        end)
        assert.equal("which?", load())
        contexts.disturb()
        assert.is_true(load(password))
        assert.is_true(contexts.quiet())
      end)

      it("survives a function that frees the context", function()
        assert.same({ false, "error loading private key (invalid context)" },
                    call("loadkey", file, function()
                      getmetatable(ctx).__gc(ctx)
                      return password
                    end))
      end)
    end)
  end

  it("D17: opens a key whose password has a NUL in it", function()
    local file = keys.with_password "foo\0bar"
    assert.same({ true }, call("loadkey", file, "foo\0bar"))
    assert.same({ false, DECRYPT }, call("loadkey", file, "foo"))
  end)

  describe("on a terminal", function()
    local PROGRAM = [[
      local context = require "ssl.context"
      local ctx = context.create "any"
      print(context.loadkey(ctx, %q, nil))
      print(context.loadcert(ctx, %q))
    ]]

    -- A prompt would wait for its input, which stays open.
    local function ends(...)
      local child = process.start { ... }
      assert.equal("exit", (child:wait()))
      local output = child:output()
      assert.matches(REQUIRED, output, 1, true)
      assert.matches("error loading certificate (", output, 1, true)
      assert.not_matches("pass phrase", output)
    end

    local file = process.write(os.tmpname(), PROGRAM:format(encrypted,
                                                            keys.encrypted_certificate()))
    teardown(function() os.remove(file) end)

    it("D16: never prompts for a password", function()
      if not house.run "command -v script >/dev/null" then return pending "no script(1)" end
      ends("script", "-qc", "luajit " .. file, "/dev/null")
    end)

    it("D16: never prompts where there is none", function()
      ends("setsid", "luajit", file)
    end)
  end)
end)
