-- Certificates as bytes, as text, and by their extensions: compared with OpenSSL's programs
-- and GnuTLS's certtool.

describe("ssl.x509", function()
  local ssl     = require "ssl"
  local certs   = require "spec.support.certs"
  local house   = require "spec.support.init"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local values  = require "spec.support.values"
  local lib     = require "ssl.ffi.lib"
  local needs   = require "spec.support.needs"
  local pack    = values.pack

  local ENTRIES = { "root", "intermediate", "server", "ec_server", "client", "odd", "nul",
                    "selfsigned", "serial_negative" }

  after_each(function()
    assert.equal(0, tonumber(lib.C.ERR_peek_error()))
  end)

  local function load(path) return assert(ssl.loadcertificate(process.read(path))) end
  local function made(recipe) return assert(ssl.loadcertificate(certs.make(recipe))) end

  local function openssl(path, command)
    return process.capture(("openssl x509 -in '%s' %s"):format(path, command))
  end

  describe("der, spki, spkidigest and text", function()
    local own_it = needs.own_openssl(it, "its program prints the text")

    for _, name in ipairs(ENTRIES) do
      it("are what openssl makes of " .. name, function()
        local path = pki[name].cert
        local cert = load(path)
        assert.equal(openssl(path, "-outform der"), cert:der())
        local public = "-noout -pubkey | openssl pkey -pubin -outform der"
        assert.equal(openssl(path, public), cert:spki())
        for _, hash in ipairs { "sha1", "sha256", "sha384", "sha512" } do
          assert.equal(openssl(path, public .. " | openssl dgst -" .. hash):match "(%x+)\n",
                       cert:spkidigest(hash))
        end
        assert.equal(cert:spkidigest "sha256", cert:spkidigest())
      end)

      own_it("are, as text, what openssl prints of " .. name, function()
        local path = pki[name].cert
        -- The names as one line: 3.2 prints them otherwise without being asked.
        assert.equal(openssl(path, "-noout -text -nameopt oneline"), load(path):text())
      end)
    end

    it("give one value each", function()
      local cert = load(pki.server.cert)
      for _, name in ipairs { "der", "spki", "spkidigest", "text", "subjecttext", "issuertext" } do
        assert.equal(1, pack(cert[name](cert)).n)
      end
    end)

    it("keep the key's digest when a certificate is renewed", function()
      local a, b = load(pki.server.cert), load(pki.server.leaf)
      assert.are_not.equal(a:digest "sha256", b:digest "sha256")
      assert.equal(a:spkidigest(), b:spkidigest())
      assert.are_not.equal(a:spkidigest(), load(pki.client.cert):spkidigest())
    end)

    it("refuse a digest that is none", function()
      local cert = load(pki.server.cert)
      for _, name in ipairs { "md5", "SHA256", "", "sha256\0x" } do
        assert.same({ n = 2, nil, ("digest algorithm not supported (%s)"):format(name) },
                    pack(cert:spkidigest(name)))
      end
      assert.equal("bad argument #1 to 'spkidigest' (string expected, got table)",
                   values.raised(function() cert:spkidigest {} end))
    end)

    it("give the key of a kind that OpenSSL cannot use", function()
      -- The identifier of the curve, changed to an unknown one.
      local der = certs.der(certs.make {})
      local curve = "\6\8\42\134\72\206\61\3\1\7"
      local first, last = der:find(curve, 1, true)
      local cert = ssl.loadcertificate(certs.pem(der:sub(1, first - 1)
        .. "\6\8\42\134\72\206\61\3\1\127" .. der:sub(last + 1)))
      assert.is_nil(cert:pubkey())
      assert.truthy(cert:spki():find("\6\8\42\134\72\206\61\3\1\127", 1, true))
      assert.equal(64, #cert:spkidigest())
    end)
  end)

  describe("subjecttext and issuertext", function()
    it("are what openssl and certtool print", function()
      for _, name in ipairs(ENTRIES) do
        local cert, path = load(pki[name].cert), pki[name].cert
        local theirs = openssl(path, "-noout -subject -issuer -nameopt RFC2253,-esc_msb")
        assert.equal(theirs, ("subject=%s\nissuer=%s\n"):format(cert:subjecttext(),
                                                                cert:issuertext()))
        local gnutls = process.capture(("certtool -i --infile '%s'"):format(path))
        assert.equal(gnutls:match "Subject: ([^\n]*)", cert:subjecttext())
        assert.equal(gnutls:match "Issuer: ([^\n]*)", cert:issuertext())
      end
    end)

    it("escape special characters, and leave the rest as UTF-8", function()
      local cert = made { subject = 'CN = "a, b + c"\nO = "b\195\188cher; <x>"\nOU = "#1"' }
      assert.equal("OU=\\#1,O=b\195\188cher\\; \\<x\\>,CN=a\\, b \\+ c", cert:subjecttext())
      local wide = made { subject = "CN = b\195\188cher", mask = "MASK:0x800" }
      assert.equal("CN=b\195\188cher", wide:subjecttext())
    end)
  end)

  describe("extension", function()
    it("gives the bytes of any extension, and whether it is critical", function()
      local cert = load(pki.server.cert)
      assert.same({ n = 2, "\48\0", false }, pack(cert:extension "2.5.29.19"))
      assert.same({ n = 2, "\3\2\5\160", true }, pack(cert:extension "2.5.29.15"))
      assert.equal("\4\20", (cert:extension "2.5.29.14"):sub(1, 2))
      assert.truthy((cert:extension "2.5.29.17"):find("*.wild.test", 1, true))
    end)

    it("gives those that OpenSSL does not know", function()
      local cert = made { extensions = "1.2.3.4.5 = critical, ASN1:UTF8String:hello\n"
                                       .. "1.2.3.4.6 = DER:ff:00" }
      assert.same({ n = 2, "\12\5hello", true }, pack(cert:extension "1.2.3.4.5"))
      assert.same({ n = 2, "\255\0", false }, pack(cert:extension "1.2.3.4.6"))
      assert.same({ n = 1 }, pack(cert:extension "1.2.3.4"))
      assert.same({ n = 1 }, pack(cert:extension "1.2.3.4.5.6"))
    end)

    it("raises for a value that is no identifier in numbers", function()
      local cert = load(pki.server.cert)
      for _, oid in ipairs { "", "1", "basicConstraints", "2.5.29.19\0", "2.5.x" } do
        assert.equal("bad argument #1 to 'extension' (object identifier in numbers expected)",
                     values.raised(function() cert:extension(oid) end))
      end
      assert.equal("bad argument #1 to 'extension' (string expected, got no value)",
                   values.raised(function() cert:extension() end))
    end)
  end)

  describe("basicconstraints", function()
    it("reports authorities and their path length", function()
      assert.same({ n = 2, { ca = true }, true }, pack(load(pki.root.cert):basicconstraints()))
      assert.same({ n = 2, { ca = false }, false }, pack(load(pki.server.cert):basicconstraints()))
      for text, expected in pairs {
        ["CA:TRUE, pathlen:0"] = { ca = true, pathlen = 0 },
        ["CA:TRUE, pathlen:300"] = { ca = true, pathlen = 300 },
        ["CA:FALSE"] = { ca = false },
      } do
        local cert = made { extensions = "basicConstraints = critical, " .. text }
        assert.same({ n = 2, expected, true }, pack(cert:basicconstraints()))
      end
    end)

    it("is nil without the extension", function()
      local cert = load(pki.selfsigned.cert)
      assert.same({ n = 1 }, pack(cert:basicconstraints()))
      assert.same({ n = 1 }, pack(cert:keyusage()))
      assert.same({ n = 1 }, pack(cert:extkeyusage()))
    end)
  end)

  describe("keyusage", function()
    it("names each bit", function()
      local names = { "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment",
                      "keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly" }
      for _, name in ipairs(names) do
        local cert = made { extensions = "keyUsage = critical, " .. name }
        assert.same({ n = 2, { [name] = true }, true }, pack(cert:keyusage()))
      end
      local all = {}
      for _, name in ipairs(names) do all[name] = true end
      assert.same({ n = 2, all, false },
                  pack(made({ extensions = "keyUsage = " .. table.concat(names, ",") }):keyusage()))
    end)

    it("is empty where no bit is set", function()
      assert.same({ n = 2, {}, false },
                  pack(made({ extensions = "keyUsage = DER:03:01:00" }):keyusage()))
    end)
  end)

  describe("extkeyusage", function()
    it("has each purpose by name and by number", function()
      assert.same({ n = 2, { serverAuth = true, ["1.3.6.1.5.5.7.3.1"] = true }, false },
                  pack(load(pki.server.cert):extkeyusage()))
      local cert = made { extensions = "extendedKeyUsage = critical, clientAuth, 1.2.3.4.5" }
      assert.same({ n = 2, { clientAuth = true, ["1.3.6.1.5.5.7.3.2"] = true,
                             ["1.2.3.4.5"] = true }, true }, pack(cert:extkeyusage()))
    end)
  end)

  it("names the malformed extension", function()
    for name, of in pairs {
      basicconstraints = { "basicConstraints", "basicConstraints" },
      keyusage         = { "keyUsage", "keyUsage" },
      extkeyusage      = { "extendedKeyUsage", "extendedKeyUsage" },
      ocspurls         = { "authorityInfoAccess", "authorityInfoAccess" },
    } do
      for _, bytes in ipairs { "05:00:00", "30:03:05:00", "30:02:04:00", "03:02:09:01", "ff" } do
        local cert = made { extensions = of[1] .. " = DER:" .. bytes }
        assert.same({ n = 2, nil, ("malformed extension (%s)"):format(of[2]) },
                    pack(cert[name](cert)))
      end
    end
  end)

  it("agrees with certtool about extensions", function()
    for _, name in ipairs(ENTRIES) do
      local cert = load(pki[name].cert)
      local text = process.capture(("certtool -i --infile '%s'"):format(pki[name].cert))
      local constraints, usage, purposes = cert:basicconstraints(), cert:keyusage(),
                                           cert:extkeyusage()
      assert.equal(text:find("Certificate Authority (CA): TRUE", 1, true) ~= nil,
                   constraints ~= nil and constraints.ca)
      for word, bit in pairs { ["Digital signature"] = "digitalSignature",
                               ["Key encipherment"] = "keyEncipherment",
                               ["Certificate signing"] = "keyCertSign",
                               ["CRL signing"] = "cRLSign" } do
        assert.equal(text:find(word .. ".\n", 1, true) ~= nil, (usage or {})[bit] == true)
      end
      for word, purpose in pairs { ["TLS WWW Server"] = "serverAuth",
                                   ["TLS WWW Client"] = "clientAuth" } do
        assert.equal(text:find(word .. ".\n", 1, true) ~= nil, (purposes or {})[purpose] == true)
      end
    end
  end)

  it("takes certificates of which any byte was changed", function()
    local der = certs.der(process.read(pki.odd.cert))
    for at = 1, #der, house.scale(1, 17) do
      local changed = der:sub(1, at - 1) .. string.char((der:byte(at) + 129) % 256)
                      .. der:sub(at + 1)
      local cert = ssl.loadcertificate(certs.pem(changed))
      if cert then
        assert(cert:der() == changed)
        for _, name in ipairs { "spki", "spkidigest", "text", "subjecttext", "issuertext",
                                "basicconstraints", "keyusage", "extkeyusage", "ocspurls" } do
          cert[name](cert)
        end
        cert:extension "2.5.29.17"
        assert(tonumber(lib.C.ERR_peek_error()) == 0)
      end
    end
  end)

  it("raises for a certificate that is none, or was finalized", function()
    local cert = load(pki.server.cert)
    local methods = getmetatable(cert).__index
    for _, name in ipairs { "der", "spki", "spkidigest", "text", "subjecttext", "issuertext",
                            "basicconstraints", "keyusage", "extkeyusage", "ocspurls",
                            "extension" } do
      assert.matches("SSL:Certificate expected, got string",
                     values.raised(function() methods[name] "x" end), 1, true)
    end
    getmetatable(cert).__gc(cert)
    assert.equal("calling 'der' on bad self (SSL:Certificate expected, got finalized object)",
                 values.raised(function() cert:der() end))
    assert.equal("calling 'keyusage' on bad self (SSL:Certificate expected, got finalized object)",
                 values.raised(function() cert:keyusage() end))
  end)
end)
