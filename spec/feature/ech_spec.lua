-- Encrypted ClientHello (RFC 9849), between two ends of ours and with OpenSSL's programs.

describe("ech", function()
  local ssl     = require "ssl"
  local ech     = require "spec.support.ech"
  local lib     = require "ssl.ffi.lib"
  local needs   = require "spec.support.needs"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local wire    = require "spec.support.wire"

  local there = lib.has.OSSL_ECHSTORE_new

  local KEYS, LIST = ech.keys, ech.list
  local OTHER_KEYS, OTHER = ech.other_keys, ech.other
  local STRANGE_KEYS, STRANGE = ech.strange_keys, ech.strange

  teardown(process.stop_all)

  it("is refused by name where this OpenSSL lacks it", function()
    if there then
      assert.is_true(ssl.config.capabilities.ech)
      return
    end
    assert.is_nil(ssl.config.capabilities.ech)
    for key, config in pairs { ech = pair.client_config { ech = LIST },
                               echkeys = pair.server_config { echkeys = KEYS } } do
      local ctx, why = ssl.newcontext(config)
      assert.is_nil(ctx)
      assert.equal(("invalid %s (this OpenSSL cannot do it)"):format(key), why)
    end
  end)

  local each = needs.each(it, there, "ECH")

  local function contexts(server, client)
    return assert(ssl.newcontext(pair.server_config(server))),
           assert(ssl.newcontext(pair.client_config(client)))
  end

  -- Both ends after a handshake, and its results.
  local function shaken(server, client, name)
    local s, c = pair.wrapped(contexts(server, client))
    c:setverifyname(name or "localhost")
    c:sni(name or "localhost")
    local at_server, at_client = pair.handshake(s, c)
    return s, c, at_server, at_client
  end

  each("is refused without TLS 1.3, which would send the name in the clear", function()
    for _, extra in ipairs { { protocol = "tlsv1_2" }, { maxversion = "tlsv1_2" },
                             { options = "no_tlsv1_3" } } do
      for key, value in pairs { ech = LIST, echkeys = KEYS } do
        local make = key == "ech" and pair.client_config or pair.server_config
        local cfg = make { [key] = value }
        for name, one in pairs(extra) do cfg[name] = one end
        local ctx, why = ssl.newcontext(cfg)
        assert.is_nil(ctx)
        assert.equal(("invalid %s (it needs TLS 1.3, which protocol, maxversion or options "
                      .. "exclude)"):format(key), why)
      end
    end
    assert.is_nil((ssl.newcontext(pair.client_config { ech = "grease", protocol = "tlsv1_2" })))
    local conn, why = ssl.connect("localhost", 1, { ech = LIST })
    assert.is_nil(conn)
    assert.matches("^context: invalid ech %(it needs TLS 1.3", why)
    local context = require "ssl.context"
    local ctx = assert(ssl.newcontext(pair.client_config { ech = LIST, minversion = "tlsv1_2",
                                                           maxversion = "tlsv1_3" }))
    assert.same({ false, "invalid option (no_tlsv1_3: the context has ech)" },
                { context.setoptions(ctx, "no_tlsv1_3") })
    assert.is_true((context.setoptions(ctx, "no_tlsv1_2")))
  end)

  each("hides the name that the client asks for", function()
    local server, client = contexts({ echkeys = KEYS }, { ech = LIST })
    local w, s, c = wire.pair(server, client)
    c:setverifyname "localhost"
    c:sni "localhost"
    assert.same({ true, true }, { wire.handshake(w, s, c) })
    assert.is_nil(w.up:text():find("localhost", 1, true))
    assert.is_truthy(w.up:text():find("www.wild.test", 1, true))
    for _, conn in ipairs { s, c } do
      assert.same({ status = "accepted", inner = "localhost", outer = "www.wild.test" },
                  conn:info "ech")
      assert.equal("localhost", (conn:info "servername"))
      conn:close()
    end
    w:close()
  end)

  each("takes the list as base64, as bytes and as PEM", function()
    local bytes = process.capture(("printf %%s '%s' | openssl base64 -d -A"):format(LIST))
    local pem = KEYS:match "-----BEGIN ECHCONFIG.*"
    for _, list in ipairs { LIST, bytes, pem, KEYS } do
      local s, c, at_server, at_client = shaken({ echkeys = KEYS }, { ech = list })
      assert.same({ { true }, { true } }, { at_server, at_client })
      assert.equal("accepted", c:info("ech").status)
      s:close()
      c:close()
    end
  end)

  each("lets a server choose the context by the inner name", function()
    local server, client = contexts({ echkeys = KEYS, certificate = pki.other_server.cert,
                                      key = pki.other_server.key }, { ech = LIST })
    local inner = assert(ssl.newcontext(pair.server_config()))
    local s, c = pair.wrapped(server, client)
    s:sni({ localhost = inner }, true)
    c:setverifyname "localhost"
    c:sni "localhost"
    local at_server, at_client = pair.handshake(s, c)
    assert.same({ { true }, { true } }, { at_server, at_client })
    assert.equal("localhost", (s:getsniname()))
    s:close()
    c:close()
  end)

  each("decrypts with each key of a list of files", function()
    local dir = process.folder()
    local files = { process.write(dir .. "/new.pem", OTHER_KEYS),
                    process.write(dir .. "/old.pem", KEYS) }
    for _, list in ipairs { LIST, OTHER } do
      local s, c, _, at_client = shaken({ echkeys = files }, { ech = list })
      assert.same({ true }, at_client)
      s:close()
      c:close()
    end
  end)

  describe("that the server rejects", function()
    -- The failure of the client's handshake.
    local function rejected(server, client)
      local s, c, _, at_client = shaken(server, client)
      assert.is_false(at_client[1])
      local problem = c:lasterror()
      s:close()
      c:close()
      return at_client[2], problem
    end

    for _, verify in ipairs { "peer", "none" } do
      each("fails, and has what the server uses now, with verify " .. verify, function()
        local why, problem = rejected({ echkeys = { OTHER_KEYS, STRANGE_KEYS } },
                                      { ech = LIST, verify = verify })
        assert.equal("ech required", why)
        assert.equal("rejected", problem.ech.status)
        assert.equal("localhost", problem.ech.inner)
        assert.matches("the server has not accepted", problem.hint)
        local s, c, _, again = shaken({ echkeys = OTHER_KEYS }, { ech = problem.ech.retry })
        assert.same({ true }, again)
        assert.equal("accepted", c:info("ech").status)
        s:close()
        c:close()
      end)

      each("fails where the server knows nothing of it, with verify " .. verify, function()
        for _, protocol in ipairs { "any", "tlsv1_2" } do
          local why, problem = rejected({ protocol = protocol }, { ech = LIST, verify = verify })
          assert.equal("ech required", why)
          assert.equal("rejected", problem.ech.status)
          assert.is_nil(problem.ech.retry)
        end
      end)
    end

    each("has no configuration of a server that does not prove the public name", function()
      for _, one in ipairs {
        { { echkeys = KEYS }, { ech = STRANGE } },
        { { echkeys = KEYS }, { ech = STRANGE, verify = "none" } },
        { { echkeys = OTHER_KEYS }, { ech = LIST, cafile = pki.other.cert } },
        { { echkeys = OTHER_KEYS }, { ech = LIST, cafile = pki.other.cert, verify = "none" } },
        { { echkeys = OTHER_KEYS }, { ech = LIST, cafile = pki.other.cert,
                                      verifyext = "lsec_continue" } },
      } do
        local _, problem = rejected(one[1], one[2])
        assert.is_nil(problem.ech and problem.ech.retry)
      end
    end)

    each("is a failure of ssl.connect, too, and its reason", function()
      local child = require("spec.support.servers").start { tls = { echkeys = OTHER_KEYS } }
      local conn, why = ssl.connect("localhost", child.port, pair.client_config {
        ech = LIST, timeout = 60 })
      assert.is_nil(conn)
      assert.matches("ech required %(the server has not accepted", why)
      local retry = ssl.lasterror().ech.retry
      conn = assert(ssl.connect("localhost", child.port, pair.client_config {
        ech = retry, timeout = 60 }))
      assert.equal("accepted", conn:info("ech").status)
      conn:close()
      child:stop()
    end)
  end)

  each("pretends where there is no configuration", function()
    local server, client = contexts({ echkeys = KEYS }, { ech = "grease" })
    local w, s, c = wire.pair(server, client)
    c:sni "localhost"
    assert.same({ true, true }, { wire.handshake(w, s, c) })
    for _, conn in ipairs { s, c } do
      assert.same({ status = "grease" }, conn:info "ech")
      conn:close()
    end
    -- The extension is there: 0xfe0d.
    assert.is_truthy(w.up:text():find("\254\13", 1, true))
    w:close()
  end)

  each("is nil in info where it was not used", function()
    for _, server in ipairs { {}, { echkeys = KEYS } } do
      local s, c = shaken(server, {})
      assert.is_nil((s:info "ech"))
      assert.is_nil((c:info "ech"))
      s:close()
      c:close()
    end
  end)

  each("resumes sessions of the same configuration only", function()
    local got = {}
    local function onsession(_, session) got[#got + 1] = session end
    local server = assert(ssl.newcontext(pair.server_config { echkeys = { KEYS, OTHER_KEYS } }))
    local function visit(list, session)
      local s, c = pair.wrapped(server, assert(ssl.newcontext(pair.client_config {
        ech = list, onsession = onsession })))
      c:sni "localhost"
      local ok, why = true, nil
      if session then ok, why = c:setsession(session) end
      assert.same({ { true }, { true } }, { pair.handshake(s, c) })
      s:send "x\n"
      c:settimeout(60)
      c:receive()
      local resumed = c:resumed()
      s:close()
      c:close()
      return resumed, ok, why
    end
    visit(LIST)
    assert.same({ true, true }, { visit(LIST, got[1]) })
    assert.same({ false, nil, "session of another verification policy" },
                { visit(OTHER, got[2]) })
  end)

  each("of a wrong kind is refused", function()
    local function refused(config)
      local ctx, why = ssl.newcontext(config)
      assert.is_nil(ctx)
      return why
    end
    local unusable = "invalid ech (no list of configurations that can be used)"
    for _, list in ipairs { "", "x", "greasy", ("A"):rep(100), LIST:sub(1, 60), "\0\64\254\13" } do
      assert.equal(unusable, refused(pair.client_config { ech = list }))
    end
    assert.equal("invalid ech (string expected, got boolean)",
                 refused(pair.client_config { ech = true }))
    assert.equal("invalid ech (for clients only)", refused(pair.server_config { ech = LIST }))
    assert.equal("invalid echkeys (for servers only)",
                 refused(pair.client_config { echkeys = KEYS }))
    assert.equal("invalid echkeys (string expected, got boolean)",
                 refused(pair.server_config { echkeys = true }))
    assert.equal("invalid echkeys (No such file or directory)",
                 refused(pair.server_config { echkeys = "/no/file.pem" }))
    assert.equal("/no/file.pem", ssl.lasterror().file)
    assert.matches("^invalid echkeys %(", refused(pair.server_config {
      echkeys = KEYS:match "-----BEGIN ECHCONFIG.*" }))
    assert.matches("^invalid echkeys %(", refused(pair.server_config {
      echkeys = { KEYS, pki.server.cert } }))
  end)

  -- OpenSSL's programs, where they are as new as the library.
  local function help(program)
    return process.capture(("openssl %s -help 2>&1"):format(program)):find("ech_", 1, true)
  end

  each("is spoken with s_server", function()
    needs.that(help "s_server", "a program `openssl` with ECH")
    local port = process.free_port()
    local file = process.write(process.folder() .. "/ech.pem", KEYS)
    local server = process.start {
      "openssl", "s_server", "-quiet", "-accept", "127.0.0.1:" .. port, "-cert",
      pki.server.cert, "-key", pki.server.key, "-ech_key", file, port = port }
    server:wait_port()
    local conn = assert(ssl.connect("localhost", port, pair.client_config {
      ech = LIST, timeout = 60 }))
    assert.equal("accepted", conn:info("ech").status)
    conn:close()
    local _, why = ssl.connect("localhost", port, pair.client_config {
      ech = OTHER, timeout = 60 })
    assert.matches("ech required", why)
    server:stop()
  end)

  each("is spoken with s_client", function()
    needs.that(help "s_client", "a program `openssl` with ECH")
    local child = require("spec.support.servers").start { tls = { echkeys = KEYS } }
    local text = process.capture((
      "echo | openssl s_client -connect 127.0.0.1:%d -servername localhost -CAfile '%s' "
      .. "-ech_config_list '%s' 2>&1"):format(child.port, pki.root.cert, LIST))
    assert.matches("ECH: success", text)
    assert(child:wait_output "name: localhost\n")
    child:stop()
  end)
end)
