-- Stapled OCSP responses between our own two ends: what a client accepts, what a
-- server staples, and that a refusal comes before any data.

describe("OCSP stapling", function()
  local ssl       = require "ssl"
  local house     = require "spec.support.init"
  local process   = require "spec.support.process"
  local pair      = require "spec.support.pair"
  local pki       = require "spec.support.pki"
  local responses = require "spec.support.ocsp"
  local shake     = require "spec.support.shake"
  local values    = require "spec.support.values"
  local lib       = require "ssl.ffi.lib"
  local needs     = require "spec.support.needs"
  local limits    = require "spec.support.limits"
  local it = needs.each(it, require("ssl.feature.stapling").supported, "stapling")

  local DAY = 86400
  local ALERT = "tlsv1 bad certificate status response"
  local folder, featured, staples

  local function make(more)
    local recipe = { cert = pki.server.cert, issuer = pki.root.cert, signer = pki.root }
    for key, value in pairs(more or {}) do recipe[key] = value end
    return responses.make(recipe)
  end

  setup(function()
    folder = process.folder()
    featured = responses.issue(folder, "featured", pki.root, [[
subjectAltName = DNS:localhost
tlsfeature = status_request
]])
    staples = {
      good    = make(),
      revoked = make { status = "revoked", reason = 1 },
      unknown = make { status = "unknown" },
      expired = make { from = -3 * DAY, till = -2 * DAY },
      early   = make { from = DAY, till = 2 * DAY },
      other   = make { cert = pki.client.cert },
      forged  = make { signer = pki.other },
    }
  end)

  teardown(process.stop_all)

  local server, client
  after_each(function()
    if server then server:close() client:close() end
    server, client = nil, nil
    assert.equal(0, tonumber(lib.C.ERR_peek_error()))
  end)

  for _, version in ipairs(pair.versions) do
    local function meet(at_server, at_client)
      at_server.protocol, at_client.protocol = version, version
      server, client = pair.wrapped(at_server, at_client)
      return { shake(server, client) }
    end

    local function refused(words, at_server, wish)
      local out = meet(at_server, { ocsp = wish or "require" })
      assert.equal(ALERT, out[1])
      assert.matches(words, out[2])
      -- The message stays, and nothing is received or sent.
      assert.same({ false, out[2] }, { client:dohandshake() })
      assert.same({ nil, out[2], "" }, { client:receive(1) })
      assert.is_nil((client:send "x"))
      assert.equal(out[2], client:lasterror().message)
      assert.same({ nil, "closed" }, { client:getocspresponse() })
      assert.is_nil((server:receive(1)))
      server:close()
      client:close()
    end

    describe("over " .. version, function()
      it("goes on with a good response, which both ends can see", function()
        for _, wish in ipairs { "request", "require" } do
          assert.same({ true, true }, meet({ ocspresponse = staples.good }, { ocsp = wish }))
          assert.same({ staples.good, "good" }, { client:getocspresponse() })
          assert.same({ n = 1, staples.good }, values.pack(server:getocspresponse()))
          assert.equal(5, client:send "hello")
          server:close()
          client:close()
        end
      end)

      it("refuses every other response, with any value", function()
        needs.that(not limits.staples_checked, "a server that sends any staple")
        for _, wish in ipairs { "request", "require" } do
          for name, words in pairs {
            revoked = "^OCSP: the certificate was revoked %(keyCompromise%)$",
            unknown = "^OCSP: the responder does not know the certificate$",
            expired = "^OCSP: the response has expired on .* GMT$",
            early   = "^OCSP: the response is not valid before .* GMT$",
            other   = "^OCSP: the response is about another certificate$",
            forged  = "^OCSP: the response is not signed by the issuer or on its behalf %(.*%)$",
          } do
            refused(words, { ocspresponse = staples[name] }, wish)
          end
        end
      end)

      -- TLS 1.3 has no such suites.
      if version == "tlsv1_2" then
        it("refuses a server without a certificate, unless a shared key proves it", function()
          local key = ("k"):rep(16)
          local function suites(list)
            return { key = false, certificate = false, ciphers = list .. ":@SECLEVEL=0",
                     psk = function() return key end }
          end
          local out = meet(suites "AECDH-AES128-SHA",
                           { ocsp = "require", ciphers = "AECDH-AES128-SHA:@SECLEVEL=0" })
          assert.equal("OCSP: the server has shown no certificate", out[2])
          assert.equal(ALERT, out[1])
          server:close()
          client:close()
          for _, list in ipairs { "ECDHE-PSK-AES128-CBC-SHA", "PSK-AES128-CBC-SHA" } do
            local cfg = { ocsp = "require", ciphers = list .. ":@SECLEVEL=0",
                          psk = function() return "me", key end }
            assert.same({ true, true }, meet(suites(list), cfg))
            server:close()
            client:close()
          end
        end)
      end

      it("refuses bytes that are no response, and one with a changed byte", function()
        needs.that(not limits.staples_checked, "a server that sends any staple")
        -- Without the signer's certificate, which no signature covers.
        local der = make { bare = true }
        local changed = { "", "garbage", der:sub(1, -2), der .. "\0", ("\48"):rep(16380) }
        for at = 1, #der, house.scale(97, 499) do
          changed[#changed + 1] = der:sub(1, at - 1)
            .. string.char(bit.bxor(der:byte(at), 0x20)) .. der:sub(at + 1)
        end
        for i, text in ipairs(changed) do
          refused("^OCSP: ", { ocspresponse = function() return text end },
                  i == 1 and "require" or "request")
        end
      end)

      it("refuses no response where one is required", function()
        refused("^OCSP: the server has stapled no response$", {})
        refused("^OCSP: the server has stapled no response$",
                { ocspresponse = function() end })
      end)

      it("goes on without a response where it was only wished for", function()
        assert.same({ true, true }, meet({}, { ocsp = "request" }))
        assert.same({ n = 1, nil }, values.pack(client:getocspresponse()))
      end)

      it("does not ask without the key, and then gets none", function()
        assert.same({ true, true }, meet({ ocspresponse = staples.good }, {}))
        assert.is_nil((client:getocspresponse()))
      end)

      it("takes a responder's error for no response", function()
        local later = "\48\3\10\1\3"
        assert.same({ true, true }, meet({ ocspresponse = function() return later end },
                                         { ocsp = "request" }))
        assert.same({ n = 1, later }, values.pack(client:getocspresponse()))
        server:close()
        client:close()
        refused("^OCSP: the responder reports an error %(trylater%)$",
                { ocspresponse = function() return later end })
      end)

      it("insists on a response where the certificate does", function()
        local entry = { certificate = featured.cert, key = featured.key }
        refused("^OCSP: the certificate demands a stapled response, and there is none$",
                entry, "request")
        entry.ocspresponse = function() return "\48\3\10\1\3" end
        refused("^OCSP: the responder reports an error %(trylater%)$", entry, "request")
        entry.ocspresponse = make { cert = featured.cert }
        assert.same({ true, true }, meet(entry, { ocsp = "request" }))
        server:close()
        client:close()
        -- A client that does not ask cannot miss it.
        assert.same({ true, true }, meet({ certificate = featured.cert, key = featured.key }, {}))
      end)

      it("judges by the intermediate authority that issued the certificate", function()
        local entry = { certificate = pki.server.chain }
        local recipe = { cert = pki.server.leaf, issuer = pki.intermediate.cert,
                         signer = pki.intermediate }
        entry.ocspresponse = responses.make(recipe)
        assert.same({ true, true }, meet(entry, { ocsp = "require" }))
        server:close()
        client:close()
        recipe.signer = pki.root
        entry.ocspresponse = responses.make(recipe)
        refused("^OCSP: the response is not signed", entry)
      end)

      it("asks the server's function with the connection and its certificate", function()
        local seen
        assert.same({ true, true }, meet({ ocspresponse = function(conn, cert)
          seen = { conn == server, cert:pem() }
          return staples.good
        end }, { ocsp = "require" }))
        assert.same({ true, ssl.loadcertificate(process.read(pki.server.cert)):pem() }, seen)
      end)

      it("asks for the certificate that the handshake chose", function()
        local good = responses.make { cert = pki.ec_server.cert, issuer = pki.ec_root.cert,
                                      signer = pki.ec_root }
        local rsa = ssl.loadcertificate(process.read(pki.rsa_server.cert)):digest()
        local config = {
          certificates = { { certificate = pki.rsa_server.cert, key = pki.rsa_server.key },
                           { certificate = pki.ec_server.cert, key = pki.ec_server.key } },
          ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
          ocspresponse = function(_, cert)
            return cert:digest() == rsa and staples.good or good
          end,
        }
        config.key, config.certificate = false, false
        assert.same({ true, true }, meet(config, { ocsp = "require", cafile = pki.ec_root.cert }))
        assert.equal(good, (client:getocspresponse()))
      end)

      it("lets the server's function yield, and answers \"busy\" meanwhile", function()
        server, client = pair.wrapped({ protocol = version, ocspresponse = function()
          coroutine.yield "asked"
          coroutine.yield "asked"
          return staples.good
        end }, { protocol = version, ocsp = "require" })
        server:settimeout(0)
        client:settimeout(0)
        local questions = 0
        local at_server = coroutine.create(function()
          local ok, word
          repeat
            ok, word = server:dohandshake()
            if not ok then coroutine.yield(word) end
          until ok
          return "done"
        end)
        local word, ok
        repeat
          word = select(2, assert(coroutine.resume(at_server)))
          if word == "asked" then
            questions = questions + 1
            assert.same({ false, "busy" }, { server:dohandshake() })
          end
          ok = client:dohandshake() or ok
        until word == "done"
        while not ok do ok = client:dohandshake() end
        assert.equal(2, questions)
        assert.same({ staples.good, "good" }, { client:getocspresponse() })
      end)

      it("hands on what the server's function raises, and refuses the client", function()
        server, client = pair.wrapped({ protocol = version,
                                        ocspresponse = function() error("no answer", 0) end },
                                      { protocol = version, ocsp = "request" })
        local ok, problem = pcall(shake, server, client)
        assert.same({ false, "no answer" }, { ok, problem })
        assert.same({ false, "callback failed" }, { server:dohandshake() })
        assert.same({ false, "tlsv1 alert internal error" }, { client:dohandshake() })
      end)

      it("raises for a function that returns something else", function()
        local function wrong() return {} end
        server, client = pair.wrapped({ protocol = version, ocspresponse = wrong },
                                      { protocol = version, ocsp = "request" })
        local ok, problem = pcall(shake, server, client)
        assert.is_false(ok)
        assert.matches("the function ocspresponse has to return a string or nil", problem, 1, true)
      end)

      it("raises for a function that returns more than a message holds", function()
        server, client = pair.wrapped({ protocol = version, ocspresponse = function()
          return ("\48"):rep(16381)
        end }, { protocol = version, ocsp = "request" })
        local ok, problem = pcall(shake, server, client)
        assert.is_false(ok)
        assert.matches("the function ocspresponse returned more than 16380 bytes", problem, 1, true)
      end)

      it("survives a function that closes the connection", function()
        server, client = pair.wrapped({ protocol = version, ocspresponse = function(conn)
          conn:close()
          return staples.good
        end }, { protocol = version, ocsp = "request" })
        local out = { shake(server, client) }
        assert.equal("closed", out[1])
        assert.is_string(out[2])
      end)

      it("staples by the context that the server name chose", function()
        local other = assert(ssl.newcontext(pair.server_config {
          protocol = version, certificate = featured.cert, key = featured.key,
          ocspresponse = make { cert = featured.cert } }))
        local plain = assert(ssl.newcontext(pair.server_config { protocol = version }))
        for name, expected in pairs { featured = true, plain = false } do
          server, client = pair.wrapped({ protocol = version, ocspresponse = staples.good },
                                        { protocol = version, ocsp = "request" })
          server:sni { featured = other, plain = plain }
          client:sni(name)
          assert.same({ true, true }, { shake(server, client) })
          assert.equal(expected, client:getocspresponse() ~= nil)
          server:close()
          client:close()
        end
      end)

      it("judges beside an onverify of the client's", function()
        local asked = 0
        local function onverify(_, ok)
          asked = asked + 1
          return ok
        end
        assert.same({ true, true }, meet({ ocspresponse = staples.good },
                                         { ocsp = "require", onverify = onverify }))
        assert.is_true(asked > 0)
        server:close()
        client:close()
        local out = meet({ ocspresponse = staples.revoked },
                         { ocsp = "require", onverify = onverify })
        assert.matches("^OCSP: the certificate was revoked", out[2])
      end)

      it("reports the certificate's mistake before it checks the response", function()
        local out = meet({ ocspresponse = staples.good, certificate = pki.other_server.cert },
                         { ocsp = "require" })
        assert.equal("certificate verify failed", out[2])
      end)

      it("wants no response of a resumed handshake, and no session made without one", function()
        local staple = staples.good
        local at_server = assert(ssl.newcontext(pair.server_config {
          protocol = version, ocspresponse = function() return staple end }))
        local function context(wish)
          return assert(ssl.newcontext(pair.client_config { protocol = version, ocsp = wish }))
        end
        local strict, lax = context "require", context(nil)
        local function visit(ctx, session)
          server, client = pair.wrapped(at_server, ctx)
          local fits, why
          if session then fits, why = client:setsession(session) end
          local out = { shake(server, client) }
          local resumed, new = client:resumed(), nil
          if out[2] == true then
            server:send "x"
            client:receive(1)
            new = client:getsession()
          end
          server:close()
          client:close()
          return { out[2], resumed, new, fits, why }
        end
        local first = visit(strict)
        assert.same({ true, false }, { first[1], first[2] })
        staple = nil
        local second = visit(strict, first[3])
        assert.same({ true, true }, { second[1], second[2] })
        assert.equal("OCSP: the server has stapled no response", visit(strict)[1])
        local careless = visit(lax)
        local refused_session = visit(strict, careless[3])
        assert.same({ "OCSP: the server has stapled no response", "session of another "
                      .. "verification policy" }, { refused_session[1], refused_session[5] })
      end)

      it("judges an unverified certificate by the issuer that the server shows", function()
        local entry = { certificate = pki.server.chain, ocspresponse = responses.make {
          cert = pki.server.leaf, issuer = pki.intermediate.cert, signer = pki.intermediate } }
        local blind = { ocsp = "require", verifyext = "lsec_continue", cafile = false }
        assert.same({ true, true }, meet(entry, blind))
        server:close()
        client:close()
        local out = meet({ ocspresponse = staples.good }, blind)
        assert.equal("OCSP: the issuer of the certificate is not known", out[2])
      end)

      it("does not take a certificate with its name for the issuer", function()
        local namesake = responses.authority(folder, "namesake", "/O=luasec-ffi specs/CN=Root")
        local text = process.read(pki.server.cert)
        local forged = make { issuer = namesake.cert, signer = namesake }
        for _, trusting in ipairs {
          { cafile = pki.server.cert, partialchain = true },
          { cafile = pki.other.cert, onverify = function() return true end },
          { cafile = pki.other.cert, verifyext = "lsec_continue" },
        } do
          trusting.ocsp = "require"
          local out = meet({ certificate = text .. process.read(namesake.cert),
                             ocspresponse = forged }, trusting)
          assert.same({ ALERT, "OCSP: the issuer of the certificate is not known" }, out)
          server:close()
          client:close()
          assert.same({ true, true }, meet({ certificate = text .. process.read(pki.root.cert),
                                             ocspresponse = staples.good }, trusting))
          server:close()
          client:close()
        end
      end)
    end)
  end

  describe("in newcontext", function()
    local function why(config)
      local ctx, message = ssl.newcontext(config)
      assert.is_nil(ctx)
      return message
    end

    it("refuses what cannot be", function()
      assert.equal('invalid ocsp ("request" or "require" expected)',
                   why(pair.client_config { ocsp = "maybe" }))
      assert.equal('invalid ocsp ("request" or "require" expected)',
                   why(pair.client_config { ocsp = true }))
      assert.equal("invalid ocsp (it is for clients)", why(pair.server_config { ocsp = "request" }))
      assert.equal("invalid ocspresponse (it is for servers)",
                   why(pair.client_config { ocspresponse = staples.good }))
      assert.equal("invalid ocspresponse (string or function expected)",
                   why(pair.server_config { ocspresponse = true }))
      assert.equal("invalid ocspresponse (the response is malformed)",
                   why(pair.server_config { ocspresponse = "response.der" }))
      assert.equal("invalid ocspresponse (longer than 16380 bytes)",
                   why(pair.server_config { ocspresponse = ("x"):rep(16381) }))
      assert.equal("invalid ocspresponse (the responder reports an error (trylater))",
                   why(pair.server_config { ocspresponse = "\48\3\10\1\3" }))
    end)
  end)
end)
