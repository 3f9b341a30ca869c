-- onclienthello: its arguments at the ClientHello, and its possible results.

describe("onclienthello", function()
  local ssl       = require "ssl"
  local limits    = require "spec.support.limits"
  local needs     = require "spec.support.needs"
  local ours      = require "spec.support.ours"
  local pair      = require "spec.support.pair"
  local pki       = require "spec.support.pki"
  local process   = require "spec.support.process"
  local shake     = require "spec.support.shake"
  local values    = require "spec.support.values"
  local wording   = require "spec.support.wording"
  local pack      = values.pack

  after_each(process.stop_all)

  local function context(extra)
    return assert(ssl.newcontext(pair.server_config(extra)))
  end

  -- The table that onclienthello gets when `openssl s_client` connects with these options.
  local function told(options)
    local seen, conn
    local server = ours.listen { onclienthello = function(...)
      local self, hello = ...
      assert.equal(2, select("#", ...))
      conn, seen = self, hello
    end, alpn = { "h2" } }
    local words = { "openssl", "s_client", "-connect", "127.0.0.1:" .. server.port, input = "" }
    for word in options:gmatch "%S+" do words[#words + 1] = word end
    process.start(words)
    local accepted = server:accept()
    assert.is_true(accepted == nil or accepted == conn)
    assert(seen, "it was not asked")
    return seen
  end

  it("gets the name, protocols, ciphers, groups and algorithms of openssl s_client", function()
    local hello = told("-servername some.test -alpn h2,http/1.1 -tls1_3"
      .. " -ciphersuites TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256"
      .. " -groups P-256:X25519 -sigalgs rsa_pss_rsae_sha256:ECDSA+SHA384")
    assert.equal("some.test", hello.servername)
    assert.same({ "h2", "http/1.1" }, hello.alpn)
    assert.same({ "tlsv1_3" }, hello.versions)
    assert.same({ 0x1301, 0x1303 }, { hello.ciphers[1], hello.ciphers[2] })
    assert.same({ 0x0017, 0x001d }, hello.groups)
    assert.same({ 0x0804, 0x0503 }, hello.sigalgs)
  end)

  it("gets the parts that TLS 1.2 has, and no others", function()
    local hello = told("-noservername -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256 -groups P-384"
                       .. " -sigalgs RSA+SHA256")
    assert.is_nil(hello.servername)
    assert.is_nil(hello.alpn)
    assert.same({ "tlsv1_2" }, hello.versions)
    assert.equal(0xc02f, hello.ciphers[1])
    assert.same({ 0x0018 }, hello.groups)
    assert.same({ 0x0401 }, hello.sigalgs)
  end)

  it("gets several versions in the client's order", function()
    assert.same({ "tlsv1_3", "tlsv1_2" }, told("-no_tls1 -no_tls1_1").versions)
  end)

  it("is called once, also after a HelloRetryRequest", function()
    local calls = 0
    local server, client = pair.wrapped(
      { curveslist = "P-384", onclienthello = function() calls = calls + 1 end },
      { protocol = "tlsv1_3", curveslist = "X25519:P-384" })
    assert.same({ true, true }, { shake(server, client) })
    assert.equal(1, calls)
  end)

  local ALERTS = {
    handshake_failure       = wording "sslv3 alert handshake failure",
    access_denied           = "tlsv1 alert access denied",
    protocol_version        = "tlsv1 alert protocol version",
    insufficient_security   = "tlsv1 alert insufficient security",
    internal_error          = "tlsv1 alert internal error",
    user_canceled           = "tlsv1 alert user cancelled",
    unrecognized_name       = "tlsv1 unrecognized name",
    no_application_protocol = "tlsv1 alert no application protocol",
    ["no reason of that name"] = wording "sslv3 alert handshake failure",
  }

  for _, version in ipairs(pair.versions) do
    local label = " (" .. version .. ")"

    local function wrapped(server, client)
      client = client or {}
      client.protocol = version
      return pair.wrapped(server, client)
    end

    for reason, words in pairs(ALERTS) do
      it("refuses with the alert " .. reason .. label, function()
        if reason == "user_canceled" then
          needs.that(not limits.ignores_user_canceled, "a client that ends by this alert")
        end
        local server, client = wrapped { onclienthello = function() return false, reason end }
        local at_server, at_client = shake(server, client)
        assert.equal(words, at_client)
        assert.is_string(at_server)
        assert.same(pack(false, at_server), pack(server:dohandshake()))
      end)
    end

    it("refuses with handshake_failure without a reason" .. label, function()
      for _, reason in ipairs { false, 40, print } do
        local server, client = wrapped { onclienthello = function() return false, reason end }
        assert.equal(wording "sslv3 alert handshake failure", select(2, shake(server, client)))
      end
    end)

    it("goes on with the default for nil" .. label, function()
      local server, client = wrapped { onclienthello = function() end }
      assert.same({ true, true }, { shake(server, client) })
    end)

    it("raises for a value that is no context, and the client gets an alert" .. label, function()
      for _, answer in ipairs { true, 5, "some.test", {}, io.stdout } do
        local server, client = wrapped { onclienthello = function() return answer end }
        assert.is_false((pcall(shake, server, client)))
        assert.same(pack(false, "callback failed"), pack(server:dohandshake()))
        assert.equal("tlsv1 alert internal error", (select(2, shake(server, client))))
      end
    end)

    it("comes before the map of sni, which a choice of its own overrules" .. label, function()
      local chosen = context { certificate = pki.cn_only.cert }
      local server, client = wrapped { onclienthello = function(_, hello)
        return hello.servername == "ours.test" and chosen or nil
      end }
      server:sni({ ["theirs.test"] = context { certificate = pki.odd.cert } }, true)
      client:sni "ours.test"
      assert.same({ true, true }, { shake(server, client) })
      assert.equal("cn.only.test", client:getpeercertificate():subject()[2].value)
      local function odd(name)
        server, client = wrapped { onclienthello = function() end }
        server:sni({ ["theirs.test"] = context { certificate = pki.odd.cert } }, true)
        client:sni(name)
        return shake(server, client)
      end
      assert.same({ true, true }, { odd "theirs.test" })
      assert.equal("tlsv1 unrecognized name", select(2, odd "unknown.test"))
    end)

    it("may close the connection, or hand it to another that does" .. label, function()
      for _, how in ipairs { "inside", "outside" } do
        local server, client = wrapped { onclienthello = function(conn)
          if how == "inside" then conn:close() else coroutine.yield() end
        end }
        client:settimeout(0)
        client:dohandshake()
        server:settimeout(10)
        local thread = coroutine.create(server.dohandshake)
        local _, ok, word = coroutine.resume(thread, server)
        if how == "outside" then
          server:close()
          _, ok, word = coroutine.resume(thread)
        end
        assert.same({ false, "closed" }, { ok, word })
      end
    end)
  end

  it("is a function, as sni's may be: f(name, connection)", function()
    assert.same(pack(nil, "invalid onclienthello (function expected)"),
                pack(ssl.newcontext(pair.server_config { onclienthello = {} })))
    local seen
    local server, client = pair.wrapped()
    server:sni(function(...)
      seen = pack(...)
      return context { certificate = pki.cn_only.cert }
    end)
    client:sni "by.function"
    assert.same({ true, true }, { shake(server, client) })
    assert.same({ 2, "by.function", true }, { seen.n, seen[1], seen[2] == server })
    assert.equal("cn.only.test", client:getpeercertificate():subject()[2].value)
  end)
end)
