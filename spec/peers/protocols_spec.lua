-- The keys about the protocol, against other programs.

describe("the keys about the protocol", function()
  local house   = require "spec.support.init"
  local ssl     = require "ssl"
  local pair    = require "spec.support.pair"
  local process = require "spec.support.process"
  local peers   = require "spec.support.peers"
  local pki     = require "spec.support.pki"
  local ours    = require "spec.support.ours"
  local lib     = require "ssl.ffi.lib"
  local limits  = require "spec.support.limits"
  local wording = require "spec.support.wording"
  local needs   = require "spec.support.needs"

  after_each(process.stop_all)

  local function failure(port, words)
    return { nil, ("handshake with localhost port %d: %s"):format(port, words) }
  end

  local function talk(conn, peer)
    assert.equal(16, conn:send "from the client\n")
    assert.equal("from the client", peer:wait_output "from the client")
    peer:write "from the peer\n"
    assert.same({ "from the peer" }, { conn:receive() })
    conn:close()
  end

  local function s_client(server, ...)
    return process.start { "openssl", "s_client", "-connect", "127.0.0.1:" .. server.port,
                           "-quiet", ... }
  end

  -- A child of ours sends to the peer, and back.
  local function serve(conn, peer)
    peer:write "from the peer\n"
    assert.same({ "from the peer" }, { conn:receive() })
    assert.equal(16, conn:send "from the server\n")
    assert.equal("from the server", peer:wait_output "from the server")
    conn:close()
  end

  describe("our client and openssl s_server", function()
    it("agree on the versions of both", function()
      local server = peers.s_server(pki.server, { "-tls1_2" })
      local conn = assert(ours.connect(server.port, { minversion = "tlsv1_2" }))
      assert.equal("TLSv1.2", conn:info "protocol")
      talk(conn, server)
      assert.same(failure(server.port, "tlsv1 alert protocol version"),
                  { ours.connect(server.port, { minversion = "tlsv1_3" }) })
    end)

    it("agree on a group", function()
      needs.has("SSL_group_to_name", "the group's name")
      local server = peers.s_server(pki.server, { "-groups", "P-384" })
      local conn = assert(ours.connect(server.port, { groups = { "X25519", "P-384" } }))
      assert.equal("secp384r1", conn:info "group")
      talk(conn, server)
      assert.same(failure(server.port, wording "sslv3 alert handshake failure"),
                  { ours.connect(server.port, { groups = "X25519:P-521" }) })
    end)

    for version, option in pairs { tlsv1_2 = "-tls1_2", tlsv1_3 = "-tls1_3" } do
      it("agree on a signature in " .. version, function()
        local server = peers.s_server(pki.rsa_server, { option })
        local conn = assert(ours.connect(server.port, { sigalgs = { "RSA-PSS+SHA512" } }))
        assert.equal("rsa_pss_rsae_sha512", conn:info "sigalg")
        talk(conn, server)
        assert.same(failure(server.port, wording "sslv3 alert handshake failure"),
                    { ours.connect(server.port, { sigalgs = "ECDSA+SHA256" }) })
        local other = peers.s_server(pki.ec_server, { option })
        conn = assert(ours.connect(other.port, { cafile = pki.ec_root.cert }))
        assert.equal("ecdsa_secp256r1_sha256", conn:info "sigalg")
        conn:close()
      end)
    end

    it("report an exchange without a signature", function()
      local server = peers.s_server(pki.rsa_server, { "-tls1_2", "-cipher", "AES256-GCM-SHA384" })
      local conn = assert(ours.connect(server.port))
      assert.is_nil(conn:info "group")
      assert.is_nil(conn:info "sigalg")
      conn:close()
    end)

    it("end where a key is too short for our level", function()
      local server = peers.s_server(pki.rsa_server)
      talk(assert(ours.connect(server.port, { seclevel = 2 })), server)
      assert.same(failure(server.port, limits.weak_key),
                  { ours.connect(server.port, { seclevel = 4 }) })
    end)

    it("speak an old version where the level allows it", function()
      if not require("ssl.config").protocols.tlsv1_1 then return pending "no TLS 1.1" end
      local server = peers.s_server(pki.server, { "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0" })
      local old = { minversion = "tlsv1_1", seclevel = 0 }
      local conn = assert(ours.connect(server.port, old))
      assert.equal("TLSv1.1", conn:info "protocol")
      talk(conn, server)
      old.seclevel = 2
      assert.is_nil((ours.connect(server.port, old)))
    end)
  end)

  describe("our server and openssl s_client", function()
    it("agree on the versions of both", function()
      local server = ours.listen { minversion = "tlsv1_2", maxversion = "tlsv1_2" }
      local client = s_client(server)
      local conn = assert(server:accept())
      assert.equal("TLSv1.2", conn:info "protocol")
      serve(conn, client)
      server = ours.listen { minversion = "tlsv1_3" }
      client = s_client(server, "-tls1_2")
      assert.same({ nil, limits.version_too_low }, { server:accept() })
      assert.is_truthy(client:wait_output "alert protocol version")
    end)

    it("agree on a group, and refuse a peer without a common one", function()
      needs.has("SSL_group_to_name", "the group's name")
      local server = ours.listen { groups = "P-521:P-384" }
      local client = s_client(server, "-groups", "X25519:P-384")
      local conn = assert(server:accept())
      assert.equal("secp384r1", conn:info "group")
      serve(conn, client)
      server = ours.listen { groups = "P-521" }
      s_client(server, "-groups", "X25519:P-384")
      assert.same({ nil, "no suitable key share" }, { server:accept() })
    end)

    it("sign with what we may", function()
      local server = ours.listen(pair.rsa { sigalgs = "rsa_pss_rsae_sha384" })
      local client = process.start { "openssl", "s_client", "-connect",
                                     "127.0.0.1:" .. server.port }
      local conn = assert(server:accept())
      assert.equal("SHA384", client:wait_output "Peer signing digest: (%w+)")
      conn:close()
    end)

    it("ask for the signatures that we take", function()
      local words = { "-cert", pki.client.cert, "-key", pki.client.key }
      local demand = { verify = { "peer", "fail_if_no_peer_cert" }, cafile = pki.root.cert,
                       clientsigalgs = "rsa_pss_rsae_sha512" }
      local server = ours.listen(demand)
      s_client(server, unpack(words))
      local conn = assert(server:accept())
      assert.equal("rsa_pss_rsae_sha512", conn:info "sigalg")
      conn:close()
      demand.clientsigalgs = "ecdsa_secp256r1_sha256"
      server = ours.listen(demand)
      s_client(server, unpack(words))
      assert.same({ nil, "peer did not return a certificate" }, { server:accept() })
    end)

    it("go by our order of ciphers or by the client's", function()
      local ONE, OTHER = "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"
      for whose, cipher in pairs { server = ONE, client = OTHER } do
        local server = ours.listen { ciphersuites = ONE .. ":" .. OTHER,
                                     cipherpreference = whose }
        s_client(server, "-ciphersuites", OTHER .. ":" .. ONE)
        local conn = assert(server:accept())
        assert.equal(cipher, conn:info "cipher")
        conn:close()
      end
    end)
  end)

  describe("gnutls-cli", function()
    it("gets our group and our order", function()
      needs.has("SSL_group_to_name", "the group's name")
      local server = ours.listen { groups = "P-384", cipherpreference = "server",
                                   ciphersuites = "TLS_CHACHA20_POLY1305_SHA256" }
      local client = process.start { "gnutls-cli", "--port", server.port, "--x509cafile",
                                     pki.root.cert, "localhost" }
      local conn = assert(server:accept())
      assert.same({ "secp384r1", "TLS_CHACHA20_POLY1305_SHA256", "localhost" },
                  { conn:info "group", conn:info "cipher", conn:info "servername" })
      assert.is_truthy(client:wait_output "ECDHE%-SECP384R1")
      conn:close()
    end)
  end)

  describe("renegotiation", function()
    -- Is there a new session, before the peer's program reports that there will be none?
    local function renewed(conn, before, peer)
      local late = house.patience()
      conn:settimeout(0.05)
      repeat
        conn:receive()
        if conn:getfinished() ~= before then
          conn:settimeout(ours.LIMIT)
          return true
        end
        assert(not late(), "nothing happened")
      until peer and peer:output():find("no renegotiation", 1, true)
      return false
    end

    local function s_server(config, ...)
      config.protocol = "tlsv1_2"
      local port = process.free_port()
      local server = process.start { "openssl", "s_server", "-accept", "127.0.0.1:" .. port,
                                     "-cert", pki.server.cert, "-key", pki.server.key,
                                     port = port, ... }
      return server, assert(ours.connect(server:wait_port().port, config))
    end

    it("is refused by our client, and ends the session that a server insists on", function()
      local server, conn = s_server {}
      local before = conn:getfinished()
      server:write "r\n"
      assert.same({ nil, wording "sslv3 alert handshake failure", "" }, { conn:receive() })
      assert.equal(before, conn:getfinished())
      conn:close()
    end)

    it("goes on where our client allows it", function()
      local server, conn = s_server { renegotiation = true }
      local before = conn:getfinished()
      server:write "r\n"
      assert.is_true(renewed(conn, before))
      server:write "then\n"
      assert.same({ "then" }, { conn:receive() })
      conn:close()
    end)

    it("goes on once where our client allows it once, and again where it just allows it",
       function()
      for _, how in ipairs { "once", true } do
        local server, conn = s_server { renegotiation = how }
        local before = conn:getfinished()
        server:write "r\n"
        assert.is_true(renewed(conn, before))
        before = conn:getfinished()
        server:write "r\n"
        if how == "once" then
          assert.same({ nil, wording "sslv3 alert handshake failure", "" }, { conn:receive() })
          assert.equal(before, conn:getfinished())
        else
          assert.is_true(renewed(conn, before))
        end
        conn:close()
      end
    end)

    -- The program's function could not be called there, so the session ends.
    it("ends the session where onverify would have to judge", function()
      local asked = 0
      local server, conn = s_server({ renegotiation = true, onverify = function()
        asked = asked + 1
        return true
      end }, "-no_resumption_on_reneg")
      local before = asked
      server:write "r\n"
      assert.same({ nil, "certificate verify failed", "" }, { conn:receive() })
      assert.equal(before, asked)
      conn:close()
    end)

    -- This input makes the client begin.
    local function s_client_asks(conn, client)
      local before = conn:getfinished()
      client:write "R\n"
      assert.is_truthy(client:wait_output "RENEGOTIATING")
      client:write "then\n"
      local new = renewed(conn, before, client)
      conn:close()
      return new
    end

    local function connected(config, ...)
      config.protocol = "tlsv1_2"
      local server = ours.listen(config)
      local client = process.start { "openssl", "s_client", "-connect",
                                     "127.0.0.1:" .. server.port, ... }
      return server:wrap(), client
    end

    it("is refused by our server", function()
      local conn, client = connected {}
      assert.is_true(conn:dohandshake())
      assert.is_false(s_client_asks(conn, client))
    end)

    it("goes on where our server allows clients to begin it", function()
      if not lib.options.allow_client_renegotiation then return pending "1.1.1 always does" end
      local conn, client = connected { options = "allow_client_renegotiation" }
      assert.is_true(conn:dohandshake())
      assert.is_true(s_client_asks(conn, client))
    end)

    it("goes on once where our server allows it once", function()
      if not lib.options.allow_client_renegotiation then return pending "1.1.1 always does" end
      local conn, client = connected { options = "allow_client_renegotiation",
                                       renegotiation = "once" }
      assert.is_true(conn:dohandshake())
      local before = conn:getfinished()
      client:write "R\n"
      assert.is_true(renewed(conn, before, client))
      assert.is_false(s_client_asks(conn, client))
    end)

    it("is that of the context that a server name chose", function()
      if not lib.options.allow_client_renegotiation then return pending "1.1.1 always does" end
      local function ask(own, chosen)
        chosen.protocol = "tlsv1_2"
        local conn, client = connected(own, "-servername", "some.test")
        conn:sni { ["some.test"] = assert(ssl.newcontext(pair.server_config(chosen))) }
        assert.is_true(conn:dohandshake())
        return s_client_asks(conn, client)
      end
      local ON = "allow_client_renegotiation"
      assert.is_false(ask({ options = ON }, {}))
      assert.is_true(ask({}, { options = ON }))
    end)
  end)
end)
