-- One suite, unchanged, over everything that carries bytes.

describe("a connection over", function()
  local needs      = require "spec.support.needs"
  local pair       = require "spec.support.pair"
  local pki        = require "spec.support.pki"
  local ssl        = require "ssl"
  local transports = require "spec.support.transports"
  local house      = require "spec.support.init"
  local values     = require "spec.support.values"

  local function waits(word)
    return word == "wantread" or word == "wantwrite" or word == "timeout"
  end

  -- Neither end waits: each is called again until both are done.
  local function shake(server, client)
    local results = {}
    for _ = 1, 100000 do
      for i, conn in ipairs { server, client } do
        if not results[i] then
          local result = { conn:dohandshake() }
          if not waits(result[2]) then results[i] = result end
        end
      end
      if results[1] and results[2] then return results[1], results[2] end
    end
    error "the handshake did not end"
  end

  local function receive_all(conn, n, got)
    got = got or ""
    for _ = 1, 100000 do
      local data, word, partial = conn:receive(n, got)
      if data then return data end
      if not waits(word) then return nil, word, partial end
      got = partial
    end
    error "it did not come"
  end

  for at, kind in ipairs(values.some(transports.kinds, 1)) do
    local make = transports.kinds[kind]
    local function connected(server, client)
      local s, c = make(server, client)
      s:settimeout(0)
      c:settimeout(0)
      local at_server, at_client = shake(s, c)
      assert.same({ true }, at_server)
      assert.same({ true }, at_client)
      return s, c
    end

    for i, version in ipairs(pair.versions) do
      local tried = house.crossed(at, i) and describe or function() end
      tried(kind .. ", " .. version .. ",", function()
        local function pair_of(server, client)
          server = server or {}
          server.protocol = version
          return connected(server, client)
        end

        it("carries lines, counts and prefixes", function()
          local s, c = pair_of()
          assert.same({ 16, nil, nil }, { c:send("one\r\ntwo\nthree45") })
          assert.equal("one", s:receive())
          assert.equal("two", s:receive("*l"))
          assert.equal("three", s:receive(5))
          assert.equal("pp45", s:receive(4, "pp"))
          local data, word, partial = s:receive()
          assert.is_nil(data)
          assert.is_true(waits(word))
          assert.equal("", partial)
        end)

        it("carries a lot, both ways", function()
          local s, c = pair_of()
          local text = ("0123456789abcdef"):rep(kind:find "few bytes" and house.scale(512, 64)
                                                or house.scale(8192, 1024))
          for _, ends in ipairs { { s, c }, { c, s } } do
            local sent, got, rounds = 0, "", 0
            repeat
              local last, _, partly = ends[1]:send(text, sent + 1)
              sent = last or partly
              got = got .. (receive_all(ends[2], math.min(4096, #text - #got)) or "")
              rounds = rounds + 1
            until #got == #text or rounds > 10000
            assert.is_true(got == text)
          end
        end)

        it("keeps what came when the peer closes", function()
          local s, c = pair_of()
          c:send "tail"
          c:close()
          local data, word, partial
          local got = ""
          for _ = 1, 10000 do
            data, word, partial = s:receive("*l", got)
            got = partial
            if not waits(word) then break end
          end
          assert.same({ nil, "closed", "tail" }, { data, word, partial })
          assert.same({ nil, "closed", "" }, { s:receive() })
        end)

        it("gives what there is to receiveany", function()
          local s, c = pair_of()
          c:send "something"
          local first = s:receiveany(4)
          for _ = 1, 1000 do
            if first then break end
            first = s:receiveany(4)
          end
          assert.equal("some", first)
          assert.equal("thing", s:receiveany())
        end)

        it("knows certificates, names and protocols", function()
          local s, c = pair_of(
            { alpn = { "a", "b" }, verify = { "peer", "fail_if_no_peer_cert" },
              cafile = pki.root.cert },
            { alpn = { "b" }, key = pki.client.key, certificate = pki.client.cert })
          assert.equal("b", s:getalpn())
          assert.equal("b", c:getalpn())
          assert.is_true(s:getpeerverification())
          assert.equal(c:getlocalcertificate():pem(), s:getpeercertificate():pem())
          assert.is_string(c:info "cipher")
        end)

        it("asks for a name, and gets the certificate for it", function()
          local named = assert(ssl.newcontext(pair.server_config {
            protocol = version, key = pki.ec_server.key, certificate = pki.ec_server.cert }))
          local s, c = make({ protocol = version },
                            { protocol = version, cafile = pki.ec_root.cert })
          s:settimeout(0)
          c:settimeout(0)
          s:sni({ ["some.test"] = named }, true)
          c:sni "some.test"
          assert.same({ { true }, { true } }, { shake(s, c) })
          assert.equal("some.test", s:getsniname())
          assert.equal("some.test", c:getsniname())
          assert.equal(s:getlocalcertificate():pem(), c:getpeercertificate():pem())
          assert.is_true(c:getpeerverification())
        end)

        it("waits no longer than it may, and goes on behind what came", function()
          local s, c = pair_of()
          c:send "abc"
          s:settimeout(0.001)
          local data, word, partial
          for _ = 1, 1000 do
            data, word, partial = s:receive(5, partial)
            if partial == "abc" then break end
          end
          assert.is_nil(data)
          assert.is_true(waits(word))
          assert.equal("abc", partial)
          c:send "de"
          assert.equal("abcde", receive_all(s, 5, partial))
        end)

        it("sends a part of a string, and returns how far it got", function()
          local s, c = pair_of()
          assert.same({ 4, nil, nil }, { c:send("123456", 3, -3) })
          assert.same({ 6, nil, nil }, { c:send("123456", 6) })
          assert.equal("346", receive_all(s, 3))
          assert.same({ 4, nil, nil }, { c:send("123456", 5, 4) })
          s:close()
          assert.same({ nil, "closed", 0 }, { s:send "x" })
          assert.same({ nil, "closed", 2 }, { s:send("xyz", 3) })
        end)

        it("takes keys from functions", function()
          needs.key "psk"
          local s, c = pair_of(
            { key = false, certificate = false, ciphers = "PSK",
              psk = function(identity) return identity == "me" and "secret" end },
            { ciphers = "PSK", verify = false,
              psk = function() return "me", "secret" end })
          c:send "psk\n"
          assert.equal("psk", receive_all(s, 3))
        end)

        it("refuses an untrusted peer", function()
          local s, c = make({ protocol = version }, { cafile = pki.other.cert })
          s:settimeout(0)
          c:settimeout(0)
          local at_server, at_client = shake(s, c)
          assert.same({ false, "certificate verify failed" }, at_client)
          if at_server[1] then -- TLS 1.3: the server was done before
            assert.same({ nil, "tlsv1 alert unknown ca", "" }, { s:receive() })
          else
            assert.equal("tlsv1 alert unknown ca", at_server[2])
          end
        end)
      end)
    end
  end
end)
