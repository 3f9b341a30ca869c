-- ssl.ocsp: requests, and the judgement of responses.

describe("ssl.ocsp", function()
  local ssl       = require "ssl"
  local house     = require "spec.support.init"
  local process   = require "spec.support.process"
  local pki       = require "spec.support.pki"
  local responses = require "spec.support.ocsp"
  local values    = require "spec.support.values"
  local lib       = require "ssl.ffi.lib"
  local ocsp      = ssl.ocsp

  local DAY = 86400
  local UNSIGNED = "the response is not signed by the issuer or on its behalf"

  local function load(path) return ssl.loadcertificate(process.read(path)) end

  local cert, issuer = load(pki.server.cert), load(pki.root.cert)
  local folder, delegate, impostor

  setup(function()
    folder = process.folder()
    delegate = responses.issue(folder, "delegate", pki.root, "extendedKeyUsage = OCSPSigning")
    impostor = responses.issue(folder, "impostor", pki.root, "extendedKeyUsage = serverAuth")
  end)

  teardown(process.stop_all)

  after_each(function()
    assert.equal(0, tonumber(lib.C.ERR_peek_error()))
  end)

  local function make(more)
    local recipe = { cert = pki.server.cert, issuer = pki.root.cert, signer = pki.root }
    for key, value in pairs(more or {}) do recipe[key] = value end
    return responses.make(recipe)
  end

  -- Called by its name, which is in the message.
  local function misuse(name, ...)
    local arguments = values.pack(...)
    return values.raised(function()
      if name == "request" then ocsp.request(unpack(arguments, 1, arguments.n))
      else ocsp.check(unpack(arguments, 1, arguments.n)) end
    end)
  end

  local function refused(der, options, subject, authority)
    local results = values.pack(ocsp.check(der, subject or cert, authority or issuer, options))
    assert.equal(2, results.n)
    assert.is_nil(results[1])
    return results[2]
  end

  describe("request", function()
    it("makes the bytes that openssl ocsp makes", function()
      local file = folder .. "/request"
      process.capture(("openssl ocsp -issuer '%s' -cert '%s' -no_nonce -reqout '%s' 2>&1"):format(
        pki.root.cert, pki.server.cert, file))
      assert.equal(process.read(file), ocsp.request(cert, issuer))
    end)

    it("adds a nonce on request, another each time", function()
      local a, b = ocsp.request(cert, issuer, { nonce = true }),
                   ocsp.request(cert, issuer, { nonce = true })
      assert.is_true(#a > #ocsp.request(cert, issuer))
      assert.are_not.equal(a, b)
    end)

    it("raises for a value that is no certificate", function()
      assert.equal("bad argument #1 to 'request' (SSL:Certificate expected, got string)",
                   misuse("request", "x", issuer))
      assert.equal("bad argument #2 to 'request' (SSL:Certificate expected, got nil)",
                   misuse("request", cert, nil))
      assert.equal("bad argument #3 to 'request' (table expected, got number)",
                   misuse("request", cert, issuer, 1))
    end)
  end)

  describe("check", function()
    it("reads the responses of openssl ocsp", function()
      for _, status in ipairs { "good", "revoked", "unknown" } do
        local der = responses.of_openssl { cert = pki.server.cert, issuer = pki.root,
                                           status = status }
        local said, details = ocsp.check(der, cert, issuer)
        assert.equal(status, said)
        assert.matches(" GMT$", details.thisupdate)
        assert.matches(" GMT$", details.nextupdate)
        local revoked = status == "revoked"
        assert.equal(revoked and "keyCompromise" or nil, details.reason)
        assert.equal(revoked and "Jan  1 00:00:00 2025 GMT" or nil, details.revokedat)
      end
    end)

    it("takes any of the usual hashes in identifiers", function()
      for _, hash in ipairs { "sha1", "sha256", "sha512" } do
        assert.equal("good", (ocsp.check(make { hash = hash }, cert, issuer)))
      end
    end)

    it("accepts an issuer whose certificate is not in the response", function()
      assert.equal("good", (ocsp.check(make { bare = true }, cert, issuer)))
    end)

    it("accepts an intermediate authority for its own certificates", function()
      local der = responses.make { cert = pki.server.leaf, issuer = pki.intermediate.cert,
                                   signer = pki.intermediate }
      assert.equal("good", (ocsp.check(der, load(pki.server.leaf), load(pki.intermediate.cert))))
      assert.matches(UNSIGNED, refused(responses.make {
        cert = pki.server.leaf, issuer = pki.intermediate.cert, signer = pki.root },
        nil, load(pki.server.leaf), load(pki.intermediate.cert)), 1, true)
    end)

    it("accepts a responder that the issuer has authorised", function()
      assert.equal("good", (ocsp.check(make { signer = delegate }, cert, issuer)))
    end)

    it("refuses a certificate of the issuer for another purpose", function()
      assert.matches(UNSIGNED, refused(make { signer = impostor }), 1, true)
      assert.matches(UNSIGNED, refused(make { signer = pki.server }), 1, true)
    end)

    it("refuses an unknown responder, with and without the certificate", function()
      for _, bare in ipairs { true, false } do
        assert.matches(UNSIGNED, refused(make { signer = pki.other, bare = bare }), 1, true)
      end
    end)

    it("accepts an unknown responder that the caller names", function()
      local options = { responder = load(pki.other.cert) }
      for _, bare in ipairs { true, false } do
        assert.equal("good", (ocsp.check(make { signer = pki.other, bare = bare }, cert,
                                         issuer, options)))
      end
      assert.matches(UNSIGNED, refused(make { signer = pki.selfsigned }, options), 1, true)
    end)

    it("refuses a response about another certificate or another issuer", function()
      assert.equal("the response is about another certificate",
                   refused(make { cert = pki.client.cert }))
      -- The same serial number from another authority. The response is not about this issuer's
      -- certificate.
      assert.matches(UNSIGNED, refused(make { issuer = pki.other.cert }), 1, true)
    end)

    it("refuses a response that has expired, or is not valid yet", function()
      assert.matches("^the response has expired on %u%l%l .* GMT$",
                     refused(make { from = -2 * DAY, till = -DAY }))
      assert.matches("^the response is not valid before %u%l%l .* GMT$",
                     refused(make { from = DAY, till = 2 * DAY }))
    end)

    it("takes the worst of several fresh statements, in any order", function()
      local RANK = { good = 1, unknown = 2, revoked = 3 }
      for first, a in pairs(RANK) do
        for second, b in pairs(RANK) do
          local der = make { status = first, more = { { status = second } } }
          assert.equal(a > b and first or second, (ocsp.check(der, cert, issuer)),
                       first .. " " .. second)
        end
      end
      local OLD = { status = "revoked", from = -3 * DAY, till = -2 * DAY }
      assert.equal("good", (ocsp.check(make { more = { OLD } }, cert, issuer)))
      OLD.more = { {} }
      assert.equal("good", (ocsp.check(make(OLD), cert, issuer)))
      local far = make { till = 2 * DAY, more = { { status = "good", till = DAY } } }
      local _, details = ocsp.check(far, cert, issuer)
      assert.is_true(details.validtill > os.time() + 1.5 * DAY)
    end)

    it("is not good where a further statement cannot be read", function()
      local real = lib.C.OCSP_single_get0_status
      for broken = 1, 2 do
        local count = 0
        lib.C.OCSP_single_get0_status = function(...)
          count = count + 1
          if count == broken then return -1 end
          return real(...)
        end
        local ok, status, why = pcall(ocsp.check, make { more = { {} } }, cert, issuer)
        lib.C.OCSP_single_get0_status = real
        assert.is_true(ok, status)
        assert.is_nil(status)
        assert.equal("the response is malformed", why)
      end
    end)

    it("accepts a clock difference of five minutes, or of the option", function()
      local late = make { from = -2 * DAY, till = -200 }
      assert.equal("good", (ocsp.check(late, cert, issuer)))
      assert.matches("expired", refused(late, { leeway = 100 }))
      assert.matches("expired", refused(make { from = -2 * DAY, till = -400 }))
      local early = make { from = 200 }
      assert.equal("good", (ocsp.check(early, cert, issuer)))
      assert.matches("not valid before", refused(early, { leeway = 0 }))
    end)

    it("judges as of the time in its option", function()
      local der = make { from = -60, till = DAY }
      assert.equal("good", (ocsp.check(der, cert, issuer, { time = os.time() + DAY })))
      assert.matches("expired", refused(der, { time = os.time() + 2 * DAY }))
      -- In twenty years no certificate is valid.
      assert.matches(UNSIGNED, refused(der, { time = os.time() + 7300 * DAY }), 1, true)
    end)

    it("accepts a response without a next update for a day, or for the option", function()
      assert.equal("good", (ocsp.check(make { till = false }, cert, issuer)))
      local old = make { from = -2 * DAY, till = false }
      assert.matches("^the response of .* GMT is too old$", refused(old))
      assert.equal("good", (ocsp.check(old, cert, issuer, { maxage = 3 * DAY })))
      assert.equal("good", (ocsp.check(old, cert, issuer, { maxage = math.huge })))
      assert.equal("good", (ocsp.check(old, cert, issuer, { leeway = math.huge })))
    end)

    it("counts no longer where OpenSSL cannot read or compare a time", function()
      local C, most = require("ssl.ffi.lib").C, os.time() + DAY / 2 + 60
      local der = make { from = -DAY / 2, till = false }
      local _, details = ocsp.check(der, cert, issuer)
      assert.is_true(details.validtill <= most and details.validtill > most - 300)
      for _, name in ipairs { "ASN1_TIME_diff", "ASN1_TIME_to_tm" } do
        local real, count = C[name], 0
        for n = 1, 3 do
          C[name] = function(...)
            count = count + 1
            if count == n then return 0 end
            return real(...)
          end
          local ok, status, found = pcall(ocsp.check, der, cert, issuer)
          C[name], count = real, 0
          assert.is_true(ok, status)
          if status then assert.is_true(found.validtill <= most) end
        end
      end
    end)

    it("wants the nonce of the request back", function()
      local request = ocsp.request(cert, issuer, { nonce = true })
      local other = ocsp.request(cert, issuer, { nonce = true })
      local der = make { nonce = request }
      assert.equal("good", (ocsp.check(der, cert, issuer, { request = request })))
      local missing = "the response has not the nonce of the request"
      assert.equal(missing, refused(der, { request = other }))
      assert.equal(missing, refused(make(), { request = request }))
      assert.equal(missing, refused(der, { request = "no request" }))
      assert.equal("good", (ocsp.check(der, cert, issuer)))
    end)

    it("names the error that a responder reports", function()
      for code, word in pairs { [1] = "malformedrequest", [2] = "internalerror",
                                [3] = "trylater", [5] = "sigrequired", [6] = "unauthorized" } do
        assert.equal("the responder reports an error (" .. word .. ")",
                     refused("\48\3\10\1" .. string.char(code)))
      end
    end)

    it("refuses bytes that are no response, cut off, or followed by others", function()
      local der = make()
      for _, text in ipairs { "", "\0", "HTTP/1.1 404 Not Found", "\48\0", "\48\3\10\1\0",
                              der:sub(1, -2), der:sub(1, 20), der .. "\0", ("\255"):rep(100) } do
        assert.equal("the response is malformed", refused(text))
      end
    end)

    it("never calls a response good of which one byte was changed", function()
      local der = make { signer = delegate }
      local step = house.scale(1, 29)
      for at = 1, #der, step do
        for _, flip in ipairs { 1, 0x80 } do
          local changed = der:sub(1, at - 1) .. string.char(bit.bxor(der:byte(at), flip))
                          .. der:sub(at + 1)
          local status, why = ocsp.check(changed, cert, issuer)
          assert(status == nil and type(why) == "string",
                 ("byte %d changed by %d: %s"):format(at, flip, tostring(status)))
        end
      end
    end)

    it("raises for arguments of a wrong type", function()
      assert.equal("bad argument #1 to 'check' (string expected, got nil)",
                   misuse("check", nil, cert, issuer))
      assert.equal("bad argument #2 to 'check' (SSL:Certificate expected, got string)",
                   misuse("check", "", "", issuer))
      assert.equal("bad argument #3 to 'check' (SSL:Certificate expected, got boolean)",
                   misuse("check", "", cert, false))
      assert.equal("bad argument #4 to 'check' (table expected, got string)",
                   misuse("check", "", cert, issuer, ""))
      for name, value in pairs { time = "now", leeway = true, maxage = {}, request = {} } do
        assert.matches("bad argument #4 to 'check'",
                       misuse("check", "", cert, issuer, { [name] = value }), 1, true)
      end
    end)
  end)

  it("finds the responder's address in a certificate", function()
    local entry = responses.issue(folder, "addressed", pki.root, [[
authorityInfoAccess = @access
[access]
caIssuers;URI = http://ca.test/ca.der
OCSP;URI.0 = http://ocsp.test/
OCSP;URI.1 = http://two.test/a
]])
    assert.same({ "http://ocsp.test/", "http://two.test/a" }, load(entry.cert):ocspurls())
    assert.same({}, cert:ocspurls())
  end)

  it("is among the capabilities", function()
    assert.equal(require("spec.support.refused").can "ocsp" or nil,
                 ssl.config.capabilities.ocsp)
  end)
end)
