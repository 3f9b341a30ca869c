-- Keys, certificates and lists from memory, wherever the name of a file will do.

describe("material from memory", function()
  local ssl      = require "ssl"
  local context  = require "ssl.context"
  local contexts = require "spec.support.contexts"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local process  = require "spec.support.process"
  local made     = require "spec.support.made"
  local limits   = require "spec.support.limits"
  local read     = made.read

  -- These files are made once. Specs only read them.
  local DER = {
    root = made.der("x509", pki.root.cert), server = made.der("x509", pki.rsa_server.cert),
    key = made.der("pkey", pki.rsa_server.key), traditional = made.der("rsa", pki.rsa_server.key),
    ec_key = made.der("pkey", pki.ec_server.key),
    encrypted = made.encrypted(pki.rsa_server.key, "foobar"),
  }
  local PEM = { root = read(pki.root.cert), server = read(pki.rsa_server.cert),
                key = read(pki.rsa_server.key), chain = read(pki.rsa_server.chain),
                encrypted = read(pki.rsa_server.encrypted_key) }
  local function cert(path) return assert(ssl.loadcertificate(read(path))) end

  after_each(process.stop_all)

  local function newcontext(cfg, mode)
    cfg.mode, cfg.protocol = mode or "server", "any"
    contexts.disturb()
    local ctx, message = ssl.newcontext(cfg)
    assert.is_true(contexts.quiet())
    return ctx, message
  end

  -- A handshake with a client that knows the root: its chain, by common names.
  local function serves(cfg)
    cfg.mode, cfg.protocol = "server", "any"
    local s, c = pair.connected(assert(ssl.newcontext(cfg)))
    local names = {}
    for i, one in ipairs(c:getpeerchain()) do
      names[i] = one:subjecttext():match "CN=([^,]*)"
    end
    c:close()
    s:close()
    return table.concat(names, " ")
  end

  -- A handshake with a server: does the client accept it?
  local function accepts(cafile, server)
    local s, c = pair.wrapped(server, pair.client_config { cafile = cafile })
    local _, result = pair.handshake(s, c)
    return result[1]
  end

  local function raised(f, ...)
    local ok, message = pcall(f, ...)
    assert.is_false(ok)
    return (message:gsub("^[^:]+:%d+: ", ""))
  end

  describe("key", function()
    local function key(text, password) return assert(ssl.loadkey(text, password)) end

    for what, form in pairs {
      ["PEM text"] = PEM.key,
      ["PEM text behind other text"] = PEM.server .. PEM.key,
      ["DER"] = ssl.der(DER.key), ["DER, traditional"] = ssl.der(DER.traditional),
      ["a key object"] = key(PEM.key),
      ["a key object that had a password"] = key(PEM.encrypted, "foobar"),
    } do
      it("is " .. what, function()
        assert.equal("localhost", serves { key = form, certificate = pki.rsa_server.cert })
      end)
    end

    it("opens with its password, a string or from a function that may yield", function()
      for _, form in ipairs { PEM.encrypted, ssl.der(DER.encrypted) } do
        for _, password in ipairs { "foobar", function() return "foobar" end } do
          assert.truthy(newcontext { key = form, password = password })
        end
        local co = coroutine.wrap(function()
          return newcontext { key = form, password = coroutine.yield }
        end)
        assert.is_nil(co())
        assert.truthy(co "foobar")
      end
    end)

    it("does without a password that it has no need of", function()
      local function never() error "asked" end
      for _, form in ipairs { PEM.key, ssl.der(DER.key), key(PEM.key) } do
        assert.truthy(newcontext { key = form, password = never })
      end
    end)

    it("lets what a password function raises through", function()
      for _, form in ipairs { PEM.encrypted, ssl.der(DER.encrypted) } do
        assert.has_error(function()
          ssl.newcontext { mode = "server", protocol = "any", key = form,
                           password = function() error("mine", 0) end }
        end, "mine")
      end
    end)

    for what, case in pairs {
      ["a wrong password"]       = { PEM.encrypted, "x", "bad decrypt" },
      ["no password"]            = { PEM.encrypted, nil, "password required" },
      ["no password, DER"]       = { ssl.der(DER.encrypted), nil, "password required" },
      ["a function without one"] = { PEM.encrypted, function() end, "bad decrypt" },
      ["a password too long"]    = { ssl.der(DER.encrypted), ("x"):rep(1025),
                                     "password too long" },
      ["a certificate"]          = { PEM.server, nil, limits.pem_without_key },
      ["a beginning alone"]      = { "-----BEGIN PRIVATE KEY-----", nil, limits.pem_cut_short },
    } do
      it("is not opened by " .. what, function()
        assert.same({ nil, "error loading private key (" .. case[3] .. ")" },
                    { newcontext { key = case[1], password = case[2] } })
      end)
    end

    it("does not open with a wrong password, DER", function()
      local ctx, message = newcontext { key = ssl.der(DER.encrypted), password = "x" }
      assert.is_nil(ctx)
      assert.matches("^error loading private key %(.+%)$", message)
    end)

    it("is not a certificate in DER, nor bytes behind a key", function()
      for _, bytes in ipairs { DER.server, DER.key .. "\0", "", "x" } do
        local ctx, message = newcontext { key = ssl.der(bytes) }
        assert.is_nil(ctx)
        assert.matches("^error loading private key %(.+%)$", message)
      end
      assert.same({ nil, "error loading private key (bytes left over behind the DER)" },
                  { newcontext { key = ssl.der(DER.key .. "x") } })
      assert.same({ nil, "error loading private key (bytes left over behind the DER)" },
                  { newcontext { key = ssl.der(DER.encrypted .. "x"), password = "foobar" } })
    end)

    it("has to match its certificate, as one of a file", function()
      assert.same({ nil, "private key does not match public key" },
                  { newcontext { key = ssl.der(DER.key), certificate = pki.client.cert } })
    end)

    it("raises for a value that is no key", function()
      for given, name in pairs { [true] = "boolean", [cert(pki.rsa_server.cert)] = "userdata",
                                 [{}] = "table", [{ PEM.key }] = "table" } do
        assert.equal(("bad argument #2 to 'loadkey' (string expected, got %s)"):format(name),
                     raised(ssl.newcontext, { mode = "server", protocol = "any", key = given }))
      end
    end)
  end)

  describe("certificate", function()
    local KEY = pki.rsa_server.key

    for what, case in pairs {
      ["PEM text"] = { PEM.server, "localhost" },
      ["PEM text with the chain behind it"] = { PEM.chain, "localhost Intermediate" },
      ["DER"] = { ssl.der(DER.server), "localhost" },
      ["a certificate object"] = { cert(pki.rsa_server.cert), "localhost" },
      ["an array of objects"] = { { cert(pki.rsa_server.leaf), cert(pki.intermediate.cert) },
                                  "localhost Intermediate" },
      ["an array of all kinds"] = { { read(pki.rsa_server.leaf), pki.intermediate.cert,
                                      ssl.der(DER.root) }, "localhost Intermediate Root" },
      ["an array of one file"] = { { pki.rsa_server.chain }, "localhost Intermediate" },
    } do
      it("is " .. what, function()
        assert.equal(case[2], serves { key = KEY, certificate = case[1] })
        assert.equal(case[2], serves { certificates = { { key = KEY, certificate = case[1] } } })
      end)
    end

    it("is what the connection reports about itself", function()
      local s, c = pair.connected(assert(ssl.newcontext {
        mode = "server", protocol = "any", key = PEM.key, certificate = PEM.chain }))
      assert.equal(2, #s:getlocalchain())
      assert.equal(c:getpeercertificate():pem(), s:getlocalcertificate():pem())
    end)

    it("takes the place of one that was there, chain included", function()
      local ctx = context.create "any"
      assert(context.setmode(ctx, "server"))
      assert(context.loadcert(ctx, PEM.chain))
      assert(context.loadcert(ctx, PEM.server))
      assert(context.loadkey(ctx, PEM.key, nil))
      local s, c = pair.connected(ctx)
      assert.equal(1, #c:getpeerchain())
      s:close()
    end)

    for what, case in pairs {
      ["a key"]              = { PEM.key, "no start line" },
      ["a beginning"]        = { "-----BEGIN CERTIFICATE-----", "bad end line" },
      ["half a chain"]       = { PEM.chain:sub(1, -100), "bad end line" },
      ["bytes too many"]     = { ssl.der(DER.server .. "\0"), "bytes left over behind the DER" },
      ["a list with a key"]  = { { PEM.server, PEM.key }, "no start line" },
      ["a list without file"] = { { PEM.server, "/nowhere" }, "No such file or directory" },
    } do
      it("is not " .. what, function()
        assert.same({ nil, "error loading certificate (" .. case[2] .. ")" },
                    { newcontext { certificate = case[1] } })
      end)
    end

    it("raises for a wrong value", function()
      for given, name in pairs { [true] = "boolean", [{}] = "table", [{ true }] = "boolean",
                                 [{ PEM.server, nil, PEM.root }] = "nil",
                                 [setmetatable({}, { __index = { PEM.server } })] = "table",
                                 [assert(ssl.loadkey(PEM.key))] = "userdata" } do
        assert.equal(("bad argument #2 to 'loadcert' (string expected, got %s)"):format(name),
                     raised(ssl.newcontext, { mode = "server", protocol = "any",
                                              certificate = given }))
      end
    end)
  end)

  describe("cafile", function()
    for what, form in pairs {
      ["PEM text"] = PEM.root,
      ["PEM text with many"] = read(pki.other.cert) .. PEM.root .. read(pki.ec_root.cert),
      ["DER"] = ssl.der(DER.root),
      ["a certificate object"] = cert(pki.root.cert),
      ["an array"] = { pki.other.cert, cert(pki.ec_root.cert), ssl.der(DER.root) },
      ["an array of files"] = { pki.root.cert, pki.other.cert },
      ["an array that ends in a text"] = { pki.other.cert, PEM.root },
    } do
      it("is " .. what, function()
        assert.is_true(accepts(form))
      end)
    end

    it("trusts no other authority", function()
      assert.is_false(accepts(read(pki.other.cert)))
      assert.is_false(accepts { pki.other.cert, cert(pki.ec_root.cert) })
    end)

    it("leaves contexts that trust the same file as they are", function()
      assert(newcontext({ cafile = pki.other.cert }, "client"))
      assert.is_true(accepts { pki.other.cert, PEM.root })
      assert.is_false(accepts(pki.other.cert))
      local ctx = context.create "any"
      assert(context.locations(ctx, pki.other.cert))
      assert(context.locations(ctx, PEM.root))
      assert.is_false(accepts(pki.other.cert))
    end)

    it("may be beside capath", function()
      local s, c = pair.wrapped(nil, pair.client_config { cafile = read(pki.other.cert),
                                                          capath = pki.root.capath })
      local _, result = pair.handshake(s, c)
      assert.same({ true }, result)
    end)

    it("takes lists of revoked certificates from a text, as from a file", function()
      local s, c = pair.wrapped({
        verify = { "peer", "fail_if_no_peer_cert" }, protocol = "tlsv1_2",
        cafile = read(pki.root.with_crl), verifyext = "crl_check",
      }, pair.client_config { certificate = pki.revoked.cert, key = pki.revoked.key })
      local result = pair.handshake(s, c)
      assert.same({ false, "certificate verify failed" }, result)
    end)

    for what, case in pairs {
      ["a key"]        = { PEM.key, "no certificate or crl found" },
      ["a beginning"]  = { "-----BEGIN CERTIFICATE-----", "bad end line" },
      ["half a text"]  = { PEM.root .. PEM.root:sub(1, 200), "bad end line" },
      ["a list with a bad one"] = { { PEM.root, "/nowhere" }, "No such file or directory" },
      ["a name with NUL"] = { { PEM.root, "a\0" }, "NUL in the file name" },
    } do
      it("is not " .. what, function()
        assert.same({ nil, "error loading CA locations (" .. case[2] .. ")" },
                    { newcontext({ cafile = case[1] }, "client") })
      end)
    end

    it("raises for a wrong value", function()
      for given, name in pairs { [true] = "boolean", [{}] = "table", [{ "a", 5, {} }] = "table",
                                 [{ PEM.root, nil, PEM.server }] = "nil",
                                 [setmetatable({}, { __index = { PEM.root } })] = "table",
                                 [assert(ssl.loadkey(PEM.key))] = "userdata" } do
        assert.equal(("bad argument #2 to 'locations' (string expected, got %s)"):format(name),
                     raised(ssl.newcontext, { mode = "client", protocol = "any",
                                              cafile = given }))
      end
    end)
  end)

  describe("ssl.context", function()
    it("takes the same forms, one by one", function()
      local ctx = context.create "any"
      for _, form in ipairs { PEM.key, ssl.der(DER.key), ssl.loadkey(PEM.key) } do
        assert.same({ true }, { context.loadkey(ctx, form, nil) })
      end
      for _, form in ipairs { PEM.server, ssl.der(DER.server), cert(pki.rsa_server.cert),
                              { cert(pki.rsa_server.leaf), pki.intermediate.cert } } do
        assert.same({ true }, { context.loadcert(ctx, form) })
        assert.same({ true }, { context.checkkey(ctx) })
      end
      for _, form in ipairs { PEM.root, ssl.der(DER.root), cert(pki.root.cert),
                              { pki.root.cert } } do
        assert.same({ true }, { context.locations(ctx, form) })
      end
    end)

    it("keeps its own message for a wrong value", function()
      local ctx = context.create "any"
      assert.equal("bad argument #2 to 'loadkey' (string expected, got userdata)",
                   raised(function() context.loadkey(ctx, cert(pki.rsa_server.cert), nil) end))
      assert.equal("bad argument #2 to 'loadcert' (string expected, got nil)",
                   raised(function() context.loadcert(ctx, nil) end))
      assert.equal("bad argument #2 to 'locations' (string expected, got boolean)",
                   raised(function() context.locations(ctx, { "a", false }) end))
    end)
  end)

  describe("ssl.loadkey", function()
    it("shows what kind of key it is, and nothing of the key", function()
      local rsa, ec = assert(ssl.loadkey(PEM.key)), assert(ssl.loadkey(ssl.der(DER.ec_key)))
      assert.equal("private key: RSA, 2048 bits", tostring(rsa))
      assert.equal("private key: EC, 256 bits", tostring(ec))
      assert.same({ "RSA", 2048, "EC", 256 }, { rsa:type(), rsa:bits(), ec:type(), ec:bits() })
      local names = {}
      for name in pairs(getmetatable(rsa).__index) do names[#names + 1] = name end
      table.sort(names)
      assert.same({ "bits", "type" }, names)
    end)

    it("knows keys that have no number of their own", function()
      local file = process.folder() .. "/key"
      process.capture(("openssl genpkey -algorithm ed25519 -out '%s'"):format(file))
      assert.equal(("private key: %s, %d bits"):format(limits.ed25519, limits.ed25519_bits),
                   tostring(ssl.loadkey(read(file))))
    end)

    it("takes bytes of DER as they are", function()
      for _, bytes in ipairs { DER.key, DER.traditional, DER.ec_key } do
        assert.truthy(ssl.loadkey(bytes))
      end
      assert.truthy(ssl.loadkey(DER.encrypted, "foobar"))
    end)

    it("returns the reason", function()
      assert.same({ nil, "error loading private key (password required)" },
                  { ssl.loadkey(DER.encrypted) })
      assert.same({ nil, "error loading private key (bad decrypt)" },
                  { ssl.loadkey(PEM.encrypted, "x") })
      for _, text in ipairs { "", "x", "/etc/hostname", PEM.server, DER.server } do
        local key, message = ssl.loadkey(text)
        assert.is_nil(key)
        assert.matches("^error loading private key %(.+%)$", message)
      end
    end)

    it("raises for wrong types", function()
      for given, name in pairs { [true] = "boolean", [{}] = "table", [print] = "function" } do
        if name ~= "table" then -- there is a form that is one
          assert.equal(("bad argument #1 to 'loadkey' (string expected, got %s)"):format(name),
                       raised(function() ssl.loadkey(given) end))
        end
        if given ~= print then
          assert.equal(("bad argument #2 to 'loadkey' (string expected, got %s)"):format(name),
                       raised(function() ssl.loadkey(PEM.key, given) end))
        end
      end
      assert.equal("bad argument #1 to 'loadkey' (string expected, got no value)",
                   raised(function() ssl.loadkey() end))
    end)

    it("keeps the key where contexts use it", function()
      local key = assert(ssl.loadkey(PEM.key))
      local ctx = assert(ssl.newcontext { mode = "server", protocol = "any", key = key,
                                          certificate = PEM.server })
      getmetatable(key).__gc(key)
      assert.equal("private key: freed", tostring(key))
      assert.equal("SSL:Key expected, got finalized object",
                   raised(function() return key:bits() end):match "%((.*)%)")
      local s, c = pair.connected(ctx)
      s:close()
      c:close()
      assert.has_error(function()
        ssl.newcontext { mode = "server", protocol = "any", key = key }
      end)
    end)
  end)

  describe("ssl.der", function()
    it("shows how many bytes it holds, and not which", function()
      assert.equal("DER: 3 bytes", tostring(ssl.der "abc"))
    end)

    it("is a certificate for ssl.loadcertificate, or none", function()
      assert.equal(cert(pki.rsa_server.cert):pem(), ssl.loadcertificate(ssl.der(DER.server)):pem())
      for _, bytes in ipairs { "", "x", DER.key, DER.server .. "x", DER.server:sub(1, -2) } do
        contexts.disturb()
        assert.is_nil(ssl.loadcertificate(ssl.der(bytes)))
        assert.is_true(contexts.quiet())
      end
    end)

    it("raises for a value that is no string", function()
      assert.equal("bad argument #1 to 'der' (string expected, got number)",
                   raised(function() ssl.der(5) end))
      assert.equal("bad argument #1 to 'der' (string expected, got no value)",
                   raised(function() ssl.der() end))
    end)
  end)

  it("is blamed, where its type is wrong, on the caller of newcontext", function()
    local line = debug.getinfo(1, "l").currentline
    for _, wrong in ipairs {
      { key = true }, { certificate = { true } }, { cafile = true }, { pkcs12 = true },
      { crl = true }, { clientca = true }, { servername = 5 }, { purpose = 5 },
      { certificates = { { pkcs12 = true } } },
    } do
      wrong.mode, wrong.protocol = "client", "any"
      local _, message = pcall(function()
        local ctx = ssl.newcontext(wrong)
        return ctx
      end)
      assert.equal(line + 8, tonumber(message:match "source/material_spec.lua:(%d+): bad argument"))
    end
  end)

  it("is in no message", function()
    local secret = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0IHNlY3JldCBzZWNyZXQ=\n"
                   .. "-----END PRIVATE KEY-----\n"
    for _, key in ipairs { "key", "certificate", "cafile", "crl", "clientca", "pkcs12" } do
      for _, form in ipairs { secret, ssl.der "secret secret secret" } do
        local ctx, message = newcontext { [key] = form }
        assert.is_nil(ctx)
        assert.is_string(message)
        assert.not_matches("secret", message)
        assert.not_matches("c2Vj", message, 1, true)
      end
    end
    local ok, message = pcall(ssl.newcontext, { mode = "server", protocol = "any",
                                                key = { secret } })
    assert.is_false(ok)
    assert.not_matches("c2Vj", message, 1, true)
  end)
end)
