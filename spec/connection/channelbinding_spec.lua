-- Channel bindings: what both ends, and GnuTLS as the other end, agree on, and when
-- there is none.

describe("channel bindings", function()
  local ssl     = require "ssl"
  local process = require "spec.support.process"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local ours    = require "spec.support.ours"
  local values  = require "spec.support.values"
  local lib     = require "ssl.ffi.lib"
  local state   = require "ssl.io.state"
  local limits  = require "spec.support.limits"
  local needs   = require "spec.support.needs"
  local pack    = values.pack

  local TYPES = { "tls-exporter", "tls-unique", "tls-server-end-point" }

  local function hex(bytes)
    return bytes and (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
  end

  local server, client
  after_each(function()
    if server then server:close() client:close() end
    server, client = nil, nil
    process.stop_all()
    assert.equal(0, tonumber(lib.C.ERR_peek_error()))
  end)

  local function connect(at_server, at_client)
    server, client = pair.connected(at_server, at_client)
  end

  local function both(type)
    local value = assert(server:channelbinding(type))
    assert.equal(hex(value), hex(client:channelbinding(type)))
    return value
  end

  local function neither(type, message)
    assert.same({ n = 2, nil, message }, pack(server:channelbinding(type)))
    assert.same({ n = 2, nil, message }, pack(client:channelbinding(type)))
  end

  local function types(...)
    assert.same({ ... }, server:channelbindings())
    assert.same({ ... }, client:channelbindings())
  end

  for _, version in ipairs(pair.versions) do
    local old = version == "tlsv1_2"
    -- Without the extended master secret two are refused: see below.
    local bound = not old or limits.extended_master_secret
    local expected = not bound and { "tls-server-end-point" } or old and TYPES
                     or { "tls-exporter", "tls-server-end-point" }
    describe("over " .. version, function()
      it("are the same at both ends, and each connection's own", function()
        local first = {}
        for round = 1, 2 do
          connect { protocol = version }
          types(unpack(expected))
          for _, type in ipairs(client:channelbindings()) do
            local value = both(type)
            -- The certificate is the same each time.
            local repeats = round == 2 and type == "tls-server-end-point"
            assert.equal(repeats, first[type] == value)
            first[type] = value
          end
          server:close()
          client:close()
        end
      end)

      it("tls-exporter is RFC 9266's", function()
        needs.that(bound, "the extended master secret")
        connect { protocol = version }
        local value = both "tls-exporter"
        assert.equal(32, #value)
        assert.equal(value, client:exportkeyingmaterial("EXPORTER-Channel-Binding", 32, ""))
      end)

      if old then
        it("tls-unique is the client's Finished, and the server's in a resumed session", function()
          needs.that(bound, "the extended master secret")
          local ctx = assert(ssl.newcontext(pair.client_config { protocol = version }))
          local at_server = assert(ssl.newcontext(pair.server_config { protocol = version }))
          connect(at_server, ctx)
          assert.equal(client:getfinished(), both "tls-unique")
          local session = client:getsession()
          server:close()
          client:close()
          server, client = pair.wrapped(at_server, ctx)
          assert(client:setsession(session))
          pair.handshake(server, client)
          assert.is_true(client:resumed())
          assert.equal(client:getpeerfinished(), both "tls-unique")
          both "tls-exporter"
          both "tls-server-end-point"
        end)

        it("are refused without the extended master secret, but for the certificate's", function()
          if limits.extended_master_secret then needs.option "no_extended_master_secret" end
          connect { protocol = version,
                    options = bound and "no_extended_master_secret" or nil }
          neither("tls-exporter",
                  "tls-exporter needs the extended master secret, which the peer lacks")
          neither("tls-unique",
                  "tls-unique needs the extended master secret, which the peer lacks")
          types "tls-server-end-point"
        end)
      else
        it("tls-unique is refused", function()
          connect { protocol = version }
          neither("tls-unique", "tls-unique is not defined in TLS 1.3: use tls-exporter")
        end)
      end

      it("GnuTLS makes the same of our server's connection", function()
        local at = ours.listen { protocol = version }
        local visitor = process.start { "gnutls-cli", "-V", "--port", at.port, "--x509cafile",
                                        pki.root.cert, "localhost" }
        local conn = assert(at:accept())
        assert.truthy(visitor:wait_output "Handshake was completed")
        local text = visitor:output()
        local found = 0
        for _, type in ipairs(TYPES) do
          local theirs = text:match("'" .. type:gsub("%-", "%%-") .. "': (%x+)\n")
          local own = hex(conn:channelbinding(type))
          if bound or own then assert.equal(theirs, own) end
          if own then found = found + 1 end
        end
        assert.equal(#expected, found)
        conn:close()
      end)

      it("GnuTLS makes the same of our client's connection", function()
        local port = process.free_port()
        local at = process.start { "gnutls-serv", "--echo", "--port", port,
          "--x509certfile", pki.server.cert, "--x509keyfile", pki.server.key, "--priority",
          "NORMAL:-VERS-ALL:+VERS-TLS" .. (old and "1.2" or "1.3"), port = port }
        at:wait_port()
        local conn = assert(ours.connect(at.port))
        assert(conn:send "hello\n")
        assert.equal("hello", conn:receive())
        local text, found = at:output(), 0
        for _, type in ipairs(TYPES) do
          local theirs = text:match("'" .. type:gsub("%-", "%%-") .. "': (%x+)\n")
          if theirs and (bound or type == "tls-server-end-point") then
            found = found + 1
            assert.equal(theirs, hex(conn:channelbinding(type)))
          end
        end
        conn:close()
        -- Without a match there is nothing to compare with.
        assert.is_true(found > 0, text)
      end)
    end)
  end

  describe("tls-server-end-point", function()
    local KEY = { ec = "-newkey ec -pkeyopt ec_paramgen_curve:P-256",
                  rsa = "-newkey rsa:2048", ed25519 = "-newkey ed25519" }

    -- The channel binding of a server whose certificate has such a signature.
    local function shown(key, signature)
      local folder = process.folder()
      local output = process.capture(("cd '%s' && openssl req -x509 %s %s -nodes -subj /CN=x "
        .. "-days 9 -keyout key -out cert 2>&1"):format(folder, KEY[key], signature))
      assert(process.read(folder .. "/cert") ~= "", output)
      connect({ certificate = folder .. "/cert", key = folder .. "/key",
                ciphers = "ALL:@SECLEVEL=0" },
              { verify = "none", ciphers = "ALL:@SECLEVEL=0" })
      return folder
    end

    local function expect(hash, key, signature)
      local folder = shown(key, signature)
      local theirs = process.capture(("openssl x509 -in '%s/cert' -outform der | openssl dgst -%s")
                                     :format(folder, hash)):match "(%x+)\n"
      assert.equal(theirs, hex(both "tls-server-end-point"))
    end

    it("is the hash that the certificate's signature has", function()
      expect("sha256", "ec", "-sha256")
      server:close() client:close()
      expect("sha384", "ec", "-sha384")
      server:close() client:close()
      expect("sha512", "rsa", "-sha512")
      server:close() client:close()
      expect("sha384", "rsa", "-sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1")
    end)

    it("is SHA-256 in place of SHA-1 and MD5", function()
      expect("sha256", "ec", "-sha1")
      server:close() client:close()
      expect("sha256", "rsa", "-md5")
    end)

    it("is refused where the signature has no hash of its own", function()
      needs.that(limits.key_kinds.ed25519, "certificates with Ed25519")
      shown("ed25519", "")
      neither("tls-server-end-point",
              "tls-server-end-point is not defined for a certificate with signature ED25519")
    end)

    it("is refused where the server has shown no certificate", function()
      local function key() return ("k"):rep(16) end
      connect({ protocol = "tlsv1_2", psk = key, key = false, certificate = false },
              { protocol = "tlsv1_2", psk = function() return "me", key() end, ciphers = "PSK" })
      assert.same({ nil, "this side has no certificate" },
                  { server:channelbinding "tls-server-end-point" })
      assert.same({ nil, "the server has shown no certificate" },
                  { client:channelbinding "tls-server-end-point" })
    end)

    it("is of the chosen certificate, and refused when that is not known", function()
      local at_server = assert(ssl.newcontext(pair.server_config {
        protocol = "tlsv1_2", certificates = {
          { certificate = pki.rsa_server.cert, key = pki.rsa_server.key },
          { certificate = pki.ec_server.cert, key = pki.ec_server.key } } }))
      local sessions = {}
      local roots = { RSA = pki.root.cert, ECDSA = pki.ec_root.cert }
      for kind, root in pairs(roots) do
        local ctx = assert(ssl.newcontext(pair.client_config {
          protocol = "tlsv1_2", cafile = root,
          ciphers = "ECDHE-" .. kind .. "-AES128-GCM-SHA256" }))
        connect(at_server, ctx)
        -- LibreSSL does not tell its server which one it has shown.
        if limits.tells_shown_certificate then
          both "tls-server-end-point"
        else
          assert.is_nil((server:channelbinding "tls-server-end-point"))
        end
        sessions[kind] = { ctx, client:getsession() }
        server:close()
        client:close()
      end
      for _, of in pairs(sessions) do
        server, client = pair.wrapped(at_server, of[1])
        assert(client:setsession(of[2]))
        pair.handshake(server, client)
        assert.is_true(client:resumed())
        local function marked()
          return tostring(lib.C.SSL_get_certificate(state.of(server).conn.ssl))
        end
        local before = marked()
        assert.is_nil((server:getlocalcertificate()))
        assert.same({ nil, "this side does not know its certificate in the resumed session" },
                    { server:channelbinding "tls-server-end-point" })
        assert.equal(before, marked())
        assert.same(limits.extended_master_secret and { "tls-exporter", "tls-unique" } or {},
                    server:channelbindings())
        assert.equal(32, #client:channelbinding "tls-server-end-point")
        server:close()
        client:close()
      end
    end)
  end)

  it("of an unknown type are refused by name", function()
    connect()
    neither("tls-nonsense", "unknown channel binding type (tls-nonsense)")
    neither("", "unknown channel binding type ()")
  end)

  it("raise for a type that is none", function()
    connect()
    assert.equal("bad argument #1 to 'channelbinding' (string expected, got no value)",
                 values.raised(function() client:channelbinding() end))
    assert.equal("bad argument #1 to 'channelbinding' (string expected, got table)",
                 values.raised(function() client:channelbinding {} end))
  end)

  it("answer nil, \"closed\" before the handshake and after close", function()
    server, client = pair.wrapped()
    for _ = 1, 2 do
      for _, conn in ipairs { server, client } do
        assert.same({ n = 2, nil, "closed" }, pack(conn:channelbinding "tls-exporter"))
        assert.same({ n = 2, nil, "closed" }, pack(conn:channelbinding()))
        assert.same({ n = 2, nil, "closed" }, pack(conn:channelbindings()))
      end
      server:close()
      client:close()
    end
  end)
end)
