-- Trusted authorities, and keys from memory, against other programs.

describe("against others,", function()
  local socket  = require "socket"
  local ssl     = require "ssl"
  local lib     = require "ssl.ffi.lib"
  local house   = require "spec.support.init"
  local process = require "spec.support.process"
  local peers   = require "spec.support.peers"
  local pki     = require "spec.support.pki"
  local made    = require "spec.support.made"
  local limits  = require "spec.support.limits"
  local needs   = require "spec.support.needs"
  local ours    = require "spec.support.ours"
  local wording = require "spec.support.wording"
  local read    = made.read

  after_each(process.stop_all)

  local ROOT, OTHER = "CN=Root,O=luasec-ffi specs", "CN=Other Root,O=luasec-ffi specs"
  local SERVER = { key = pki.server.key, cert = pki.server.cert }
  -- A key in a store, where OpenSSL has these; else in a file.
  local STORE = lib.has.OSSL_STORE_open and "store:file:" or ""
  local INSIST = { "peer", "fail_if_no_peer_cert" }

  local function with(base, extra)
    local out = {}
    for _, from in ipairs { base, extra } do
      for key, value in pairs(from) do out[key] = value end
    end
    return out
  end

  -- The message of a client that fails, after "handshake with NAME port N: ".
  local function fails(port, flags, name)
    local conn, message = ours.connect(port, flags, name)
    assert.is_nil(conn)
    return (message:gsub("^handshake with %S+ port %d+: ", ""))
  end

  -- A server that sees whom it serves; its verdict.
  local function judged(server)
    local conn, message = server:accept()
    if conn then conn:close() end
    return conn and true, message
  end

  for version, option in pairs { ["TLSv1.2"] = "-tls1_2", ["TLSv1.3"] = "-tls1_3" } do
    local protocol = option:gsub("-tls", "tlsv")

    describe(version .. ": openssl s_server and", function()
      it("servername: asks for a name at an address, and demands it", function()
        local server = peers.s_server(pki.server, {
          option, "-servername", "a.wild.test", "-cert2", pki.ec_server.cert,
          "-key2", pki.ec_server.key })
        local conn = assert(ours.connect(server.port, {
          servername = "a.wild.test", cafile = pki.ec_root.cert }, "127.0.0.1"))
        assert.equal("a.wild.test", conn:getsniname())
        assert.same({ "EC", { version } }, { (select(2, conn:getpeercertificate():pubkey())),
                                              { conn:info "protocol" } })
        conn:close()
      end)

      it("servername: ends the handshake, with an alert, where it is another's", function()
        local server = peers.s_server(pki.cn_only, { option })
        assert.equal(wording "certificate verify failed (hostname mismatch)",
                     fails(server.port, { servername = "localhost" }, "127.0.0.1"))
        assert.truthy(server:wait_output("alert " .. limits.misnamed_alert.text))
      end)

      it("servername: has nothing sent for a name that cannot be", function()
        local server = peers.s_server(pki.server, { option })
        local name = ("a."):rep(130) .. "test"
        assert.same({ nil, "context: invalid servername (the host name is longer than 253 "
                           .. "characters)" },
                    { ours.connect(server.port, { servername = name }) })
        local conn, message = ours.connect(server.port, nil, name)
        assert.is_nil(conn)
        assert.matches("^host name .*: the host name is longer than 253 characters$", message)
      end)

      it("crl: accept each other, or not", function()
        local server = peers.s_server(SERVER, { option })
        local conn = assert(ours.connect(server.port, { crl = pki.root.crl }))
        conn:close()
        local revoking = made.crl { cert = pki.root.cert, key = pki.root.key,
                                    revoked = pki.server.cert }
        assert.equal("certificate verify failed (certificate revoked)",
                     fails(server.port, { crl = read(revoking) }))
        assert.truthy(server:wait_output "alert certificate revoked")
        assert.equal("certificate verify failed (unable to get certificate CRL: issuer "
                     .. ROOT .. ")",
                     fails(server.port, { crl = made.crl { cert = pki.other.cert,
                                                           key = pki.other.key } }))
        local old = made.crl { cert = pki.root.cert, key = pki.root.key,
                               from = "2020-01-01 00:00:00", till = "2021-01-01 00:00:00" }
        assert.equal("certificate verify failed (CRL has expired: issuer " .. ROOT .. ")",
                     fails(server.port, { crl = old }))
      end)

      it("partialchain: end at a trusted certificate", function()
        local server = peers.s_server({ key = pki.server.key, cert = pki.server.leaf }, { option })
        local conn = assert(ours.connect(server.port, { cafile = pki.intermediate.cert,
                                                        partialchain = true }))
        assert.equal(2, #conn:getverifiedchain())
        conn:close()
        assert.matches("^certificate verify failed %(unable to get",
                       fails(server.port, { cafile = pki.intermediate.cert }))
      end)

      it("purpose: judge the certificate for another use", function()
        local server = peers.s_server(with(pki.client, { chain = pki.client.cert }), { option })
        local function verdict(purpose)
          local conn = assert(ssl.wrap(assert(socket.connect("127.0.0.1", server.port)), {
            mode = "client", protocol = protocol, verify = "peer", cafile = pki.root.cert,
            purpose = purpose }))
          conn:settimeout(ours.LIMIT)
          local ok, word = conn:dohandshake()
          conn:close()
          return ok, word
        end
        assert.same({ false, "certificate verify failed" }, { verdict() })
        assert.same({ true }, { verdict "sslclient" })
        assert.same({ true }, { verdict "any" })
      end)

      it("getclientcas: the wanted authorities", function()
        needs.that(limits.names_authorities[protocol], "names of authorities in " .. version)
        local cas = process.write(process.folder() .. "/cas", read(pki.root.cert)
                                  .. read(pki.other.cert))
        local server = peers.s_server(pki.server, { option, "-verify", "2", "-CAfile", cas })
        local conn = assert(ours.connect(server.port))
        local names = conn:getclientcas()
        table.sort(names)
        assert.same({ OTHER, ROOT }, names)
        conn:close()
      end)

      it("getverifiedchain: agree on the chain", function()
        local server = peers.s_server(pki.server, { option })
        local conn = assert(ours.connect(server.port))
        local chain = conn:getverifiedchain()
        assert.equal(3, #chain)
        assert.equal(ROOT, chain[3]:subjecttext())
        conn:close()
      end)
    end)

    describe(version .. ": openssl s_client and", function()
      local function s_client(server, ...)
        local words = { "openssl", "s_client", "-connect", "127.0.0.1:" .. server.port, option,
                        "-CAfile", pki.root.cert, "-verify_return_error", input = "" }
        for _, word in ipairs { ... } do words[#words + 1] = word end
        return process.start(words)
      end

      it("clientca: send the wanted authorities", function()
        needs.that(limits.names_authorities[protocol], "names of authorities in " .. version)
        local server = ours.listen { verify = "peer", cafile = pki.root.cert,
                                     clientca = { pki.root.cert, pki.other.cert } }
        local client = s_client(server)
        assert.is_true(judged(server))
        client:wait()
        assert.matches("Acceptable client certificate CA names\n"
                       .. "O ?= ?luasec%-ffi specs, CN ?= ?Root\n"
                       .. "O ?= ?luasec%-ffi specs, CN ?= ?Other Root\n", client:output())
      end)

      it("crl: refuse a listed client, with an alert", function()
        for entry, verdict in pairs { [pki.revoked] = false, [pki.ec_client] = true } do
          local server = ours.listen { verify = INSIST, cafile = pki.root.cert,
                                       crl = read(pki.root.crl) }
          -- The client stays until the alert comes, in TLS 1.3 after its handshake.
          local client = process.start {
            "openssl", "s_client", "-connect", "127.0.0.1:" .. server.port, option, "-quiet",
            "-CAfile", pki.root.cert, "-cert", entry.cert, "-key", entry.key }
          local ok, message = judged(server)
          assert.equal(verdict, ok or false)
          if not verdict then
            assert.equal("certificate verify failed", message)
            assert.truthy(client:wait_output "alert certificate revoked")
          end
        end
      end)

      it("crl: name the issuer of the missing list", function()
        local server = ours.listen { verify = INSIST, cafile = pki.root.cert,
                                     crl = pki.root.crl }
        s_client(server, "-cert", pki.client.leaf, "-key", pki.client.key,
                 "-cert_chain", pki.client.chain)
        local conn = server:wrap()
        assert.same({ false, "certificate verify failed" }, { conn:dohandshake() })
        local verify = conn:lasterror().verify
        assert.same({ "unable to get certificate CRL", 0, "CN=client,O=luasec-ffi specs",
                      "CN=Intermediate,O=luasec-ffi specs" },
                    { verify.text, verify.depth, verify.subject, verify.issuer })
        conn:close()
      end)

      it("material: trust a server with key and chain from memory", function()
        local p12 = made.pkcs12 { cert = pki.server.leaf, key = pki.server.key,
                                  ca = pki.intermediate.cert, password = "x" }
        for _, cfg in ipairs {
          { key = read(pki.server.key), certificate = read(pki.server.chain) },
          { key = ssl.loadkey(read(pki.server.key)),
            certificate = { ssl.loadcertificate(read(pki.server.leaf)),
                            ssl.der(made.der("x509", pki.intermediate.cert)) } },
          { key = false, certificate = false, pkcs12 = read(p12), password = "x" },
          { key = STORE .. pki.server.key, certificate = pki.server.chain },
        } do
          local server = ours.listen(cfg)
          local client = s_client(server)
          assert.is_true(judged(server))
          client:wait()
          assert.matches("Verify return code: 0 %(ok%)", client:output())
          assert.matches("s:O ?= ?luasec%-ffi specs, CN ?= ?Intermediate", client:output())
        end
      end)
    end)
  end

  describe("GnuTLS and", function()
    it("clientca: send the wanted authorities", function()
      local server = ours.listen { verify = "peer", cafile = pki.root.cert, protocol = "tlsv1_2",
                                   clientca = { read(pki.root.cert), pki.other.cert } }
      local client = process.start {
        "gnutls-cli", "--port", server.port, "--x509cafile", pki.root.cert, "--verbose",
        "--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2", "localhost", input = "" }
      assert.is_true(judged(server))
      client:wait()
      assert.matches("%[0%]: O=luasec%-ffi specs,CN=Root\n", client:output())
      assert.matches("%[1%]: O=luasec%-ffi specs,CN=Other Root\n", client:output())
    end)

    it("getclientcas: the wanted authorities", function()
      for protocol, version in pairs { tlsv1_2 = "TLS1.2", tlsv1_3 = "TLS1.3" } do
        local server = peers.gnutls(pki.server, {
          "--echo", "--priority", "NORMAL:-VERS-ALL:+VERS-" .. version,
          "--x509cafile", pki.root.cert, "--verify-client-cert" })
        local conn = assert(ours.connect(server.port))
        assert.same(limits.names_authorities[protocol] and { ROOT } or {}, conn:getclientcas())
        conn:close()
        server:stop()
      end
    end)

    it("crl: accept each other, or not", function()
      local server = peers.gnutls(SERVER)
      local conn = assert(ours.connect(server.port, { crl = pki.root.crl }))
      conn:close()
      assert.equal("certificate verify failed (certificate revoked)",
                   fails(server.port, { crl = made.crl { cert = pki.root.cert, key = pki.root.key,
                                                         revoked = pki.server.cert } }))
    end)
  end)

  describe("nginx and", function()
    local function status(conn)
      assert(conn:send "GET /a HTTP/1.0\r\nHost: localhost\r\n\r\n")
      local line = conn:receive()
      conn:close()
      return line
    end

    it("getclientcas: the wanted authorities, and show one from memory", function()
      local server = peers.nginx {
        key = pki.server.key, cert = pki.server.cert, files = { a = "the file" },
        server = ("ssl_client_certificate %s;\nssl_verify_client on;\nssl_verify_depth 2;\n")
                 :format(pki.root.cert) }
      local make = house.slow and made.pkcs12 or made.gnutls_pkcs12
      local p12 = make { cert = pki.client.leaf, key = pki.client.key, ca = pki.intermediate.cert,
                         password = "x" }
      for _, flags in ipairs {
        { pkcs12 = p12, password = "x" },
        { key = ssl.der(made.der("pkey", pki.client.key)),
          certificate = ssl.der(made.der("x509", pki.client.cert)) },
        { key = STORE .. pki.client.key, certificate = read(pki.client.chain) },
      } do
        -- In a resumed handshake the server asks for no certificate.
        flags.resume, flags.protocol = false, limits.naming
        local conn = assert(ours.connect(server.port, flags))
        assert.same({ ROOT }, conn:getclientcas())
        assert.equal("HTTP/1.1 200 OK", status(conn))
      end
      assert.equal("HTTP/1.1 400 Bad Request", status(assert(ours.connect(server.port))))
    end)

    it("crl: a client refused is one that nginx refuses too", function()
      local server = peers.nginx {
        key = pki.server.key, cert = pki.server.cert, files = { a = "the file" },
        server = ("ssl_client_certificate %s;\nssl_verify_client on;\nssl_crl %s;\n")
                 :format(pki.root.cert, pki.root.crl) }
      local answers = {}
      for name, entry in pairs { revoked = pki.revoked, good = pki.ec_client } do
        answers[name] = status(assert(ours.connect(server.port, {
          key = read(entry.key), certificate = read(entry.cert) })))
      end
      assert.same({ revoked = "HTTP/1.1 400 Bad Request", good = "HTTP/1.1 200 OK" }, answers)
    end)
  end)
end)
