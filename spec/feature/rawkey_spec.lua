-- Raw public keys (RFC 7250), between two ends of ours and with OpenSSL's programs.

describe("raw public keys", function()
  local ssl     = require "ssl"
  local needs   = require "spec.support.needs"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local servers = require "spec.support.servers"
  local lib     = require "ssl.ffi.lib"

  local there = lib.has.SSL_CTX_set1_server_cert_type
  local it_may = needs.each(it, there, "raw public keys")

  teardown(process.stop_all)

  local function certificate(path)
    return assert(ssl.loadcertificate(process.read(path)))
  end

  local SERVER, CLIENT = certificate(pki.server.cert), certificate(pki.client.cert)
  local STRANGER = certificate(pki.ec_server.cert)

  it("are refused by name where this OpenSSL lacks them", function()
    if there then
      assert.is_true(ssl.config.capabilities.rawkey)
      return
    end
    assert.is_nil(ssl.config.capabilities.rawkey)
    for key, value in pairs { rawkey = true, rawkeys = SERVER } do
      local ctx, why = ssl.newcontext(pair.client_config { [key] = value })
      assert.is_nil(ctx)
      assert.equal(("invalid %s (this OpenSSL cannot do it)"):format(key), why)
    end
  end)

  -- No certificate, no authority.
  local function server(extra)
    local config = pair.server_config { certificate = false, rawkey = true }
    for key, value in pairs(extra or {}) do config[key] = value end
    return config
  end

  local function client(extra)
    local config = pair.client_config { cafile = false, rawkeys = SERVER }
    for key, value in pairs(extra or {}) do config[key] = value end
    return config
  end

  local open = {}
  after_each(function()
    for _, conn in ipairs(open) do conn:close() end
    open = {}
  end)

  local function shaken(at_server, at_client, prepare)
    local s, c = pair.wrapped(assert(ssl.newcontext(at_server)), assert(ssl.newcontext(at_client)))
    open[#open + 1], open[#open + 2] = s, c
    if prepare then prepare(s, c) end
    local result_s, result_c = pair.handshake(s, c)
    return s, c, result_s, result_c
  end

  for _, protocol in ipairs(pair.versions) do
    describe("over " .. protocol, function()
      it_may("prove a server that has no certificate", function()
        local s, c, at_server, at_client = shaken(server { protocol = protocol }, client())
        assert.same({ { true }, { true } }, { at_server, at_client })
        assert.equal((SERVER:pubkey()), (c:info "rawkey"))
        assert.is_nil((s:info "rawkey"))
        assert.is_true((c:getpeerverification()))
        assert.is_nil((c:getpeercertificate()))
        assert.same({}, c:getpeerchain())
        assert.is_nil((c:getverifiedchain()))
      end)

      it_may("prove nothing where another one is expected", function()
        local _, c, _, at_client = shaken(server { protocol = protocol },
                                          client { rawkeys = { STRANGER, CLIENT } })
        assert.same({ false, "certificate verify failed" }, at_client)
        assert.is_truthy(c:lasterror().verify.text)
      end)

      it_may("take the place of a certificate that an authority has issued", function()
        local _, _, _, at_client = shaken(pair.server_config { protocol = protocol },
                                          client { cafile = pki.root.cert })
        assert.is_false(at_client[1])
      end)

      it_may("prove a client", function()
        local wants = { protocol = protocol, rawkeys = { STRANGER, CLIENT },
                        verify = { "peer", "fail_if_no_peer_cert" } }
        local mine = { rawkey = true, key = pki.client.key }
        local s, c, at_server, at_client = shaken(server(wants), client(mine))
        assert.same({ { true }, { true } }, { at_server, at_client })
        assert.equal((CLIENT:pubkey()), (s:info "rawkey"))
        assert.is_true((c:getpeerverification()))
        -- Another client, one without a key, and one with a certificate of the authority.
        for _, other in ipairs {
          { rawkey = true, key = pki.ec_client.key }, {},
          { key = pki.client.key, certificate = pki.client.cert },
        } do
          wants.cafile = pki.root.cert
          _, _, at_server = shaken(server(wants), client(other))
          assert.is_false(at_server[1])
        end
      end)

      it_may("are shown to those who know them, and the certificate to others", function()
        local both = server { protocol = protocol, certificate = pki.server.cert }
        local _, c, _, at_client = shaken(both, pair.client_config())
        assert.same({ true }, at_client)
        assert.is_truthy((c:getpeercertificate()))
        _, c, _, at_client = shaken(both, client())
        assert.same({ true }, at_client)
        assert.is_nil((c:getpeercertificate()))
      end)

      it_may("of a resumed session are those of its handshake", function()
        local got = {}
        local ctx = assert(ssl.newcontext(server { protocol = protocol }))
        local function visit(extra, session)
          extra.onsession = function(_, s) got[#got + 1] = s end
          local s, c = pair.wrapped(ctx, assert(ssl.newcontext(client(extra))))
          open[#open + 1], open[#open + 2] = s, c
          local fits, why = true, nil
          if session then fits, why = c:setsession(session) end
          pair.handshake(s, c)
          s:send "x\n"
          c:settimeout(60)
          c:receive()
          return c, fits, why
        end
        visit {}
        local c, fits = visit({}, got[#got])
        assert.is_true(fits)
        assert.is_true((c:resumed()))
        assert.equal((SERVER:pubkey()), (c:info "rawkey"))
        assert.is_true((c:getpeerverification()))
        for _, extra in ipairs {
          { rawkeys = { SERVER, STRANGER } }, { rawkeys = STRANGER },
          { rawkey = true, key = pki.client.key },
          { rawkeys = false, cafile = pki.root.cert },
        } do
          local _, other, why = visit(extra, got[1])
          assert.is_nil(other)
          assert.equal("session of another verification policy", why)
        end
      end)
    end)
  end

  it_may("have as many policies as own keys", function()
    local function policy(path)
      local ctx = assert(ssl.newcontext(client { rawkey = true, key = path }))
      return require "ssl.session.fingerprint".context(require "ssl.context.sslctx".state(ctx))
    end
    assert.equal(policy(pki.client.key), policy(pki.client.key))
    assert.are_not.equal(policy(pki.client.key), policy(pki.ec_client.key))
  end)

  it_may("are reported where the program goes on", function()
    local _, c, _, at_client = shaken(server(), client { rawkeys = STRANGER,
                                                         verifyext = "lsec_continue" })
    assert.same({ true }, at_client)
    assert.is_false((c:getpeerverification()))
    local child = servers.start { tls = { certificate = false, rawkey = true } }
    local conn, why = ssl.connect("localhost", child.port, {
      protocol = "any", rawkeys = STRANGER, verifyext = "lsec_continue", timeout = 60 })
    assert.is_nil(conn)
    assert.matches("the certificate is not valid", why)
    local policy = assert(require("ssl.resty.policy").of({ rawkeys = STRANGER,
                                                           verifyext = "lsec_continue" }, {}))
    local sock = assert(require("socket").connect("127.0.0.1", child.port))
    conn, why = require("ssl.resty.secure").open(sock, policy, "place")
    assert.is_nil(conn)
    assert.matches("certificate verify failed", why)
    child:stop()
  end)

  it_may("follow the context that a name chooses", function()
    local chosen = assert(ssl.newcontext(server {
      rawkeys = CLIENT, verify = { "peer", "fail_if_no_peer_cert" } }))
    local first = server { rawkeys = STRANGER, verify = { "peer", "fail_if_no_peer_cert" } }
    local plain = assert(ssl.newcontext(pair.server_config()))
    local function by_name(base, map, at_client)
      local s, c, at_server, result = shaken(base, at_client, function(s, c)
        s:sni({ localhost = map }, true)
        c:sni "localhost"
      end)
      return at_server[1] and result[1], s, c
    end
    local mine = { rawkey = true, key = pki.client.key }
    assert.is_true((by_name(first, chosen, client(mine))))
    assert.is_true((by_name(pair.server_config(), chosen, client(mine))))
    assert.is_false((by_name(first, chosen, client { rawkey = true, key = pki.ec_client.key })))
    -- And away from raw keys.
    local ok, s, c = by_name(first, plain, pair.client_config())
    assert.is_true(ok)
    assert.is_truthy((c:getpeercertificate()))
    assert.is_nil((s:info "rawkey"))
  end)

  it_may("count beside TLSA records, too", function()
    for key, accepted in pairs { [SERVER] = true, [STRANGER] = false } do
      local _, c, _, at_client = shaken(server(), client { dane = true, rawkeys = key },
                                        function(_, c)
        assert(c:setdane "localhost")
        assert(c:settlsa(3, 1, 0, (SERVER:spki())))
      end)
      assert.equal(accepted, at_client[1])
      assert.equal(accepted, (c:getpeerverification()))
    end
  end)

  it_may("come before onverify, without a certificate", function()
    local seen
    local function onverify(_, preverified, cert, depth)
      seen = { preverified, cert, depth }
      return preverified
    end
    local _, _, _, at_client = shaken(server(), client { onverify = onverify })
    assert.same({ true }, at_client)
    assert.is_true(seen[1])
    assert.is_nil(seen[2])
    _, _, _, at_client = shaken(server(), client { onverify = onverify, rawkeys = STRANGER })
    assert.is_false(at_client[1])
    assert.is_false(seen[1])
  end)

  it_may("come from a file, a text, DER, a certificate and a key", function()
    local pem = SERVER:pubkey()
    local path = process.write(process.folder() .. "/key.pem", STRANGER:pubkey() .. pem)
    local key = assert(ssl.loadkey(process.read(pki.server.key)))
    for _, value in ipairs { path, pem, { STRANGER, pem }, SERVER, key,
                             ssl.der((SERVER:spki())) } do
      local _, _, _, at_client = shaken(server(), client { rawkeys = value })
      assert.same({ true }, at_client)
    end
  end)

  it_may("of which one is cut off are refused", function()
    local first, last = SERVER:pubkey(), CLIENT:pubkey()
    local whole = first .. "A comment -----, and another one -----\n" .. SERVER:pem() .. last
    local path = process.folder() .. "/cut.pem"
    assert.is_truthy(ssl.newcontext(client { rawkeys = whole }))
    local begin = #whole - #last
    for _, n in ipairs { begin + 10, begin + 15, begin + 27, begin + 60, #whole - 26,
                         #whole - 10, #whole - 2, #first - 2, #first + 60 } do
      local cut = whole:sub(1, n)
      for _, value in ipairs { cut, process.write(path, cut), first .. cut:sub(20) } do
        local ctx, why = ssl.newcontext(client { rawkeys = value })
        assert.is_nil(ctx)
        assert.equal("invalid rawkeys (a block of it is cut off)", why)
      end
    end
  end)

  it_may("of a wrong kind are refused", function()
    local function refused(config)
      local ctx, why = ssl.newcontext(config)
      assert.is_nil(ctx)
      return why
    end
    assert.equal("invalid rawkeys (string expected, got boolean)",
                 refused(client { rawkeys = true }))
    assert.equal("invalid rawkeys (No such file or directory)",
                 refused(client { rawkeys = "/no/file.pem" }))
    assert.equal("invalid rawkeys (no public key in it)",
                 refused(client { rawkeys = pki.server.cert }))
    assert.matches("^invalid rawkeys %(", refused(client { rawkeys = ssl.der "x" }))
    assert.matches("^invalid rawkeys %(", refused(client {
      rawkeys = SERVER:pubkey() .. STRANGER:pubkey():gsub("\nM", "\nA") }))
    assert.equal("invalid rawkey (boolean expected, got string)",
                 refused(client { rawkey = "yes" }))
    assert.matches("^invalid rawkeys %(it has no effect without verify",
                   refused(server { rawkeys = CLIENT }))
    assert.matches("^invalid rawkeys %(it has no effect with verify",
                   refused(client { verify = "none" }))
  end)

  it_may("leave nothing to keys that judge certificates, which are refused", function()
    for key, value in pairs { ocsp = "require", crl = pki.root.crl, purpose = "sslserver" } do
      local ctx, why = ssl.newcontext(client { [key] = value })
      assert.is_nil(ctx)
      assert.equal(("invalid rawkeys (%s is about certificates)"):format(key), why)
    end
    assert.is_nil((ssl.newcontext(client { ocsp = "request" })))
    local demands = { rawkeys = CLIENT, verify = { "peer", "fail_if_no_peer_cert" },
                      purpose = "sslclient" }
    local _, why = ssl.newcontext(server(demands))
    assert.equal("invalid rawkeys (purpose is about certificates)", why)
  end)

  -- Each value is used or named: a new one has to be decided about.
  it_may("leave nothing to flags that judge certificates, which are refused", function()
    local others = { lsec_continue = true, lsec_ignore_purpose = true, ignore_critical = true,
                     allow_proxy_certs = true, extended_crl_support = true, use_deltas = true,
                     trusted_first = true, no_alt_chains = true, no_check_time = true }
    for name in pairs(require "ssl.trust.verifyflags".values.verifyext) do
      local text = ("invalid verify option (%s is about certificates, and the context has "
                    .. "rawkeys)"):format(name)
      local ctx, why = ssl.newcontext(client { verifyext = { "lsec_continue", name } })
      local later = assert(ssl.newcontext(client()))
      if others[name] then
        assert.is_truthy(ctx, why)
        assert.is_true((later:setverifyext(name)))
      else
        assert.is_nil(ctx)
        assert.equal(text, why)
        assert.same({ false, text }, { later:setverifyext(name) })
      end
    end
  end)

  it_may("serve ssl.connect, which resumes", function()
    local child = servers.start { tls = { certificate = false, rawkey = true } }
    local flags = { protocol = "any", rawkeys = SERVER, timeout = 60 }
    for _, resumed in ipairs { false, true } do
      local conn = assert(ssl.connect("localhost", child.port, flags))
      assert.equal(resumed, conn:resumed())
      conn:send "x\n"
      assert.equal("x", (conn:receive()))
      conn:close()
    end
    flags.rawkeys = STRANGER
    local conn, why = ssl.connect("localhost", child.port, flags)
    assert.is_nil(conn)
    assert.matches("certificate verify failed", why)
    child:stop()
  end)

  -- OpenSSL's programs, where they are as new as the library.
  local function help(program)
    return process.capture(("openssl %s -help 2>&1"):format(program)):find("rpk", 1, true)
  end

  it_may("are spoken with s_server", function()
    needs.that(help "s_server", "a program `openssl` with raw public keys")
    local port = process.free_port()
    local child = process.start {
      "openssl", "s_server", "-quiet", "-accept", "127.0.0.1:" .. port, "-enable_server_rpk",
      "-cert", pki.server.cert, "-key", pki.server.key, port = port }
    child:wait_port()
    local conn = assert(ssl.connect("localhost", port, {
      protocol = "any", rawkeys = SERVER, timeout = 60 }))
    assert.equal((SERVER:pubkey()), (conn:info "rawkey"))
    conn:close()
    assert.is_nil((ssl.connect("localhost", port, {
      protocol = "any", rawkeys = STRANGER, timeout = 60 })))
    child:stop()
  end)

  it_may("are spoken with s_client", function()
    needs.that(help "s_client", "a program `openssl` with raw public keys")
    local child = servers.start { tls = { rawkey = true, certificate = false } }
    local text = process.capture((
      "echo | openssl s_client -connect 127.0.0.1:%d -servername localhost "
      .. "-enable_server_rpk 2>&1"):format(child.port))
    assert.matches("Server raw public key", text)
    assert(child:wait_output "shaken: true, name: localhost\n")
    child:stop()
  end)
end)
