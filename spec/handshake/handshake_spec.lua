-- dohandshake: its ends, their messages, and the results of later calls.
-- The texts of alerts are those of OpenSSL 3.0.

describe("dohandshake", function()
  local pair   = require "spec.support.pair"
  local pki    = require "spec.support.pki"
  local shake  = require "spec.support.shake"
  local values = require "spec.support.values"
  local socket = require "socket"
  local ssl    = require "ssl"
  local wording = require "spec.support.wording"
  local limits = require "spec.support.limits"
  local needs  = require "spec.support.needs"
  local pack   = values.pack

  local EOF = "unexpected eof while reading"

  for _, version in ipairs(pair.versions) do
    describe("over " .. version, function()
      -- One end as TLS and the other as TCP.
      local function against_tcp(make)
        local a, b = pair.tcp()
        return assert(ssl.wrap(a, make { protocol = version })), b
      end

      for side, make in pairs { server = pair.server_config, client = pair.client_config } do
        for _, limit in ipairs { 0, 0.01 } do
          it(("returns wantread to a %s whose peer is silent, limit %g"):format(side, limit),
             function()
            local conn, tcp = against_tcp(make)
            conn:settimeout(limit)
            for _ = 1, 3 do
              assert.same(pack(false, "wantread"), pack(conn:dohandshake()))
              assert.equal("read", conn:want())
            end
            conn:close()
            tcp:close()
          end)
        end

        it("reports to a " .. side .. " that its peer closed, and keeps the reason", function()
          local conn, tcp = against_tcp(make)
          if side == "server" then
            tcp:close()
          else
            -- A close with the ClientHello unread would be a reset.
            conn:settimeout(0)
            conn:dohandshake()
            tcp:settimeout(10)
            tcp:receive(1)
            repeat
              tcp:settimeout(0)
              local _, _, rest = tcp:receive "*a"
            until rest == ""
            tcp:close()
          end
          conn:settimeout(10)
          for _ = 1, 3 do assert.same(pack(false, EOF), pack(conn:dohandshake())) end
          assert.same(pack(nil, EOF, 0), pack(conn:send "x"))
          assert.same(pack(nil, EOF, ""), pack(conn:receive()))
          conn:close()
        end)

        it("reports to a " .. side .. " that its peer reset the connection", function()
          local conn, tcp = against_tcp(make)
          conn:settimeout(0)
          conn:dohandshake()
          tcp:setoption("linger", { on = true, timeout = 0 })
          tcp:close()
          conn:settimeout(10)
          for _ = 1, 3 do assert.same(pack(false, "closed"), pack(conn:dohandshake())) end
          conn:close()
        end)
      end

      it("reports to a client that the answer is no TLS, and keeps the reason", function()
        local client, tcp = against_tcp(pair.client_config)
        tcp:send "220 mail.test ESMTP ready\r\n"
        client:settimeout(10)
        for _ = 1, 3 do
          assert.same(pack(false, limits.no_tls), pack(client:dohandshake()))
        end
        client:close()
        tcp:close()
      end)

      it("reports plain HTTP on a server", function()
        local server, tcp = against_tcp(pair.server_config)
        tcp:send "GET / HTTP/1.0\r\n\r\n"
        server:settimeout(10)
        for _ = 1, 3 do
          assert.same(pack(false, limits.http_request), pack(server:dohandshake()))
        end
        server:close()
        tcp:close()
      end)

      it("goes on after wantread, and returns true again when it is done", function()
        local server, client = pair.wrapped({ protocol = version })
        assert.same({ true, true }, { shake(server, client) })
        for _, conn in ipairs { server, client } do
          assert.same(pack(true), pack(conn:dohandshake()))
          conn:close()
          assert.same(pack(false, "closed"), pack(conn:dohandshake()))
        end
      end)

      it("gets there with waits of any length", function()
        local server, client = pair.wrapped({ protocol = version })
        server:settimeout(0.001)
        client:settimeout(0.002, "t")
        local at_server, at_client
        for _ = 1, 1000 do
          at_client = pack(client:dohandshake())
          at_server = pack(server:dohandshake())
          if at_client[1] and at_server[1] then break end
        end
        assert.same({ pack(true), pack(true) }, { at_server, at_client })
        server:close()
        client:close()
      end)

      it("leaves later bytes to a loop that watches the descriptor alone",
         function()
        -- The side that is done first sends at once, before the other's last step.
        local ends = { pair.wrapped({ protocol = version }) }
        local first, other
        for i = 1, 1000 do
          local conn = ends[i % 2 + 1]
          conn:settimeout(0)
          if conn:dohandshake() then
            if first then
              other = conn
              break
            end
            first = conn
            assert.equal(8, first:send "at once\n")
          end
        end
        assert.are_not.equal(first, other)
        assert.is_false(other:dirty())
        local bare = { getfd = function() return other:getfd() end }
        assert.equal(bare, (socket.select({ bare }, nil, 10))[1])
        other:settimeout(10)
        assert.equal("at once", (other:receive()))
        for _, conn in ipairs(ends) do conn:close() end
      end)

      it("leaves other connections of the same contexts alone when it fails", function()
        local ctx = assert(ssl.newcontext(pair.client_config { cafile = pki.other.cert }))
        local server_ctx = assert(ssl.newcontext(pair.server_config { protocol = version }))
        local good = assert(ssl.newcontext(pair.client_config()))
        for _ = 1, 2 do
          local s1, c1 = pair.wrapped(server_ctx, ctx)
          local s2, c2 = pair.wrapped(server_ctx, good)
          c1:settimeout(0)
          c1:dohandshake()
          assert.same({ true, true }, { shake(s2, c2) })
          assert.same({ "tlsv1 alert unknown ca", "certificate verify failed" },
                      { shake(s1, c1) })
          for _, conn in ipairs { s1, c1, s2, c2 } do conn:close() end
        end
      end)
    end)
  end

  -- Configurations that do not match: the server's, the client's, and both messages.
  local P256, P384 = { curve = "P-256" }, { curve = "P-384" }
  local FAILURE = wording "sslv3 alert handshake failure"

  -- A server that fails and sends no alert: its client waits until it has closed.
  local function silent(server, client, word)
    client:settimeout(0)
    client:dohandshake()
    assert.same(pack(false, word), pack(server:dohandshake()))
    assert.same(pack(false, "wantread"), pack(client:dohandshake()))
    server:close()
    client:settimeout(10)
    assert.same(pack(false, EOF), pack(client:dohandshake()))
    client:close()
  end

  for title, case in pairs {
    ["versions, the client's too high"] = { { protocol = "tlsv1_2" }, { protocol = "tlsv1_3" },
      limits.version_too_high, "tlsv1 alert protocol version" },
    ["versions, the client's too low"] = { { protocol = "tlsv1_3" }, { protocol = "tlsv1_2" },
      limits.version_too_low, "tlsv1 alert protocol version" },
    ["TLS 1.0 and the security level"] = {
      { seclevel = limits.tls1_refused.level }, { protocol = "tlsv1", seclevel = 0 },
      limits.tls1_refused[1], limits.tls1_refused[2], protocol = "tlsv1" },
    ["ciphers, TLS 1.2"] = {
      { protocol = "tlsv1_2", ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256" },
      { ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384" }, "no shared cipher", FAILURE },
    ["ciphers, TLS 1.3"] = { { protocol = "tlsv1_3", ciphersuites = "TLS_AES_128_GCM_SHA256" },
      { ciphersuites = "TLS_AES_256_GCM_SHA384" }, "no shared cipher", FAILURE },
    ["groups, TLS 1.2"] = { { protocol = "tlsv1_2", curve = "P-256", ciphers = "ECDHE" }, P384,
      "no shared cipher", FAILURE },
    ["groups, TLS 1.3"] = { { protocol = "tlsv1_3", curve = "P-256" }, P384,
      limits.no_group_13, FAILURE, silent = limits.silent_without_group_13 },
    ["no certificate, TLS 1.2"] = { { protocol = "tlsv1_2", key = false, certificate = false },
      {}, "no shared cipher", FAILURE },
    ["no certificate, TLS 1.3"] = { { protocol = "tlsv1_3", key = false, certificate = false },
      {}, limits.no_certificate_13, FAILURE },
    ["DHE without parameters"] = { pair.rsa { protocol = "tlsv1_2" },
      { ciphers = "DHE-RSA-AES128-GCM-SHA256", curveslist = "P-256" },
      "no shared cipher", FAILURE },
  } do
    it("names what does not fit: " .. title, function()
      if case.protocol then needs.protocol(case.protocol) end
      local server, client = pair.wrapped(case[1], case[2])
      if case.silent then return silent(server, client, case[3]) end
      local at_server, at_client = shake(server, client)
      assert.same({ case[3], case[4] }, { at_server, at_client })
      assert.same(pack(false, case[3]), pack(server:dohandshake()))
      assert.same(pack(false, case[4]), pack(client:dohandshake()))
      server:close()
      client:close()
    end)
  end

  it("agrees where the groups meet after a second hello", function()
    local server, client = pair.connected(P256, { curveslist = "X25519:P-256" })
    assert.equal("TLSv1.3", (client:info "protocol"))
    server:close()
    client:close()
  end)
end)
