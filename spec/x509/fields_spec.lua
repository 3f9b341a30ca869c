-- pem, pubkey, digest, the times, serial and getsignaturename.

describe("ssl.x509", function()
  local needs   = require "spec.support.needs"
  local certs   = require "spec.support.certs"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local x509    = require "ssl.x509"
  local lib     = require "ssl.ffi.lib"
  local limits  = require "spec.support.limits"

  local PEM = certs.make {}

  local function openssl(...)
    return process.capture("openssl " .. (...):format(select(2, ...)) .. " 2>/dev/null")
  end

  local function raised(f)
    local ok, message = pcall(f)
    assert.is_false(ok)
    return message
  end

  after_each(function()
    assert.equal(0, tonumber(lib.C.ERR_peek_error()))
  end)

  describe("pem", function()
    it("is the text that was loaded, without what stood around it", function()
      assert.equal(PEM, x509.load("before\n" .. PEM .. "after"):pem())
    end)

    it("is the same again after a round", function()
      local text = x509.load(process.read(pki.huge.cert)):pem()
      assert.equal(text, x509.load(text):pem())
      assert.is_true(#text > 100000)
    end)
  end)

  describe("pubkey", function()
    it("gives PEM, type and bits of an EC key", function()
      local pem, kind, bits = x509.load(PEM):pubkey()
      assert.matches("^%-%-%-%-%-BEGIN PUBLIC KEY%-%-%-%-%-\n.*\n%-%-%-%-%-END", pem)
      assert.same({ "EC", 256 }, { kind, bits })
    end)

    it("gives what openssl gives for an RSA key", function()
      local pem, kind, bits = x509.load(process.read(pki.rsa_server.cert)):pubkey()
      assert.equal(openssl("x509 -in '%s' -noout -pubkey", pki.rsa_server.cert), pem)
      assert.same({ "RSA", 2048 }, { kind, bits })
    end)

    -- A certificate for the public half of a key that need not be able to sign.
    local function of_key(make)
      local dir = process.folder()
      local text = process.capture(([[cd '%s' && { %s; } >/dev/null 2>&1 &&
        openssl pkey -in key -pubout -out pub &&
        openssl req -new -key '%s' -subj /CN=x -out csr &&
        openssl x509 -req -in csr -CA '%s' -CAkey '%s' -set_serial 5 -force_pubkey pub \
          -days 3 2>/dev/null]]):format(dir, make, pki.server.key, pki.root.cert,
                                        pki.root.key))
      return assert(x509.load(text))
    end

    for kind, key in pairs {
      DSA = { "openssl dsaparam -genkey -out key 1024", "DSA", 1024 },
      DH  = { "openssl genpkey -paramfile '" .. pki.dh.ffdhe2048 .. "' -out key", "DH", 2048 },
      Ed25519   = { "openssl genpkey -algorithm ED25519 -out key", "Unknown", limits.ed25519_bits },
      ["RSA-PSS"] = { "openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024"
                      .. " -out key", "Unknown", 1024 },
    } do
      it("names the type of a key: " .. kind, function()
        local _, name, bits = of_key(key[1]):pubkey()
        assert.same({ key[2], key[3] }, { name, bits })
      end)
    end

    it("is nil and a message for a key that OpenSSL cannot read", function()
      -- id-ecPublicKey becomes an unknown identifier.
      local cert = x509.load(certs.patch(PEM, "\42\134\72\206\61\2\1", "\42\134\72\206\61\9\1"))
      local pem, why = cert:pubkey()
      assert.is_nil(pem)
      assert.matches("^error processing the certificate", why)
    end)
  end)

  describe("digest", function()
    local cert = x509.load(PEM)

    for name, size in pairs { sha1 = 20, sha256 = 32, sha512 = 64 } do
      it("is the fingerprint that openssl prints: " .. name, function()
        local digest = cert:digest(name)
        assert.equal(2 * size, #digest)
        local path = process.write(process.folder() .. "/cert", PEM)
        local text = openssl("x509 -in '%s' -noout -fingerprint -%s", path, name)
        assert.equal(text:match "=(.*)\n":gsub(":", ""):lower(), digest)
      end)
    end

    it("is SHA-1 when nothing is asked", function()
      assert.equal(cert:digest "sha1", cert:digest())
      assert.equal(cert:digest "sha1", cert:digest(nil))
    end)

    it("knows no other algorithm and no other spelling", function()
      for _, name in ipairs { "SHA1", "Sha256", "md5", "sha384", "sha-256", "", "sha1\0" } do
        assert.same({ nil, "digest algorithm not supported (" .. name .. ")" },
                    { cert:digest(name) })
      end
      assert.same({ nil, "digest algorithm not supported (5)" }, { cert:digest(5) })
    end)

    it("raises for a value that is no string", function()
      assert.matches("bad argument #1 to 'digest' %(string expected, got table%)",
                     raised(function() local d = cert:digest {} return d end))
    end)
  end)

  describe("validat", function()
    local FROM, TILL = 1795438491, 1826974491
    local cert = x509.load(certs.validity(PEM, "261123125451Z", "271123125451Z"))

    it("holds at both ends and between", function()
      for _, time in ipairs { FROM, FROM + 1, (FROM + TILL) / 2, TILL - 1, TILL } do
        assert.is_true(cert:validat(time))
      end
    end)

    it("does not hold one second outside", function()
      for _, time in ipairs { FROM - 1, TILL + 1, 0, -1, 2^31, 2^32, 2^53 } do
        assert.is_false(cert:validat(time))
      end
    end)

    it("drops the fraction", function()
      assert.is_true(cert:validat(TILL + 0.9))
      assert.is_false(cert:validat(FROM - 0.1))
    end)

    it("is false for a value that is no time", function()
      for _, time in ipairs { math.huge, -math.huge, 0 / 0, 1e300, -1e300 } do
        assert.is_false(cert:validat(time))
      end
    end)

    it("takes a numeric string, and raises for anything else", function()
      assert.is_true(cert:validat(tostring(TILL)))
      for _, bad in ipairs { "now", {}, true } do
        assert.matches("bad argument #1 to 'validat' (number expected, got " .. type(bad) .. ")",
                       raised(function() local v = cert:validat(bad) return v end), 1, true)
      end
      assert.has_error(function() cert:validat() end)
    end)

    it("works before 1970", function()
      local old = x509.load(certs.validity(PEM, "500101000000Z", "691231235959Z"))
      assert.is_true(old:validat(-1))
      assert.is_true(old:validat(-631152000))
      assert.is_false(old:validat(0))
      assert.is_false(old:validat(-631152001))
    end)

    it("works on leap days and beyond what 32 bits can count", function()
      for text, time in pairs { ["000229000000Z"] = 951782400, ["400229120000Z"] = 2214129600,
                                ["490301000000Z"] = 2498169600 } do
        local short = x509.load(certs.validity(PEM, text, text))
        assert.same({ false, true, false }, { short:validat(time - 1), short:validat(time),
                                              short:validat(time + 1) })
      end
    end)

    it("is false when a time of the certificate is none", function()
      needs.that(limits.reads_broken_times, "a certificate that holds no time")
      for _, times in ipairs { { "261323125451Z", "491123125451Z" },
                               { "261123125451Z", "491323125451Z" } } do
        local broken = x509.load(certs.validity(PEM, times[1], times[2]))
        assert.is_false(broken:validat(FROM + 1))
      end
    end)
  end)

  describe("notbefore and notafter", function()
    it("give the time as openssl does", function()
      local cert = x509.load(certs.validity(PEM, "261123125451Z", "271201000000Z"))
      assert.equal("Nov 23 12:54:51 2026 GMT", cert:notbefore())
      assert.equal("Dec  1 00:00:00 2027 GMT", cert:notafter())
    end)

    it("know both centuries of a UTCTime", function()
      local cert = x509.load(certs.validity(PEM, "500101000000Z", "491231235959Z"))
      assert.equal("Jan  1 00:00:00 1950 GMT", cert:notbefore())
      assert.equal("Dec 31 23:59:59 2049 GMT", cert:notafter())
    end)

    it("are nil when the certificate holds no time there", function()
      needs.that(limits.reads_broken_times, "a certificate that holds no time")
      local cert = x509.load(certs.validity(PEM, "261323125451Z", "261123126151Z"))
      assert.is_nil(cert:notbefore())
      assert.is_nil(cert:notafter())
    end)
  end)

  describe("serial", function()
    for serial, text in pairs {
      ["0"] = "0", ["1"] = "01", ["-5"] = "-05", ["0xFF01"] = "FF01", ["0xABC"] = "0ABC",
      ["127"] = "7F", ["128"] = "80", ["255"] = "FF", ["256"] = "0100", ["-256"] = "-0100",
      ["0x123456789abcdef0123456789abcdef012345678"]
        = "123456789ABCDEF0123456789ABCDEF012345678",
    } do
      it("is upper-case hexadecimal with an even number of digits: " .. text, function()
        assert.equal(text, x509.load(certs.make { serial = serial }):serial())
      end)
    end
  end)

  describe("getsignaturename", function()
    it("is OpenSSL's short name", function()
      assert.equal("ecdsa-with-SHA256", x509.load(PEM):getsignaturename())
      assert.equal("RSA-SHA256",
                   x509.load(process.read(pki.server.cert)):getsignaturename())
    end)

    it("is UNDEF for an algorithm that OpenSSL does not know", function()
      local cert = x509.load(certs.patch(PEM, "\42\134\72\206\61\4\3\2",
                                         "\42\134\72\206\61\4\9\2"))
      assert.equal("UNDEF", cert:getsignaturename())
    end)
  end)
end)
