-- Keys of ssl.newcontext that decide about trust: systemca, servername, purpose,
-- partialchain, and their effect on both ends.

describe("ssl.newcontext", function()
  local ssl      = require "ssl"
  local limits   = require "spec.support.limits"
  local needs    = require "spec.support.needs"
  local context  = require "ssl.context"
  local contexts = require "spec.support.contexts"
  local house    = require "spec.support.init"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local process  = require "spec.support.process"
  local made     = require "spec.support.made"
  local wording  = require "spec.support.wording"

  after_each(process.stop_all)

  local function client(extra)
    local cfg = { mode = "client", protocol = "any", verify = "peer" }
    for key, value in pairs(extra or {}) do cfg[key] = value end
    return cfg
  end

  -- Handshakes: of the server and of the client, true or false and the word; the
  -- client, not closed where it failed.
  local function shake(server, of_client)
    local a, b = pair.tcp()
    local s, c = assert(ssl.wrap(a, pair.server_config(server))), assert(ssl.wrap(b, of_client))
    local results, ends = {}, { s, c }
    s:settimeout(0)
    c:settimeout(0)
    repeat
      for i, conn in ipairs(ends) do
        if not results[i] then
          local ok, word = conn:dohandshake()
          if word ~= "wantread" and word ~= "wantwrite" then results[i] = { ok, word } end
        end
      end
    until results[1] and results[2]
    return results[1], results[2], c, s
  end

  local function refused(cfg)
    contexts.disturb()
    local ctx, message = ssl.newcontext(client(cfg))
    assert.is_nil(ctx)
    assert.is_true(contexts.quiet())
    return message
  end

  -- The message of the error that a function raises, without its position.
  local function raised(f, ...)
    local ok, message = pcall(f, ...)
    assert.is_false(ok)
    return (message:gsub("^[^:]+:%d+: ", ""))
  end

  describe("systemca", function()
    -- The environment is read when a context is made: in a process of its own.
    local function elsewhere(file, folder, code)
      local child = process.start { "luajit", "-e", code,
                                    env = { SSL_CERT_FILE = file, SSL_CERT_DIR = folder } }
      child:wait()
      return child:output()
    end

    local MAKE = [[print(require "ssl".newcontext { mode = "client", protocol = "any",
                                                    systemca = true })]]
    local SHAKE = ([[
      local ssl = require "ssl"
      local client = assert(ssl.engine { mode = "client", protocol = "any", verify = "peer",
                                         systemca = true })
      local server = assert(ssl.engine { mode = "server", protocol = "any",
                                         key = %q, certificate = %q })
      for _ = 1, 9 do
        client:handshake()
        server:feed(client:drain())
        server:handshake()
        client:feed(server:drain())
      end
      print(client:handshake())]]):format(pki.server.key, pki.server.cert)

    it("trusts the authorities of SSL_CERT_FILE and SSL_CERT_DIR, and no others", function()
      assert.equal("true\n", elsewhere(pki.root.cert, "/nowhere", SHAKE))
      assert.equal("true\n", elsewhere("/nowhere", pki.root.capath, SHAKE))
      assert.equal("nil\tcertificate verify failed\n",
                   elsewhere(pki.other.cert, "/nowhere", SHAKE))
    end)

    it("lists all tried places where there are no authorities", function()
      local output = elsewhere("/nowhere/file", "/nowhere/dir", MAKE)
      assert.equal("nil\terror loading CA locations (no certificate authorities found; tried "
                   .. "/nowhere/file (SSL_CERT_FILE), /nowhere/dir (SSL_CERT_DIR))\n", output)
    end)

    it("lists all tried places where the file has none", function()
      local output = elsewhere(pki.server.key, "/nowhere", MAKE)
      assert.equal(("nil\terror loading CA locations (no certificate or crl found; tried "
                    .. "%s (SSL_CERT_FILE), /nowhere (SSL_CERT_DIR))\n"):format(pki.server.key),
                   output)
    end)

    it("stands beside cafile", function()
      local ctx = assert(ssl.newcontext(client { systemca = true, cafile = pki.root.cert }))
      assert.same({ true }, { (select(2, shake(nil, ctx)))[1] })
    end)

    it("is a key of ssl.engine too", function()
      assert.truthy(ssl.engine { mode = "client", protocol = "any", systemca = true })
    end)

    it("is no file, and partialchain is none", function()
      for _, key in ipairs { "systemca", "partialchain" } do
        for _, value in ipairs { pki.root.cert, 1, {} } do
          assert.equal(("bad argument #1 to 'newcontext' (%s: boolean expected, got %s)")
                       :format(key, type(value)), raised(ssl.newcontext, client { [key] = value }))
        end
      end
      local ok, message = pcall(function() ssl.newcontext(client { systemca = "x" }) end)
      assert.is_false(ok)
      assert.matches("^spec/trust/keys_spec%.lua:%d+: ", message)
    end)
  end)

  describe("servername", function()
    for what, case in pairs {
      ["a name of 255 characters"] = { ("a."):rep(127) .. "a", "longer than 253 characters" },
      ["a label of 64"]   = { ("a"):rep(64) .. ".test", "a label longer than 63 characters" },
      ["300 characters"]  = { ("abcdefghi."):rep(30), "longer than 253 characters" },
      ["nothing"]         = { "", "is empty" },
      ["a leading dot"]   = { ".test", "begins with a dot" },
      ["a wildcard"]      = { "*.test", "contains a wildcard" },
      ["a NUL"]           = { "a\0.test", "contains a NUL byte" },
      ["a port"]          = { "a.test:443", "is not a valid IPv6 address" },
    } do
      it("is not " .. what, function()
        local message = refused { servername = case[1] }
        assert.matches("^invalid servername %(the host name ", message)
        assert.matches(case[2], message, 1, true)
      end)
    end

    it("is a client's", function()
      assert.equal("invalid servername (for clients only)",
                   (select(2, ssl.newcontext(pair.server_config { servername = "a.test" }))))
    end)

    it("raises for a value that is no string", function()
      assert.equal("bad argument #1 to 'newcontext' (servername: string expected, got number)",
                   raised(ssl.newcontext, client { servername = 5 }))
    end)

    for _, version in ipairs(pair.versions) do
      it(version .. ": is asked for, and accepted where the certificate is for it", function()
        local server, of_client, c, s = shake({ protocol = version }, client {
          cafile = pki.root.cert, servername = "LOCALHOST." })
        assert.same({ true }, of_client)
        assert.same({ true }, server)
        assert.equal("localhost", s:getsniname())
        assert.equal("localhost", c:getsniname())
      end)

      it(version .. ": ends the handshake where the certificate is for another name", function()
        local server, of_client, c = shake({ protocol = version }, client {
          cafile = pki.root.cert, servername = "elsewhere.test" })
        assert.same({ false, "certificate verify failed" }, of_client)
        assert.same({ false, wording(limits.misnamed_alert.reason) }, server)
        local verify = c:lasterror().verify
        assert.equal(wording "hostname mismatch", verify.text)
        assert.equal(0, verify.depth)
        assert.equal("CN=localhost,O=luasec-ffi specs", verify.subject)
        assert.is_nil(verify.issuer)
      end)

      it(version .. ": is not sent where it is an address, and checked as one", function()
        local _, of_client, _, s = shake({ protocol = version }, client {
          cafile = pki.root.cert, servername = "127.0.0.1" })
        assert.same({ true }, of_client)
        assert.is_nil(s:getsniname())
        local _, other, c = shake({ protocol = version }, client {
          cafile = pki.root.cert, servername = "127.0.0.2" })
        assert.same({ false, "certificate verify failed" }, other)
        assert.equal("IP address mismatch", c:lasterror().verify.text)
      end)
    end

    it("is overridden by settings of the connection", function()
      local a, b = pair.tcp()
      local ctx = assert(ssl.newcontext(client { cafile = pki.root.cert,
                                                 servername = "elsewhere.test" }))
      local s, c = assert(ssl.wrap(a, pair.server_config())), assert(ssl.wrap(b, ctx))
      c:sni "a.wild.test"
      assert.same({ "ip", "127.0.0.1" }, { c:setverifyname "127.0.0.1" })
      local _, of_client = pair.handshake(s, c)
      assert.same({ true }, of_client)
      assert.equal("a.wild.test", s:getsniname())
    end)

    it("is a key of ssl.engine too", function()
      local c = assert(ssl.engine(client { cafile = pki.root.cert, servername = "nul.test" }))
      local s = assert(ssl.engine(pair.server_config()))
      local word
      for _ = 1, 9 do
        _, word = c:handshake()
        s:feed(c:drain())
        s:handshake()
        c:feed(s:drain())
      end
      assert.equal("certificate verify failed", word)
    end)
  end)

  describe("purpose", function()
    local DEMAND = { "peer", "fail_if_no_peer_cert" }
    local function as_client(entry)
      return client { cafile = pki.root.cert, certificate = entry.cert, key = entry.key }
    end
    local function server(purpose)
      return { cafile = pki.root.cert, verify = DEMAND, purpose = purpose, protocol = "tlsv1_2" }
    end

    it("is of the side by default", function()
      local result = shake(server(), as_client(pki.wrong_usage))
      assert.same({ false, "certificate verify failed" }, result)
      assert.same({ true }, (shake(server(), as_client(pki.client))))
    end)

    it("can be any, or another one", function()
      assert.same({ true }, (shake(server "any", as_client(pki.wrong_usage))))
      assert.same({ true }, (shake(server "sslserver", as_client(pki.wrong_usage))))
      assert.same({ false, "certificate verify failed" },
                  (shake(server "sslserver", as_client(pki.client))))
    end)

    it("is judged by clients too", function()
      local _, of_client, c = shake({ certificate = pki.client.cert, key = pki.client.key },
                                    client { cafile = pki.root.cert })
      assert.same({ false, "certificate verify failed" }, of_client)
      assert.matches("purpose", c:lasterror().verify.text)
      _, of_client = shake({ certificate = pki.client.cert, key = pki.client.key },
                           client { cafile = pki.root.cert, purpose = "sslclient" })
      assert.same({ true }, of_client)
    end)

    it("goes before lsec_ignore_purpose", function()
      local cfg = server "sslclient"
      cfg.verifyext = "lsec_ignore_purpose"
      assert.same({ false, "certificate verify failed" },
                  (shake(cfg, as_client(pki.wrong_usage))))
    end)

    it("comes along with a context that is chosen by name, and goes with it", function()
      local function by_name(of_first, of_second)
        local a, b = pair.tcp()
        local second = assert(ssl.newcontext(pair.server_config(server(of_second))))
        local s = assert(ssl.wrap(a, pair.server_config(server(of_first))))
        local c = assert(ssl.wrap(b, as_client(pki.wrong_usage)))
        s:sni { ["a.test"] = second }
        c:sni "a.test"
        local result = pair.handshake(s, c)
        return result
      end
      assert.same({ true }, by_name(nil, "any"))
      assert.same({ false, "certificate verify failed" }, by_name("any", nil))
    end)

    it("has a name that OpenSSL knows", function()
      assert.equal("invalid purpose (webserver)", refused { purpose = "webserver" })
      assert.equal("invalid purpose ()", refused { purpose = "" })
      assert.equal("invalid purpose (any\0)", refused { purpose = "any\0" })
      assert.equal("bad argument #1 to 'newcontext' (purpose: string expected, got table)",
                   raised(ssl.newcontext, client { purpose = {} }))
    end)
  end)

  describe("partialchain", function()
    local function with_leaf(extra)
      extra.cafile = pki.intermediate.cert
      return select(2, shake({ certificate = pki.server.leaf }, client(extra)))
    end

    it("ends a chain at a trusted certificate, where it is true", function()
      assert.same({ true }, with_leaf { partialchain = true })
    end)

    it("is off by default: a chain ends in a root", function()
      assert.same({ false, "certificate verify failed" }, with_leaf {})
      assert.same({ false, "certificate verify failed" }, with_leaf { partialchain = false })
    end)

    it("lets one certificate be trusted alone", function()
      local _, result = shake(nil, client { cafile = pki.server.cert, partialchain = true })
      assert.same({ true }, result)
      _, result = shake(nil, client { cafile = pki.other_server.cert, partialchain = true })
      assert.same({ false, "certificate verify failed" }, result)
    end)

    it("does not reach contexts that trust the same file", function()
      assert(ssl.newcontext(client { cafile = pki.intermediate.cert, partialchain = true }))
      assert.same({ false, "certificate verify failed" }, with_leaf {})
    end)
  end)

  describe("crl", function()
    local CA = pki.root.cert
    local DEMAND = { "peer", "fail_if_no_peer_cert" }

    local CLIENT = { cert = pki.client.cert, key = pki.client.key }

    -- The result of a server with such lists for a client.
    local function judges(cfg, entry)
      cfg.cafile, cfg.verify = cfg.cafile or CA, DEMAND
      cfg.protocol = "tlsv1_2"
      local result, _, _, s = shake(cfg, client {
        cafile = CA, certificate = entry.chain or entry.cert, key = entry.key })
      local verify = not result[1] and s:lasterror().verify
      return result[1], verify and verify.text, verify and verify.issuer
    end

    it("refuses a certificate that is on it, from a file, text, DER or a list", function()
      local forms = {
        pki.root.crl, made.read(pki.root.crl), ssl.der(made.der("crl", pki.root.crl)),
        { pki.root.crl },
        { made.crl { cert = pki.other.cert, key = pki.other.key }, made.read(pki.root.crl) },
      }
      for _, form in ipairs(forms) do
        assert.same({ false, "certificate revoked" }, { judges({ crl = form }, pki.revoked) })
        assert.is_true(judges({ crl = form }, pki.ec_client))
      end
    end)

    it("names the issuer of the missing list", function()
      assert.same({ false, "unable to get certificate CRL", "CN=Intermediate,O=luasec-ffi specs" },
                  { judges({ crl = pki.root.crl }, {
                    chain = pki.client.chain, key = pki.client.key }) })
    end)

    it("names the issuer of a list that is old, or of the future", function()
      for text, dates in pairs {
        ["CRL has expired"]      = { "2020-01-01 00:00:00", "2021-01-01 00:00:00" },
        ["CRL is not yet valid"] = { "2036-01-01 00:00:00", "2037-01-01 00:00:00" },
      } do
        local list = made.crl { cert = CA, key = pki.root.key, from = dates[1], till = dates[2] }
        assert.same({ false, text, "CN=Root,O=luasec-ffi specs" },
                    { judges({ crl = list }, CLIENT) })
      end
    end)

    it("covers the leaf and others whose issuer has a list, with crl_check_chain all", function()
      local list = made.crl { cert = pki.intermediate.cert, key = pki.intermediate.key }
      local entry = { chain = pki.client.chain, key = pki.client.key }
      assert.is_true(judges({ crl = list }, entry))
      assert.same({ false, "unable to get certificate CRL", "CN=Root,O=luasec-ffi specs" },
                  { judges({ crl = list, verifyext = "crl_check_chain" }, entry) })
      assert.is_true(judges({ crl = { list, pki.root.crl }, verifyext = "crl_check_chain" },
                            entry))
    end)

    it("refuses a revoked intermediate where the list of its issuer was given", function()
      local of_leaf = made.crl { cert = pki.intermediate.cert, key = pki.intermediate.key }
      local of_root = made.crl { cert = CA, key = pki.root.key, revoked = pki.intermediate.cert }
      local entry = { chain = pki.client.chain, key = pki.client.key }
      assert.is_true(judges({ crl = of_leaf }, entry))
      for _, lists in ipairs { { of_leaf, of_root }, { of_root, of_leaf } } do
        assert.same({ false, "certificate revoked" }, { judges({ crl = lists }, entry) })
      end
      -- A list of the root alone covers no certificate of the intermediate authority.
      assert.same({ false, "unable to get certificate CRL", "CN=Intermediate,O=luasec-ffi specs" },
                  { judges({ crl = pki.root.crl }, entry) })
    end)

    it("does not accept a list with another signer", function()
      -- The other root under the name of ours.
      local config = process.write(process.folder() .. "/config", "[req]\ndistinguished_name=d\n"
        .. "[d]\n[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\n")
      local fake = process.folder() .. "/fake.pem"
      process.capture(("openssl req -x509 -new -key '%s' -config '%s' -extensions ca -days 9 "
        .. "-subj '/O=luasec-ffi specs/CN=Root' -out '%s'"):format(pki.other.key, config, fake))
      local list = made.crl { cert = fake, key = pki.other.key }
      local ok, text = judges({ crl = list }, CLIENT)
      assert.is_false(ok)
      assert.matches("CRL", text)
    end)

    it("belongs to its context, not to those that trust the same file", function()
      assert.same({ false, "certificate revoked" },
                  { judges({ crl = pki.root.crl }, pki.revoked) })
      assert.is_true(judges({}, pki.revoked))
      assert.same({ false, "unable to get certificate CRL", "CN=Root,O=luasec-ffi specs" },
                  { judges({ verifyext = "crl_check" }, pki.revoked) })
    end)

    it("comes along with a context that is chosen by name, and goes with it", function()
      local function by_name(first, second)
        local a, b = pair.tcp()
        for _, cfg in ipairs { first, second } do
          cfg.cafile, cfg.verify, cfg.protocol = CA, DEMAND, "tlsv1_2"
        end
        local s = assert(ssl.wrap(a, pair.server_config(first)))
        local c = assert(ssl.wrap(b, client { cafile = CA, certificate = pki.revoked.cert,
                                              key = pki.revoked.key }))
        s:sni { ["a.test"] = assert(ssl.newcontext(pair.server_config(second))) }
        c:sni "a.test"
        local result = pair.handshake(s, c)
        return result[1]
      end
      assert.is_false(by_name({}, { crl = pki.root.crl }))
      assert.is_true(by_name({ crl = pki.root.crl }, {}))
    end)

    for what, case in pairs {
      ["a missing file"]       = { "/nowhere", "No such file or directory" },
      ["an empty name"]        = { "", "No such file or directory" },
      ["a file without one"]   = { pki.server.cert, "no crl found" },
      ["a text without one"]   = { "-----BEGIN X509 CRL-----\n", "bad end line" },
      ["a name with NUL"]      = { pki.root.crl .. "\0", "NUL in the file name" },
      ["a list with a bad one"] = { { pki.root.crl, "/nowhere" }, "No such file or directory" },
      ["other DER"]            = { ssl.der "0\0", false },
      ["no bytes"]             = { ssl.der "", false },
    } do
      it("is not " .. what, function()
        local message = refused { crl = case[1] }
        assert.matches("^error loading CRL %(.+%)$", message)
        if case[2] then assert.equal("error loading CRL (" .. case[2] .. ")", message) end
      end)
    end

    it("raises for a value that is no file, text or DER", function()
      for given, name in pairs { [true] = "boolean", [print] = "function", [{}] = "table",
                                 [{ 5, true }] = "boolean" } do
        assert.equal("bad argument #1 to 'newcontext' (crl: string expected, got " .. name .. ")",
                     raised(ssl.newcontext, client { crl = given }))
      end
    end)
  end)

  describe("clientca", function()
    -- The names that a server sends, and that a client gets.
    local function asks(extra, version)
      extra.verify, extra.protocol = "peer", version or "any"
      extra.cafile = pki.root.cert
      local _, result, c, s = shake(extra, client { cafile = pki.root.cert })
      assert.same({ true }, result)
      return c:getclientcas(), s:getclientcas()
    end
    local ROOT, OTHER = "CN=Root,O=luasec-ffi specs", "CN=Other Root,O=luasec-ffi specs"

    for _, version in ipairs(pair.versions) do
      it(version .. ": names the wanted authorities, in order and once", function()
        needs.that(limits.names_authorities[version], "names of authorities in " .. version)
        local der = ssl.der(made.der("x509", pki.other.cert))
        local cert = ssl.loadcertificate(made.read(pki.root.cert))
        for _, form in ipairs {
          { pki.root.cert, pki.other.cert },
          { made.read(pki.root.cert), der },
          made.read(pki.root.cert) .. made.read(pki.other.cert),
          { cert, der, cert },
        } do
          local heard, said = asks({ clientca = form }, version)
          assert.same({ ROOT, OTHER }, heard)
          assert.same(heard, said)
        end
      end)

      it(version .. ": names none by default", function()
        assert.same({}, (asks({}, version)))
      end)
    end

    it("is of the context that is chosen by name", function()
      local a, b = pair.tcp()
      local s = assert(ssl.wrap(a, pair.server_config {
        clientca = pki.root.cert, verify = "peer", protocol = limits.naming }))
      local c = assert(ssl.wrap(b, client { cafile = pki.root.cert }))
      s:sni { ["a.test"] = assert(ssl.newcontext(pair.server_config {
        clientca = pki.other.cert, verify = "peer", protocol = limits.naming })) }
      c:sni "a.test"
      local _, result = pair.handshake(s, c)
      assert.same({ true }, result)
      assert.same({ OTHER }, c:getclientcas())
    end)

    it("writes names in UTF-8, as RFC 2253 has them", function()
      local certs = require "spec.support.certs"
      local pem = certs.make { subject = "O = a\\, b\nCN = b\195\188cher" }
      assert.same({ "CN=b\195\188cher,O=a\\, b" }, (asks({ clientca = pem }, limits.naming)))
    end)

    it("is not a client's", function()
      assert.equal("invalid clientca (for servers only)", refused { clientca = pki.root.cert })
    end)

    it("refuses more names than a handshake can carry", function()
      local certs = require "spec.support.certs"
      local lines, list = {}, {}
      for i = 1, 60 do lines[i] = ("%d.OU = %s"):format(i, ("x"):rep(64)) end
      local long = certs.make { subject = table.concat(lines, "\n") }
      for i = 1, 20 do
        list[i] = assert(ssl.loadcertificate(certs.patch(long, ("x"):rep(64),
                                                         string.char(64 + i):rep(64))))
      end
      local ctx, message = ssl.newcontext(pair.server_config { clientca = list })
      assert.is_nil(ctx)
      assert.matches("^error loading client CA names %(the names take %d+ bytes; 65000 fit%)$",
                     message)
    end)

    for what, case in pairs {
      ["a missing file"]      = { "/nowhere", "No such file or directory" },
      ["a file without one"]  = { pki.server.key, "no start line" },
      ["a key in PEM"]        = { made.read(pki.server.key), "no start line" },
    } do
      it("is not " .. what, function()
        assert.same({ nil, "error loading client CA names (" .. case[2] .. ")" },
                    { ssl.newcontext(pair.server_config { clientca = case[1] }) })
      end)
    end
  end)

  describe("getverifiedchain", function()
    local function subjects(chain)
      local out = {}
      for i, cert in ipairs(chain) do out[i] = cert:subjecttext():match "CN=([^,]*)" end
      return out
    end

    it("is the chain from the peer to the root, for any sent chain", function()
      local _, result, c, s = shake({ certificate = pki.server.chain }, client {
        cafile = pki.root.cert })
      assert.same({ true }, result)
      assert.same({ "localhost", "Intermediate", "Root" }, subjects(c:getverifiedchain()))
      assert.equal(2, #c:getpeerchain())
      assert.is_nil(s:getverifiedchain())
    end)

    it("is nil where nothing was verified", function()
      local _, result, c = shake(nil, client { verify = "none" })
      assert.same({ true }, result)
      assert.same({ nil }, { c:getverifiedchain() })
      _, result, c = shake(nil, client { cafile = pki.other.cert, verifyext = "lsec_continue" })
      assert.same({ true }, result)
      assert.same({ nil }, { c:getverifiedchain() })
    end)

    it("is nil where a session was resumed: the first handshake's verdict holds", function()
      local server = assert(ssl.newcontext(pair.server_config { protocol = "tlsv1_2" }))
      local of_client = assert(ssl.newcontext(client { cafile = pki.root.cert }))
      local s, c = pair.connected(server, of_client)
      assert.equal(2, #c:getverifiedchain())
      local session = assert(c:getsession())
      s:close()
      c:close()
      s, c = pair.wrapped(server, of_client)
      assert(c:setsession(session))
      local _, result = pair.handshake(s, c)
      assert.same({ true }, result)
      assert.is_true(c:resumed())
      assert.same({ nil }, { c:getverifiedchain() })
    end)

    it("returns the verified chain on a server", function()
      local a, b = pair.tcp()
      local s = assert(ssl.wrap(a, pair.server_config { verify = "peer", cafile = pki.root.cert }))
      local c = assert(ssl.wrap(b, client { cafile = pki.root.cert, key = pki.client.key,
                                            certificate = pki.client.cert }))
      pair.handshake(s, c)
      assert.same({ "client", "Root" }, subjects(s:getverifiedchain()))
    end)

    it("returns closed on a connection that is not connected", function()
      local s, c = pair.wrapped()
      for _, name in ipairs { "getverifiedchain", "getclientcas" } do
        assert.same({ nil, "closed" }, { c[name](c) })
      end
      c:close()
      s:close()
      for _, name in ipairs { "getverifiedchain", "getclientcas" } do
        assert.same({ nil, "closed" }, { c[name](c) })
      end
    end)
  end)

  it("leaves nothing queued, and survives a collection between all of it", function()
    for _ = 1, house.scale(20, 3) do
      contexts.disturb()
      local ctx = assert(ssl.newcontext(client {
        cafile = { made.read(pki.root.cert), pki.other.cert }, crl = pki.root.crl,
        servername = "localhost", purpose = "sslserver", partialchain = true }))
      collectgarbage()
      assert.is_true(contexts.quiet())
      assert.is_true(contexts.pointer(ctx) ~= nil and not context.state(ctx).store.shared)
    end
  end)
end)
