-- Our client and our server against GnuTLS.

describe("GnuTLS", function()
  local ssl     = require "ssl"
  local process = require "spec.support.process"
  local peers   = require "spec.support.peers"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local house   = require "spec.support.init"
  local bulk    = require "spec.support.bulk"
  local ours    = require "spec.support.ours"
  local wording = require "spec.support.wording"

  after_each(process.stop_all)

  local KINDS = {
    RSA   = { entry = pki.rsa_server,    cafile = pki.root.cert },
    ECDSA = { entry = pki.ec_server, cafile = pki.ec_root.cert },
    ["chained RSA"] = { entry = { cert = pki.rsa_server.chain, key = pki.rsa_server.key },
                        cafile = pki.root.cert },
  }
  local INSIST = { verify = { "peer", "fail_if_no_peer_cert" }, cafile = pki.root.cert }

  local function words(list, ...)
    for _, word in ipairs { ... } do list[#list + 1] = word end
    return list
  end

  for version, name in pairs { ["TLSv1.2"] = "VERS-TLS1.2", ["TLSv1.3"] = "VERS-TLS1.3" } do
    local priority = "NORMAL:-VERS-ALL:+" .. name

    local function serve(entry, ...)
      return peers.gnutls(entry, words({ "--echo", "--priority", priority }, ...))
    end

    -- gnutls-cli verifies the chain and the given name.
    local function visit(server, cafile, ...)
      return process.start(words({
        "gnutls-cli", "--port", server.port, "--priority", priority, "--x509cafile", cafile,
        "--logfile", "log" }, ...))
    end

    local function echo(conn)
      assert.equal(6, conn:send "hello\n")
      assert.same({ "hello" }, { conn:receive() })
    end

    -- A line each way, and the end.
    local function talk(conn, client)
      client:write "from the client\n"
      assert.same({ "from the client" }, { conn:receive() })
      assert.equal(16, conn:send "from the server\n")
      conn:close()
      assert.same({ "exit", 0 }, { client:wait() })
      assert.equal("from the server\n", client:output())
    end

    describe(version .. ": our client and gnutls-serv", function()
      for kind, of in pairs(KINDS) do
        it("speak with a verified " .. kind .. " certificate", function()
          local server = serve(of.entry)
          local conn = assert(ours.connect(server.port, { cafile = of.cafile }))
          assert.equal(version, conn:info "protocol")
          echo(conn)
          conn:close()
        end)
      end

      it("end over an unknown authority and over a wrong host name", function()
        for entry, reason in pairs {
          [pki.other_server] = "unable to get local issuer certificate",
          [pki.cn_only]      = wording "hostname mismatch",
        } do
          local server = serve(entry)
          assert.same({ nil, ("handshake with localhost port %d: certificate verify failed (%s)")
                             :format(server.port, reason) }, { ours.connect(server.port) })
        end
      end)

      it("know each other by certificates", function()
        local server = serve(pki.server, "--require-client-cert", "--verify-client-cert",
                             "--x509cafile", pki.root.cert)
        for _, entry in ipairs { pki.client, pki.ec_client } do
          local conn = assert(ours.connect(server.port, { certificate = entry.cert,
                                                          key = entry.key }))
          echo(conn)
          conn:close()
        end
      end)

      it("end where the client has no certificate, or one of an unknown authority", function()
        local server = serve(pki.server, "--require-client-cert", "--verify-client-cert",
                             "--x509cafile", pki.root.cert)
        local absent = version == "TLSv1.2" and "tlsv1 alert decode error" -- so it says
                       or "tlsv13 alert certificate required"
        for message, entry in pairs { [absent] = {},
                                      ["tlsv1 alert access denied"] = pki.selfsigned } do
          local conn, word = ours.connect(server.port, { certificate = entry.cert,
                                                         key = entry.key })
          -- In TLS 1.3 the client's handshake is done before the server has verified it.
          if conn then
            word = select(2, conn:receive())
            conn:close()
          end
          assert.equal(message, (word:gsub("^handshake with [^:]*: ", "")))
        end
      end)

      it("echo many bytes as they are", function()
        -- gnutls-serv echoes lines of text.
        local server = serve(pki.server)
        local conn = assert(ours.connect(server.port))
        local line = ("0123456789abcdef"):rep(1000)
        for i = 1, math.ceil(bulk.size / #line) do
          local text = ("%08d%s\n"):format(i, line)
          assert(conn:send(text))
          assert(conn:receive(#text) == text)
        end
        conn:close()
      end)
    end)

    describe(version .. ": our server and gnutls-cli", function()
      for kind, of in pairs(KINDS) do
        it("speak with a verified " .. kind .. " certificate", function()
          local server = ours.listen { certificate = of.entry.cert, key = of.entry.key }
          local client = visit(server, of.cafile, "localhost")
          local conn = assert(server:accept())
          assert.same({ version, "localhost" }, { conn:info "protocol", conn:getsniname() })
          talk(conn, client)
        end)
      end

      it("end over an unknown authority and over a wrong host name", function()
        for entry, reason in pairs { [pki.other_server] = "issuer is unknown",
                                     [pki.cn_only] = "name in the certificate does not match" } do
          local server = ours.listen { certificate = entry.cert, key = entry.key }
          local client = visit(server, pki.root.cert, "localhost")
          local conn, message = server:accept()
          -- In TLS 1.2 gnutls-cli verifies the certificate after the handshake.
          if conn then
            message = select(2, conn:receive())
            conn:close()
          end
          assert.is_string(message)
          assert.same({ "exit", 1 }, { client:wait() })
          assert.matches(reason, process.read(client.dir .. "/log"))
        end
      end)

      it("know each other by certificates", function()
        for _, entry in ipairs { pki.client, pki.ec_client } do
          local server = ours.listen(INSIST)
          local client = visit(server, pki.root.cert, "--x509certfile", entry.cert,
                               "--x509keyfile", entry.key, "localhost")
          local conn = assert(server:accept())
          local expected = ssl.loadcertificate(process.read(entry.cert))
          assert.equal(expected:digest(), conn:getpeercertificate():digest())
          talk(conn, client)
        end
      end)

      it("end where the client has no certificate, or one of an unknown authority", function()
        for message, entry in pairs { ["peer did not return a certificate"] = {},
                                      ["certificate verify failed"] = pki.selfsigned } do
          local server = ours.listen(INSIST)
          local shown = entry.key and { "--x509certfile", entry.cert,
                                        "--x509keyfile", entry.key } or {}
          local client = visit(server, pki.root.cert, unpack(words({ "localhost" }, unpack(shown))))
          assert.same({ nil, message }, { server:accept() })
          assert.same({ "exit", 1 }, { client:wait() })
        end
      end)

      it("agree on the certificate for a server name", function()
        local server = ours.listen()
        local client = visit(server, pki.ec_root.cert, "--sni-hostname", "a.wild.test",
                             "--verify-hostname", "a.wild.test", "127.0.0.1")
        local conn = server:wrap()
        conn:sni { ["a.wild.test"] = assert(ssl.newcontext(pair.server_config {
          certificate = pki.ec_server.cert, key = pki.ec_server.key })) }
        assert.same({ true }, { conn:dohandshake() })
        talk(conn, client)
      end)

      it("take many bytes from the client, and give it some, as they are", function()
        local server = ours.listen()
        local client = visit(server, pki.root.cert, "localhost")
        local conn = assert(server:accept())
        process.start { "sh", "-c", ("exec cat '%s' >'%s/in'"):format(bulk.path(), client.dir) }
        assert.equal(bulk.size, bulk.receive(conn))
        -- gnutls-cli takes a millisecond to print a kilobyte.
        local some = house.scale(1000000, 100000)
        assert.equal(some, bulk.send(conn, some))
        conn:close()
        assert.same({ "exit", 0 }, { client:wait(ours.LIMIT) })
        assert.is_true(bulk.equals(client.dir .. "/out", some))
      end)
    end)
  end
end)
