-- The verification of the other side's certificate, and the messages at both ends.
-- The texts of alerts are those of OpenSSL 3.0.

describe("verification in the handshake", function()
  local pair   = require "spec.support.pair"
  local pki    = require "spec.support.pki"
  local process = require "spec.support.process"
  local responses = require "spec.support.ocsp"
  local shake  = require "spec.support.shake"
  local values = require "spec.support.values"
  local wording = require "spec.support.wording"
  local needs  = require "spec.support.needs"
  local limits = require "spec.support.limits"
  local pack   = values.pack

  local FAILED = "certificate verify failed"
  local DEMAND = { "peer", "fail_if_no_peer_cert" }

  local function client_with(entry, extra)
    local cfg = { key = entry.key, certificate = entry.cert }
    for key, value in pairs(extra or {}) do cfg[key] = value end
    return cfg
  end

  teardown(process.stop_all)

  for _, version in ipairs(pair.versions) do
    describe("over " .. version, function()
      local server, client

      local function make(at_server, at_client)
        at_server.protocol = version
        server, client = pair.wrapped(at_server, at_client)
      end

      local function connect(at_server, at_client)
        make(at_server, at_client)
        assert.same({ true, true }, { shake(server, client) })
      end

      after_each(function()
        server:close()
        client:close()
      end)

      it("fails for an authority that the client does not trust", function()
        make({}, { cafile = pki.other.cert })
        assert.same({ "tlsv1 alert unknown ca", FAILED }, { shake(server, client) })
        assert.same(pack(false, FAILED), pack(client:dohandshake()))
      end)

      it("fails for an expired certificate", function()
        make({ certificate = pki.expired.cert }, {})
        assert.same({ wording "sslv3 alert certificate expired", FAILED },
                    { shake(server, client) })
      end)

      it("goes by OpenSSL's flags, which forgive", function()
        connect({ certificate = pki.expired.cert }, { verifyext = "no_check_time" })
      end)

      it("goes by OpenSSL's flags, which ask for more", function()
        needs.that(limits.strict_key_usage, "the key usage of an authority in a strict check")
        -- An authority has to say what its key is for (RFC 5280, section 4.2.1.3).
        local folder = process.folder()
        local lax = responses.authority(folder, "lax", "/CN=lax")
        local entry = responses.issue(folder, "leaf", lax, "subjectAltName = DNS:localhost\n")
        local own = { certificate = entry.cert, key = entry.key }
        connect(own, { cafile = lax.cert })
        server:close()
        client:close()
        make(own, { cafile = lax.cert, verifyext = { "x509_strict" } })
        assert.equal(FAILED, (select(2, shake(server, client))))
        assert.matches("key usage", client:lasterror().verify.text)
      end)

      -- With verify none the handshake succeeds, and the findings can be had.
      for title, case in pairs {
        ["a self-signed certificate"] = { { certificate = pki.selfsigned.cert }, {},
          wording "self-signed certificate" },
        ["an unknown authority"] = { {}, { cafile = false },
          "unable to get local issuer certificate" },
        ["an expired certificate"] = { { certificate = pki.expired.cert }, {},
          "certificate has expired" },
        ["a missing intermediate"] = { { certificate = pki.server.leaf }, {},
          "unable to get local issuer certificate" },
      } do
        it("passes over " .. title .. " with verify none, and reports it", function()
          case[2].verify = "none"
          connect(case[1], case[2])
          assert.same(pack(false, case[3]), pack(client:getpeerverification()))
          assert.same(pack(true), pack(server:getpeerverification()))
          assert.is_true(client:getpeercertificate():pem() ==
                         assert(io.open(case[1].certificate or pki.server.cert)):read "*a")
        end)
      end

      it("is true for both sides when each proves itself", function()
        connect({ certificate = pki.server.chain, cafile = pki.root.cert, verify = DEMAND },
                client_with(pki.client))
        assert.same(pack(true), pack(client:getpeerverification()))
        assert.same(pack(true), pack(server:getpeerverification()))
      end)

      -- In TLS 1.3 the client is done before the server has looked at its
      -- certificate: it learns of the refusal when it next reads.
      local function refused(why, alert)
        local at_server, at_client = shake(server, client)
        assert.equal(why, at_server)
        if version == "tlsv1_2" then
          assert.equal(alert, at_client)
        else
          assert.is_true(at_client)
          client:settimeout(10)
          assert.same(pack(nil, alert, ""), pack(client:receive()))
          assert.same(pack(nil, alert, ""), pack(client:receive()))
          assert.same(pack(nil, alert, 0), pack(client:send "x"))
        end
        assert.same(pack(false, why), pack(server:dohandshake()))
      end

      it("refuses a client without a certificate when it demands one", function()
        make({ cafile = pki.root.cert, verify = DEMAND }, {})
        refused("peer did not return a certificate",
                version == "tlsv1_2" and wording "sslv3 alert handshake failure"
                or "tlsv13 alert certificate required")
      end)

      it("D11: takes a client without a certificate when it only asks", function()
        connect({ cafile = pki.root.cert, verify = "peer" }, {})
        assert.same(pack(true), pack(server:getpeerverification()))
        assert.same(pack(nil), pack(server:getpeercertificate()))
      end)

      it("refuses a client of another authority", function()
        make({ cafile = pki.other.cert, verify = DEMAND }, client_with(pki.client))
        refused(FAILED, "tlsv1 alert unknown ca")
      end)

      it("refuses a certificate that is not for clients", function()
        make({ cafile = pki.root.cert, verify = DEMAND }, client_with(pki.wrong_usage))
        refused(FAILED, wording "sslv3 alert unsupported certificate")
      end)

      it("takes a certificate that is not for clients with lsec_ignore_purpose", function()
        connect({ cafile = pki.root.cert, verify = DEMAND, verifyext = "lsec_ignore_purpose" },
                client_with(pki.wrong_usage))
        assert.same(pack(true), pack(server:getpeerverification()))
      end)

      it("lets lsec_ignore_purpose change nothing on a client", function()
        make(client_with(pki.client), { verifyext = "lsec_ignore_purpose" })
        assert.same({ wording "sslv3 alert unsupported certificate", FAILED },
                    { shake(server, client) })
      end)

      it("refuses a revoked certificate with crl_check", function()
        make({ cafile = pki.root.with_crl, verify = DEMAND, verifyext = "crl_check" },
             client_with(pki.revoked))
        refused(FAILED, wording "sslv3 alert certificate revoked")
      end)

      it("takes a certificate that is not on the list, and a revoked one unasked", function()
        connect({ cafile = pki.root.with_crl, verify = DEMAND, verifyext = "crl_check" },
                client_with(pki.ec_client))
        server:close()
        client:close()
        connect({ cafile = pki.root.with_crl, verify = DEMAND }, client_with(pki.revoked))
      end)

      -- lsec_continue: the handshake goes on, and the errors are kept by depth + 1.
      for title, case in pairs {
        ["an unknown authority"] = { { cafile = pki.other.cert }, pki.client,
          { limits.unknown_authority } },
        ["a revoked certificate"] = { { cafile = pki.root.with_crl,
            verifyext = { "lsec_continue", "crl_check" } }, pki.revoked,
          { { "certificate revoked" } } },
        ["missing lists"] = { { cafile = pki.root.cert,
            verifyext = { "lsec_continue", "crl_check", "crl_check_chain" } }, pki.client,
          { { "unable to get certificate CRL" },
            not limits.root_needs_no_crl and { "unable to get certificate CRL" } or nil } },
        ["an unknown authority above an intermediate"] = { { cafile = pki.other.cert },
          { key = pki.client.key, cert = pki.client.chain },
          { nil, { "unable to get local issuer certificate" } } },
        ["a wrong purpose"] = { { cafile = pki.root.cert }, pki.wrong_usage,
          { { wording "unsuitable certificate purpose" } } },
      } do
        it("collects with lsec_continue: " .. title, function()
          local cfg = { verify = DEMAND, verifyext = "lsec_continue" }
          for key, value in pairs(case[1]) do cfg[key] = value end
          -- Without authorities a client sends what it was given, and no chain of its own.
          connect(cfg, client_with(case[2], { cafile = false, verify = "none" }))
          assert.same(pack(false, case[3]), pack(server:getpeerverification()))
          assert.is_false(select(2, server:getpeerverification())
                          == select(2, server:getpeerverification()))
        end)
      end

      it("collects on a client with verify none too", function()
        connect({ certificate = pki.selfsigned.cert },
                { verify = "none", verifyext = "lsec_continue" })
        assert.same(pack(false, { { wording "self-signed certificate" } }),
                    pack(client:getpeerverification()))
      end)

      it("is true with lsec_continue when there was nothing to pass over", function()
        connect({}, { verifyext = "lsec_continue" })
        assert.same(pack(true), pack(client:getpeerverification()))
      end)

      it("counts the intermediates against depth", function()
        make({ certificate = pki.server.chain }, { depth = 0 })
        assert.equal(FAILED, select(2, shake(server, client)))
        server:close()
        client:close()
        connect({ certificate = pki.server.chain }, { depth = 1 })
        server:close()
        client:close()
        connect({ certificate = pki.server.chain }, { depth = 0, verifyext = "lsec_continue" })
        assert.same({ [2] = limits.too_long },
                    (select(2, client:getpeerverification())))
      end)
    end)
  end
end)
