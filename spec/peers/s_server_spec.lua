-- Our client against `openssl s_server`.

describe("our client and openssl s_server", function()
  local process = require "spec.support.process"
  local peers   = require "spec.support.peers"
  local pki     = require "spec.support.pki"
  local bulk    = require "spec.support.bulk"
  local limits  = require "spec.support.limits"
  local ours    = require "spec.support.ours"
  local wording = require "spec.support.wording"

  after_each(process.stop_all)

  local KINDS = {
    RSA   = { entry = pki.rsa_server,    cafile = pki.root.cert },
    ECDSA = { entry = pki.ec_server, cafile = pki.ec_root.cert },
  }

  -- A line each way.
  local function talk(conn, server)
    assert.equal(16, conn:send "from the client\n")
    assert.equal("from the client", server:wait_output "from the client")
    server:write "from the server\n"
    assert.same({ "from the server" }, { conn:receive() })
  end

  for version, option in pairs { ["TLSv1.2"] = "-tls1_2", ["TLSv1.3"] = "-tls1_3" } do
    for kind, of in pairs(KINDS) do
      it(("speak %s with a verified %s certificate"):format(version, kind), function()
        local server = peers.s_server(of.entry, { option })
        local conn = assert(ours.connect(server.port, { cafile = of.cafile }))
        assert.equal(version, conn:info "protocol")
        if version == "TLSv1.2" then assert.equal(kind, conn:info "authentication") end
        assert.same({ true }, { conn:getpeerverification() })
        talk(conn, server)
        conn:close()
      end)
    end

    it(version .. ": are refused by each other over an unknown authority", function()
      local server = peers.s_server(pki.other_server, { option })
      assert.same({ nil, ("handshake with localhost port %d: certificate verify failed "
                          .. "(unable to get local issuer certificate)"):format(server.port) },
                  { ours.connect(server.port) })
      assert.equal("unknown ca", server:wait_output "alert (unknown ca)")
    end)

    it(version .. ": are refused by each other over a wrong host name", function()
      local server = peers.s_server(pki.cn_only, { option })
      assert.same({ nil, ("handshake with localhost port %d: certificate verify failed "
                          .. wording "(hostname mismatch)"):format(server.port) },
                  { ours.connect(server.port) })
      local sent = limits.misnamed_alert.text
      assert.equal(sent, server:wait_output("alert (" .. sent .. ")"))
    end)

    for name, entry in pairs { RSA = pki.client, ["chained RSA"] = {
                                 cert = pki.client.chain, key = pki.client.key },
                               ECDSA = pki.ec_client } do
      it(("%s: show an %s certificate of the client"):format(version, name), function()
        local server = peers.s_server(pki.server, {
          option, "-Verify", "3", "-verify_return_error", "-CAfile", pki.root.cert })
        local conn = assert(ours.connect(server.port, {
          certificate = entry.cert, key = entry.key }))
        talk(conn, server)
        assert.matches("depth=0 [^\n]*CN ?= ?", server:output())
        conn:close()
      end)
    end

    it(version .. ": end where the server insists on a certificate", function()
      local server = peers.s_server(pki.server, {
        option, "-Verify", "3", "-verify_return_error", "-CAfile", pki.root.cert })
      local conn, message = ours.connect(server.port)
      if version == "TLSv1.2" then
        assert.equal((wording "handshake with localhost port %d: sslv3 alert handshake failure")
                     :format(server.port), message)
      else
        -- The client's handshake was done before the server could refuse.
        assert.same({ nil, "tlsv13 alert certificate required", "" }, { conn:receive() })
        conn:close()
      end
      assert.equal("peer did not return a certificate",
                   server:wait_output "peer did not return a certificate")
    end)

    it(version .. ": end where the server does not know the client's authority", function()
      local server = peers.s_server(pki.server, {
        option, "-Verify", "3", "-verify_return_error", "-CAfile", pki.root.cert })
      local conn, message = ours.connect(server.port, {
        certificate = pki.selfsigned.cert, key = pki.selfsigned.key })
      if conn then
        message = select(2, conn:receive())
        conn:close()
      end
      assert.matches("tlsv1 alert unknown ca$", message)
    end)

    it(version .. ": agree on the certificate for a server name", function()
      local server = peers.s_server(pki.rsa_server, {
        option, "-servername", "a.wild.test",
        "-cert2", pki.ec_server.cert, "-key2", pki.ec_server.key })
      for name, expected in pairs { ["a.wild.test"] = "EC", ["b.wild.test"] = "RSA" } do
        local cafile = expected == "EC" and pki.ec_root.cert or pki.root.cert
        local conn = ours.connect_sni(server.port, name, { cafile = cafile })
        local _, key = conn:getpeercertificate():pubkey()
        assert.same({ name, expected }, { conn:getsniname(), key })
        conn:close()
      end
    end)

    it(version .. ": take many bytes from the client as they are", function()
      -- The first of the two connections is that of wait_port.
      local server = peers.s_server(pki.server, { option, "-naccept", "2" })
      local conn = assert(ours.connect(server.port))
      assert.equal(bulk.size, bulk.send(conn))
      conn:close()
      assert.same({ "exit", 0 }, { server:wait(ours.LIMIT) })
      assert.is_true(bulk.equals(server.dir .. "/out"))
    end)

    it(version .. ": give many bytes to the client as they are", function()
      local server = peers.s_server(pki.server, { option, "-WWW" })
      process.capture(("ln -s '%s' '%s/bulk'"):format(bulk.path(), server.dir))
      local conn = assert(ours.connect(server.port))
      assert(conn:send "GET /bulk HTTP/1.0\r\n\r\n")
      repeat local line = assert(conn:receive()) until line == ""
      assert.equal(bulk.size, bulk.receive(conn))
      assert.same({ nil, "closed", "" }, { conn:receive(1) })
      conn:close()
    end)
  end
end)
