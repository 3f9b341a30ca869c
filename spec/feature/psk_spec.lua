-- Pre-shared keys: the arguments of the program's functions, and the effect of results.

describe("psk", function()
  local pair    = require "spec.support.pair"
  local shake   = require "spec.support.shake"
  local values  = require "spec.support.values"
  local context = require "ssl.context"
  local ssl     = require "ssl"
  local wording = require "spec.support.wording"
  local limits  = require "spec.support.limits"
  local needs = require "spec.support.needs"
  local it = needs.each(it, require("ssl.feature.psk").supported, "pre-shared keys")
  local pack    = values.pack

  local KEY = ("\0k"):rep(16)
  local NONE = { key = false, certificate = false }
  -- TLS 1.3 takes a key with suites of SHA-256 alone.
  local SUITE, SHA256 = "ECDHE-PSK-CHACHA20-POLY1305", "TLS_AES_128_GCM_SHA256"

  local function key() return KEY end
  local function me() return "me", KEY end

  local function over(base, more)
    for name, value in pairs(more or {}) do base[name] = value end
    return base
  end

  for _, version in ipairs(pair.versions) do
    local old = version == "tlsv1_2"
    describe("over " .. version, function()
      local server, client
      after_each(function()
        -- Without pre-shared keys the tests are skipped.
        if server then server:close() end
        if client then client:close() end
      end)

      -- Both handshakes, with a server that has no certificate unless `more` has one.
      local function meet(at_server, at_client, more, client_more)
        server, client = pair.wrapped(
          over({ psk = at_server, protocol = version }, more or NONE),
          over({ psk = at_client, protocol = version }, client_more))
        return { shake(server, client) }
      end

      local function through()
        server:send "through\n"
        client:settimeout(10)
        assert.equal("through", (client:receive()))
      end

      -- Both sides have proved the key, so no certificate was sent.
      local function by_key(result)
        assert.same({ true, true }, result)
        assert.is_nil(client:getpeercertificate())
        assert.is_nil(server:getpeercertificate())
        through()
      end

      local function by_certificate(result)
        assert.same({ true, true }, result)
        assert.truthy(client:getpeercertificate())
        through()
      end

      -- The messages of a server and a client whose keys do not match.
      local NO_KEY_AT_SERVER = old
        and { "psk identity not found", "tlsv1 alert unknown psk identity" }
        or { "no suitable signature algorithm", wording "sslv3 alert handshake failure" }
      local NO_KEY_AT_CLIENT = old
        and { wording "sslv3 alert handshake failure", "psk identity not found" }
        or NO_KEY_AT_SERVER
      local DIFFERENT = old
        and { "decryption failed or bad record mac", wording "sslv3 alert bad record mac" }
        or { "binder does not verify", wording "sslv3 alert illegal parameter" }

      it("connects without any certificate, and calls the functions with the limits", function()
        local at_server, at_client
        by_key(meet(function(...)
          at_server = pack(...)
          return KEY
        end, function(...)
          at_client = pack(...)
          return "me", KEY
        end))
        assert.same(pack("me", limits.psk_key), at_server)
        assert.same(pack(nil, limits.psk_identity, limits.psk_key), at_client)
      end)

      it("gives a hint to clients of TLS 1.2, and none to others", function()
        local hint
        by_key(meet({ hint = "a hint", callback = key }, function(given)
          hint = given
          return "me", KEY
        end))
        assert.equal(old and "a hint" or nil, hint)
      end)

      it("takes a table without a hint", function()
        by_key(meet({ callback = key }, me))
      end)

      it("takes an identity and a key as long as can be, and of one byte", function()
        for _, case in ipairs { { ("i"):rep(limits.psk_identity), ("k"):rep(limits.psk_key) },
                               { "i", "k" } } do
          local identity
          by_key(meet(function(given)
            identity = given
            return case[2]
          end, function() return case[1], case[2] end))
          assert.equal(case[1], identity)
          server:close()
          client:close()
        end
      end)

      it("takes numbers for strings", function()
        local identity
        by_key(meet(function(given)
          identity = given
          return 1234
        end, function() return 7, "1234" end))
        assert.equal("7", identity)
        server:close()
        client:close()
        by_key(meet(function() return "1234" end, function() return "7", 1234 end))
      end)

      for title, bad in pairs { ["nothing"] = false, ["an empty string"] = "",
                                ["a byte too many"] = ("k"):rep(limits.psk_key + 1),
                                ["a table"] = {}, ["a boolean"] = true } do
        it("has no key where a function answers " .. title, function()
          assert.same(NO_KEY_AT_SERVER, meet(function() return bad or nil end, me))
          assert.same(pack(false, NO_KEY_AT_SERVER[1]), pack(server:dohandshake()))
          server:close()
          client:close()
          assert.same(NO_KEY_AT_CLIENT, meet(key, function() return "me", bad or nil end))
          server:close()
          client:close()
          local identity = type(bad) == "string" and bad:sub(1, 256) or bad or nil
          assert.same(NO_KEY_AT_CLIENT, meet(key, function() return identity, KEY end))
        end)
      end

      it("does not cut an identity at a NUL", function()
        local asked = false
        assert.same(NO_KEY_AT_CLIENT, meet(function()
          asked = true
          return KEY
        end, function() return "me\0you", KEY end))
        assert.is_false(asked)
      end)

      it("fails where the keys differ", function()
        assert.same(DIFFERENT, meet(key, function() return "me", KEY .. "x" end))
      end)

      it("goes on with certificates where there is no key, and asks", function()
        local asked = 0
        by_certificate(meet(function()
          asked = asked + 1
        end, me, {}, { ciphersuites = SHA256 }))
        assert.equal(old and 0 or 1, asked)
        server:close()
        client:close()
        by_certificate(meet(key, function() end, {}, { ciphersuites = SHA256 }))
      end)

      describe("without verify", function()
        local MISSING = "no pre-shared key was agreed on, and without verify "
                        .. "no certificate is accepted"
        local function none() end

        -- The server has a certificate that the client's authority has signed.
        local function alone(at_server, more)
          local cfg = { verify = false, ciphersuites = SHA256 }
          for name, value in pairs(more or {}) do cfg[name] = value end
          return meet(at_server, me, pair.rsa(), cfg)
        end

        it("takes no certificate in place of a key, however good", function()
          for _, at_server in ipairs { false, none } do
            for _, extra in ipairs { {}, { cafile = false }, { verifyext = "lsec_continue" } } do
              local out = alone(at_server, extra)
              assert.same({ wording "sslv3 alert handshake failure", MISSING }, out)
              local failure = client:lasterror()
              assert.equal(MISSING, failure.message)
              assert.equal("sent", failure.alert.direction)
              assert.same(pack(false, MISSING), pack(client:dohandshake()))
              server:close()
              client:close()
            end
          end
        end)

        it("goes on with a key as before", function()
          by_key(alone(key, { ciphers = SUITE }))
        end)

        it("goes on with certificates where verify is given", function()
          for _, extra in ipairs { { verify = "none", cafile = false }, { verify = "peer" },
                                   { purpose = "sslserver" },
                                   { cafile = false, onverify = function() return true end } } do
            by_certificate(alone(none, extra))
            server:close()
            client:close()
          end
          assert.equal("certificate verify failed",
                       alone(none, { cafile = false, purpose = "sslserver" })[2])
        end)

        it("takes none by the functions of ssl.context either, before or behind setverify",
           function()
          local function made(set)
            local ctx = assert(context.create(version))
            assert(context.setmode(ctx, "client"))
            for _, f in ipairs(set) do f(ctx) end
            server, client = pair.wrapped({ psk = none, protocol = version }, ctx)
            local out = { shake(server, client) }
            local result = out[2]
            server:close()
            client:close()
            return result
          end
          local function give(ctx) context.setclientpskcb(ctx, me) end
          local function any(ctx) context.setverify(ctx, "none") end
          local function nothing(ctx) context.setverify(ctx) end
          for _, set in ipairs { { give }, { nothing, give }, { give, nothing } } do
            assert.equal(MISSING, made(set))
          end
          for _, set in ipairs { { give, any }, { any, give } } do
            assert.is_true(made(set))
          end
          server, client = pair.wrapped()
        end)

        if old then
          -- RFC 4279, section 4.
          it("takes the certificate that comes beside a key, unverified", function()
            local out = alone(key, { ciphers = "RSA-PSK-AES128-CBC-SHA256", cafile = false })
            assert.same({ true, true }, out)
            assert.truthy(client:getpeercertificate())
            assert.is_false((client:getpeerverification()))
            through()
          end)
        end
      end)

      it("is no session that was resumed, and sessions made with it are", function()
        local function known(identity) return identity == "me" and KEY or nil end
        local function context_of(more)
          return assert(ssl.newcontext(over({ protocol = version, psk = known,
                                              ciphersuites = SHA256 }, more)))
        end
        local function server_context()
          return context_of(over({ mode = "server" }, NONE))
        end
        local first, other = server_context(), server_context()
        local at_client = context_of { mode = "client", psk = me }
        local session
        -- The second server cannot read the first one's tickets, and has the key.
        for i, at_server in ipairs { first, first, other } do
          server, client = pair.wrapped(at_server, at_client)
          if session then assert.is_true(client:setsession(session)) end
          assert.same({ true, true }, { shake(server, client) })
          for _ = 1, 2 do -- tickets come between the two
            for _, conn in ipairs { server, client } do
              assert.equal(i == 2, conn:resumed())
              assert.equal(i == 2, conn:info "resumed")
            end
            through()
          end
          session = assert(client:getsession())
          server:close()
          client:close()
        end
      end)

      it("comes before the certificate where the suite allows it", function()
        by_key(meet(key, me, {}, { ciphers = SUITE, ciphersuites = SHA256 }))
        assert.equal(old and SUITE or SHA256, (client:info "cipher"))
      end)

      it("is of no use to one side alone", function()
        by_certificate(meet(key, nil, {}))
        server:close()
        client:close()
        by_certificate(meet(nil, me, {}))
      end)

      it("holds by the context that the server name chose", function()
        local with = assert(ssl.newcontext(over(pair.server_config(NONE),
          { protocol = version, psk = key })))
        server, client = pair.wrapped(over({ protocol = version }, NONE),
                                      { protocol = version, psk = me })
        server:sni { ["psk.test"] = with }
        client:sni "psk.test"
        by_key { shake(server, client) }
      end)

      it("is asked of the functions as they are now, by one context again and again", function()
        local ctx = assert(ssl.newcontext(over(pair.server_config(NONE),
          { protocol = version, psk = function() end })))
        context.setserverpskcb(ctx, key)
        for _ = 1, 3 do
          server, client = pair.wrapped(ctx, { protocol = version, psk = me })
          by_key { shake(server, client) }
          server:close()
          client:close()
        end
      end)
    end)
  end
end)
