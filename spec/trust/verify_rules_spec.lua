-- Verification has one result at all places: names, and invalid signatures.

describe("verification", function()
  local certs   = require "spec.support.certs"
  local made    = require "spec.support.made"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local limits  = require "spec.support.limits"
  local process = require "spec.support.process"
  local shake   = require "spec.support.shake"
  local values  = require "spec.support.values"
  local wording = require "spec.support.wording"
  local ssl     = require "ssl"
  local https   = require "ssl.https"
  local house   = require "spec.support.init"
  local web     = require "spec.support.web"

  teardown(process.stop_all)

  local function file(text)
    return process.write(process.folder() .. "/made.pem", text)
  end

  describe("takes the common name", function()
    local BESIDE = {
      ["nothing"]            = { true },
      ["an e-mail address"]  = { false, "email:x@localhost" },
      ["another address"]    = { false, "IP:127.0.0.9" },
      ["a URI"]              = { false, "URI:https://localhost/" },
      ["an otherName"]       = { false, "otherName:1.2.3.4;UTF8:x" },
      ["an empty list"]      = { false, "DER:3000" },
      ["another DNS name"]   = { false, "DNS:other.test" },
    }

    local function certificate(names)
      local extensions = "basicConstraints = critical, CA:TRUE"
      if names then extensions = extensions .. "\nsubjectAltName = " .. names end
      return file(certs.make { subject = "CN = localhost", extensions = extensions })
    end

    -- The places where a name is demanded: each returns whether it was proven.
    local function shaken(server, client)
      local at_server, at_client = shake(server, client)
      if at_client ~= true then
        assert.equal("certificate verify failed", at_client)
        assert.is_true(client:lasterror().verify.misnamed)
      end
      server:close()
      client:close()
      return at_client == true, at_server
    end

    local function by_method(cert, version)
      local server, client = pair.wrapped(
        { certificate = cert, key = certs.key(), protocol = version },
        { cafile = cert, protocol = version })
      assert(client:setverifyname "localhost")
      return (shaken(server, client))
    end

    local function by_key(cert, version)
      local server, client = pair.wrapped(
        { certificate = cert, key = certs.key(), protocol = version },
        { cafile = cert, protocol = version, servername = "localhost" })
      return (shaken(server, client))
    end

    local function by_check(cert)
      return (ssl.checkhostname(assert(ssl.loadcertificate(process.read(cert))), "localhost"))
    end

    local function by_https(cert)
      local server = web.start { routes = [[ default = function(conn) ok(conn, "hello") end ]],
                                 entry = { cert = cert, key = certs.key() } }
      local body, why = https.request { url = ("https://localhost:%d/"):format(server.port),
                                        cafile = cert }
      server:stop()
      if not body then assert.matches("the certificate is not for localhost", why) end
      return body ~= nil
    end

    for _, beside in ipairs(values.some(BESIDE, house.scale(1, 3))) do
      local case = BESIDE[beside]
      it(("beside %s %s, in every place that asks"):format(beside, case[1] and "" or "never"),
         function()
        local cert = certificate(case[2])
        for _, version in ipairs(pair.versions) do
          assert.equal(case[1], by_method(cert, version))
          assert.equal(case[1], by_key(cert, version))
        end
        assert.equal(case[1], by_check(cert))
        assert.equal(case[1], by_https(cert))
      end)
    end

    it("of the peer alone, with any name demanded before", function()
      local cert = certificate()
      local server, client = pair.wrapped({ certificate = cert, key = certs.key() },
                                          { cafile = cert })
      assert(client:setverifyname "localhost")
      assert(client:setverifyname "127.0.0.1")
      local _, why = shake(server, client)
      assert.equal("certificate verify failed", why)
      server:close()
      client:close()
    end)
  end)

  describe("reports the depth of", function()
    local REFUSED = {
      ["a revoked certificate"] = { pki.revoked, "certificate revoked" },
      ["a certificate for another use"] = { pki.wrong_usage, "unsuitable certificate purpose" },
    }

    for _, version in ipairs(pair.versions) do
      for what, case in pairs(REFUSED) do
        it(what .. ", which is the peer's own, over " .. version, function()
          local s, c = pair.wrapped({ protocol = version, cafile = pki.root.cert,
                                      crl = pki.root.crl,
                                      verify = { "peer", "fail_if_no_peer_cert" } },
                                    { protocol = version, key = case[1].key,
                                      certificate = case[1].cert })
          shake(s, c)
          local verify = s:lasterror().verify
          assert.same({ wording(case[2]), 0 }, { verify.text, verify.depth })
          s:close()
          c:close()
        end)
      end
    end
  end)

  describe("reports a forged signature as a refused certificate", function()
    local function failure(server, client)
      local s, c = pair.wrapped(server, client)
      local _, why = shake(s, c)
      local problem = c:lasterror()
      s:close()
      c:close()
      assert.equal("certificate verify failed", (why:gsub(": .*", "")))
      assert.equal("certificate verify failed", problem.reason)
      if limits.tells_own_alerts[client.protocol] then
        assert.equal("sent", problem.alert.direction)
      end
      return problem.verify, why
    end

    local function leaf(version)
      return { certificate = file(certs.forged(pki.server.cert)), key = pki.server.key,
               protocol = version }
    end

    for _, version in ipairs(pair.versions) do
      it("of the peer's own certificate, over " .. version, function()
        local verify, why = failure(leaf(version), { protocol = version, explain = true })
        assert.same({ "certificate signature failure", limits.forged_depth, false },
                    { verify.text, verify.depth, verify.untrusted })
        assert.truthy(why:find("certificate signature failure (depth " .. limits.forged_depth, 1,
                               true))
      end)

      it("of an intermediate authority, over " .. version, function()
        local chain = process.read(pki.server.leaf) .. certs.forged(pki.intermediate.cert)
        local verify = failure({ certificate = file(chain), key = pki.server.key,
                                 protocol = version }, { protocol = version })
        assert.same({ "certificate signature failure", 1 + limits.forged_depth },
                    { verify.text, verify.depth })
      end)

      it("of a list of revoked certificates, over " .. version, function()
        local der = made.der("crl", pki.root.crl)
        local list = ssl.der(der:sub(1, -2) .. string.char((der:byte(#der) + 1) % 256))
        local verify = failure({ protocol = version }, { protocol = version, crl = list })
        assert.same({ "CRL signature failure", 0 }, { verify.text, verify.depth })
      end)
    end

    it("with the message of ssl.https, which then has no advice", function()
      local server = web.start { routes = [[ default = function(conn) ok(conn, "hello") end ]],
                                 entry = { cert = leaf().certificate, key = pki.server.key } }
      local url = ("https://localhost:%d/"):format(server.port)
      local body, why = https.request { url = url, cafile = pki.root.cert }
      assert.is_nil(body)
      assert.equal("certificate verify failed (certificate signature failure)", why)
    end)
  end)

  it("of ssl.https has advice for an untrusted authority, and for no other failure",
     function()
    local function refusal(entry, more)
      local server = web.start { routes = [[ default = function(conn) ok(conn, "hello") end ]],
                                 entry = entry }
      local request = { url = ("https://localhost:%d/"):format(server.port),
                        cafile = pki.root.cert }
      for key, value in pairs(more or {}) do request[key] = value end
      local body, why = https.request(request)
      assert.is_nil(body)
      server:stop()
      return why
    end
    local of_server = made.crl { cert = pki.root.cert, key = pki.root.key,
                                 revoked = pki.server.cert }
    assert.equal("certificate verify failed (certificate has expired)", refusal(pki.expired))
    assert.equal("certificate verify failed (certificate revoked)",
                 refusal({ cert = pki.server.cert, key = pki.server.key }, { crl = of_server }))
    assert.equal("certificate verify failed (unable to get certificate CRL)",
                 refusal({ cert = pki.server.cert, key = pki.server.key }, {
                   crl = made.crl { cert = pki.other.cert, key = pki.other.key } }))
    assert.matches('verify = "none"', refusal(pki.other_server))
    assert.matches('verify = "none"', refusal(pki.selfsigned))
  end)
end)
