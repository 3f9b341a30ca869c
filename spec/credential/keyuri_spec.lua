-- Keys by URI, through OSSL_STORE. `file:` is what every OpenSSL has; providers for
-- tokens come in by the same way.

describe("key = \"store:URI\"", function()
  local ssl      = require "ssl"
  local config   = require "ssl.config"
  local contexts = require "spec.support.contexts"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local process  = require "spec.support.process"
  local keyuri   = require "ssl.credential.keyuri"
  local lib      = require "ssl.ffi.lib"
  local limits   = require "spec.support.limits"
  local needs    = require "spec.support.needs"

  local anywhere = it
  local it = needs.each(it, lib.has.OSSL_STORE_open, "stores of keys")

  after_each(process.stop_all)

  local function newcontext(uri, password)
    contexts.disturb()
    local ctx, message = ssl.newcontext { mode = "server", protocol = "any",
      key = "store:" .. uri, password = password, certificate = pki.rsa_server.cert }
    assert.is_true(contexts.quiet())
    return ctx, message
  end

  local PLAIN, ENCRYPTED = "file:" .. pki.rsa_server.key, "file:" .. pki.rsa_server.encrypted_key

  it("is among the capabilities", function()
    assert.is_true(config.capabilities.store)
  end)

  it("serves with the key at the URI", function()
    for _, uri in ipairs { PLAIN, "file://" .. pki.rsa_server.key, pki.rsa_server.key } do
      local s, c = pair.connected(assert(newcontext(uri)))
      assert.is_true(c:getpeerverification())
      s:close()
    end
  end)

  it("makes a key object where the program names the store", function()
    assert.equal("private key: RSA, 2048 bits", tostring(ssl.loadkey { store = PLAIN }))
    assert.equal("private key: RSA, 2048 bits",
                 tostring(ssl.loadkey({ store = ENCRYPTED }, "foobar")))
    assert.same({ nil, "error loading private key (NUL in the URI)" },
                { ssl.loadkey { store = "\0" } })
  end)

  -- The text may come from an untrusted source.
  it("is opened by no text that ssl.loadkey is given", function()
    local PEM = process.read(pki.rsa_server.key)
    for _, text in ipairs { "store:" .. PLAIN, "store:" .. pki.rsa_server.key, PLAIN,
                            pki.rsa_server.key, "store:", "store:" .. PLAIN .. "\0",
                            "store:" .. PLAIN .. "\n-----BEGIN PRIVATE KEY-----\n" } do
      for _, form in ipairs { text, ssl.der(text) } do
        contexts.disturb()
        local key, message = ssl.loadkey(form, function() error "asked" end)
        assert.is_nil(key, text)
        assert.matches("^error loading private key %(.+%)$", message)
        assert.is_true(contexts.quiet())
      end
    end
    assert.same({ nil, "error loading private key "
                       .. "(a store is opened by ssl.loadkey { store = URI } only)" },
                { ssl.loadkey("store:" .. PLAIN) })
    -- Text before the first line of PEM is ignored, as in any file.
    assert.truthy(ssl.loadkey("store:" .. ENCRYPTED .. "\n" .. PEM))
  end)

  it("raises for a table that names something else", function()
    for _, form in ipairs { {}, { stroe = PLAIN }, { store = 5 }, { PLAIN },
                            { store = PLAIN, password = "x" } } do
      local ok, message = pcall(function() ssl.loadkey(form) end)
      assert.is_false(ok)
      assert.matches("^spec/credential/keyuri_spec%.lua:%d+: bad argument #1 to 'loadkey' "
                     .. "%(string or { store = URI } expected, got another table%)$", message)
    end
  end)

  it("finds the key among other things", function()
    local file = process.write(process.folder() .. "/all", process.read(pki.rsa_server.chain)
      .. process.read(pki.rsa_server.key))
    assert.truthy(newcontext("file:" .. file))
  end)

  it("opens with a password, a string or from a function that may yield", function()
    assert.truthy(newcontext(ENCRYPTED, pki.rsa_server.password))
    assert.truthy(newcontext(ENCRYPTED, function() return pki.rsa_server.password end))
    local co = coroutine.wrap(function() return newcontext(ENCRYPTED, coroutine.yield) end)
    assert.is_nil(co())
    assert.truthy(co(pki.rsa_server.password))
  end)

  it("calls only the functions that it needs, and lets errors through", function()
    assert.truthy(newcontext(PLAIN, function() error "asked" end))
    assert.has_error(function() newcontext(ENCRYPTED, function() error("mine", 0) end) end, "mine")
  end)

  it("D16: never asks at the terminal", function()
    local child = process.start { "luajit", "-e", ([[
      print(require "ssl".loadkey { store = "%s" })]]):format(ENCRYPTED), input = "foobar\n" }
    child:wait()
    assert.equal("nil\terror loading private key (password required)\n", child:output())
  end)

  for what, case in pairs {
    ["no password"]        = { ENCRYPTED, nil, "password required" },
    ["no password from a function"] = { ENCRYPTED, function() end, "bad decrypt" },
    ["a password too long"] = { ENCRYPTED, ("x"):rep(1025), "password too long" },
    ["a missing file"]     = { "file:/nowhere", nil, "No such file or directory" },
    ["a certificate"]      = { "file:" .. pki.rsa_server.cert, nil, "no private key found" },
    ["a folder"]           = { "file:" .. pki.dir, nil, "no private key found" },
    ["an unknown scheme"]  = { "token:object=x", nil, limits.unknown_scheme },
    ["a token, and nobody who knows them"] = { "pkcs11:token=t;object=x", nil,
                                               limits.unknown_scheme },
    ["an empty URI"]       = { "", nil, false },
    ["a wrong password"]   = { ENCRYPTED, "x", "bad decrypt" },
    ["NUL"]                = { PLAIN .. "\0", nil, "NUL in the URI" },
  } do
    it("is refused: " .. what, function()
      local ctx, message = newcontext(case[1], case[2])
      assert.is_nil(ctx)
      assert.matches("^error loading private key %(.+%)$", message)
      if case[3] then
        assert.equal("error loading private key (" .. case[3] .. ")", message)
      end
    end)
  end

  anywhere("is refused by name where OpenSSL cannot do it", function()
    local supported = keyuri.supported
    keyuri.supported = false
    local ctx, message = newcontext(PLAIN)
    keyuri.supported = supported
    assert.is_nil(ctx)
    assert.equal("error loading private key (this OpenSSL has no stores)", message)
  end)
end)
