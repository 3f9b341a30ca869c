-- Key, certificate and chain from one PKCS#12, made by openssl and by GnuTLS.

describe("pkcs12", function()
  local ssl      = require "ssl"
  local context  = require "ssl.context"
  local contexts = require "spec.support.contexts"
  local house    = require "spec.support.init"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local process  = require "spec.support.process"
  local made     = require "spec.support.made"
  local needs    = require "spec.support.needs"
  local limits   = require "spec.support.limits"

  local has      = require("ssl.ffi.lib").has

  -- Where a password can only be ASCII, everything else is tried with one.
  local NOT_ASCII = "a p\195\164ssword"
  local PASSWORD = has.PKCS12_key_gen_utf8 and NOT_ASCII or "a password"
  local WRONG = "error loading PKCS#12 (wrong password)"

  local LEAF = { cert = pki.rsa_server.leaf, key = pki.rsa_server.key, ca = pki.intermediate.cert }
  local function with(base, extra)
    local out = {}
    for _, from in ipairs { base, extra } do
      for key, value in pairs(from) do out[key] = value end
    end
    return out
  end

  local openssl = made.read(made.pkcs12(with(LEAF, { password = PASSWORD })))
  -- GnuTLS derives each key in 600,000 steps, which takes a slow mode minutes.
  local OTHERS = { openssl, not house.slow
    and made.read(made.gnutls_pkcs12(with(LEAF, { password = PASSWORD }))) or nil }
  process.stop_all()

  after_each(process.stop_all)

  local function newcontext(source, password, extra)
    local cfg = with({ mode = "server", protocol = "any", pkcs12 = source, password = password },
                     extra or {})
    contexts.disturb()
    local ctx, message = ssl.newcontext(cfg)
    assert.is_true(contexts.quiet())
    return ctx, message
  end

  -- The common names of the chain that a client is shown.
  local function serves(ctx)
    local s, c = pair.connected(ctx)
    local names = {}
    for i, one in ipairs(c:getpeerchain()) do
      names[i] = one:subjecttext():match "CN=([^,]*)"
    end
    s:close()
    c:close()
    return table.concat(names, " ")
  end

  it("is among the capabilities, and refused by name where it is not", function()
    local pkcs12 = require "ssl.credential.pkcs12"
    assert.is_true(require "ssl.config".capabilities.pkcs12)
    local supported = pkcs12.supported
    pkcs12.supported = false
    local ctx, message = newcontext(openssl, PASSWORD)
    pkcs12.supported = supported
    assert.same({ nil, "error loading PKCS#12 (this OpenSSL cannot do it)" }, { ctx, message })
  end)

  it("brings key, certificate and chain, as bytes, by ssl.der or from a file", function()
    local file = process.write(process.folder() .. "/file", openssl)
    for _, form in ipairs { openssl, ssl.der(openssl), file } do
      assert.equal("localhost Intermediate", serves(assert(newcontext(form, PASSWORD))))
    end
  end)

  it("opens with a password from a function, which may yield", function()
    assert.truthy(newcontext(openssl, function() return PASSWORD end))
    local co = coroutine.wrap(function() return newcontext(openssl, coroutine.yield) end)
    assert.is_nil(co())
    assert.truthy(co(PASSWORD))
  end)

  it("reports a wrong password", function()
    for _, password in ipairs { "x", "", PASSWORD .. "x", PASSWORD:sub(1, -2), ("x"):rep(5000),
                                function() return "x" end } do
      assert.same({ nil, WRONG }, { newcontext(openssl, password) })
    end
  end)

  it("opens with a password in UTF-8, or says that it cannot", function()
    local file = made.read(made.pkcs12(with(LEAF, { password = NOT_ASCII })))
    local ctx, message = newcontext(file, NOT_ASCII)
    if has.PKCS12_key_gen_utf8 then
      assert.equal("localhost Intermediate", serves(assert(ctx, message)))
    else
      assert.same({ nil, "error loading PKCS#12 (wrong password, or one that this OpenSSL cannot "
                         .. "take: it is not ASCII)" }, { ctx, message })
      assert.same({ nil, WRONG }, { newcontext(file, "x") })
    end
  end)

  it("reports a missing password", function()
    assert.same({ nil, "error loading PKCS#12 (password required)" }, { newcontext(openssl) })
    assert.same({ nil, "error loading PKCS#12 (bad decrypt)" },
                { newcontext(openssl, function() end) })
    assert.same({ nil, "error loading PKCS#12 (NUL in the password)" },
                { newcontext(openssl, PASSWORD .. "\0") })
    assert.same({ nil, "invalid password type" }, { newcontext(openssl, 5) })
  end)

  it("opens files of other programs, and reports a wrong password", function()
    for _, bytes in ipairs(OTHERS) do
      assert.equal("localhost Intermediate", serves(assert(newcontext(bytes, PASSWORD))))
      assert.same({ nil, WRONG }, { newcontext(bytes, "x") })
    end
  end)

  it("puts the chain in order, and leaves out what does not belong to it", function()
    local together = process.write(process.folder() .. "/ca", made.read(pki.root.cert)
      .. made.read(pki.other.cert) .. made.read(pki.intermediate.cert))
    local file = made.pkcs12 { cert = pki.rsa_server.leaf, key = pki.rsa_server.key, ca = together,
                               password = "x" }
    assert.equal("localhost Intermediate Root", serves(assert(newcontext(file, "x"))))
  end)

  it("opens without a password where it has none, or an empty one", function()
    local function never() error "asked" end
    local file = made.pkcs12(LEAF)
    for _, password in ipairs { false, "", never } do
      assert.truthy(newcontext(file, password))
    end
    assert.same({ nil, WRONG }, { newcontext(file, "x") })
  end)

  for option, password in pairs(house.slow and {} or { ["--empty-password"] = "",
                                                       ["--null-password"] = false }) do
    it("opens GnuTLS's without a password: " .. option, function()
      local there, file = pcall(made.gnutls_pkcs12, with(LEAF, { option }))
      needs.that(there or not file:find "Segmentation fault", "a certtool that does not crash")
      assert(there, file)
      local ctx, message = newcontext(file, password)
      needs.that(ctx or limits.derives_from_nothing
                 or message ~= "error loading PKCS#12 (keygen failure)",
                 "a key that is derived from no password")
      assert.truthy(ctx, message)
    end)
  end

  it("is an entry of certificates too", function()
    local ec = made.pkcs12 { cert = pki.ec_server.cert, key = pki.ec_server.key, password = "x" }
    local ctx = assert(ssl.newcontext { mode = "server", protocol = "tlsv1_2", certificates = {
      { pkcs12 = openssl, password = PASSWORD }, { pkcs12 = ec, password = "x" } } })
    for cipher, cafile in pairs { ["ECDHE-RSA-AES128-GCM-SHA256"] = pki.root.cert,
                                  ["ECDHE-ECDSA-AES128-GCM-SHA256"] = pki.ec_root.cert } do
      local s, c = pair.connected(ctx, pair.client_config { cafile = cafile, ciphers = cipher })
      assert.equal(cipher, (c:info "cipher"))
      s:close()
    end
  end)

  it("is loaded by a function of ssl.context", function()
    local ctx = context.create "any"
    assert(context.setmode(ctx, "server"))
    assert.same({ false, WRONG }, { context.loadpkcs12(ctx, openssl, "x") })
    assert.same({ true }, { context.loadpkcs12(ctx, openssl, PASSWORD) })
    assert.same({ true }, { context.checkkey(ctx) })
    for position, arguments in pairs { [2] = { true }, [3] = { openssl, 5 } } do
      local ok, message = pcall(function() context.loadpkcs12(ctx, unpack(arguments)) end)
      assert.is_false(ok)
      assert.matches("bad argument #" .. position .. " to 'loadpkcs12' %(string expected", message)
    end
  end)

  for what, case in pairs {
    ["a missing file"]    = { "/nowhere", "No such file or directory" },
    ["an empty name"]     = { "", "No such file or directory" },
    ["a name with NUL"]   = { "a\0", "NUL in the file name" },
    ["a file in PEM"]     = { pki.server.chain, false },
    ["a text in PEM"]     = { made.read(pki.server.key), false },
    ["nothing"]           = { ssl.der "", false },
    ["DER with bytes behind it"] = { ssl.der(openssl .. "x"),
                                     "bytes left over behind the DER" },
    ["a certificate"]     = { ssl.der(made.der("x509", pki.server.cert)), false },
    ["what has no key"]   = { made.read(made.pkcs12 { cert = pki.root.cert, password = PASSWORD }),
                              "no private key in it" },
    ["what has an algorithm that OpenSSL lacks"] = {
      made.read(made.pkcs12(with(LEAF, { "-legacy", password = PASSWORD }))),
      "unsupported algorithm" },
  } do
    it("is not " .. what, function()
      needs.that(limits.legacy_apart or not what:find "lacks",
                 "old ciphers in a provider of their own")
      local ctx, message = newcontext(case[1], PASSWORD)
      assert.is_nil(ctx)
      assert.matches("^error loading PKCS#12 %(.+%)$", message)
      if case[2] then assert.equal("error loading PKCS#12 (" .. case[2] .. ")", message) end
    end)
  end

  it("does not stand beside key or certificate", function()
    for key, value in pairs { key = pki.server.key, certificate = pki.server.cert } do
      assert.same({ nil, "pkcs12 takes the place of key and certificate" },
                  { newcontext(openssl, PASSWORD, { [key] = value }) })
    end
  end)

  it("raises for a value that is no file and no bytes", function()
    for given, name in pairs { [true] = "boolean", [{}] = "table",
                               [ssl.loadcertificate(made.read(pki.root.cert))] = "userdata" } do
      local ok, message = pcall(ssl.newcontext, { mode = "server", protocol = "any",
                                                  pkcs12 = given })
      assert.is_false(ok)
      assert.matches(("bad argument #2 to 'loadpkcs12' %%(string expected, got %s%%)"):format(name),
                     message)
    end
  end)

  it("does not show its password", function()
    for _, bytes in ipairs { openssl, openssl:sub(1, -9) } do
      local _, message = newcontext(bytes, "sesame")
      assert.not_matches("sesame", message, 1, true)
    end
  end)
end)
