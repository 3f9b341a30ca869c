-- subject, issuer and setencode: distinguished names in both encodings.

describe("ssl.x509 names", function()
  local certs = require "spec.support.certs"
  local pki   = require "spec.support.pki"
  local process = require "spec.support.process"
  local x509  = require "ssl.x509"
  local lib   = require "ssl.ffi.lib"

  -- string_mask of the ASN.1 type that shall hold the names.
  local T61, BMP, UTF8 = "MASK:0x4", "MASK:0x800", "utf8only"

  local function load(recipe) return x509.load(certs.make(recipe)) end

  local function value(cert) return cert:subject()[1].value end

  after_each(function()
    assert.equal(0, tonumber(lib.C.ERR_peek_error()))
  end)

  describe("subject", function()
    it("lists oid, name and value in the order of the certificate", function()
      local cert = load { subject = "C = DE\nO = Acme\nCN = a.test\nemailAddress = x@a.test" }
      assert.same({
        { oid = "2.5.4.6",  name = "countryName",      value = "DE" },
        { oid = "2.5.4.10", name = "organizationName", value = "Acme" },
        { oid = "2.5.4.3",  name = "commonName",       value = "a.test" },
        { oid = "1.2.840.113549.1.9.1", name = "emailAddress", value = "x@a.test" },
      }, cert:subject())
    end)

    it("keeps an attribute that comes twice", function()
      local cert = load { subject = "0.CN = first\n1.CN = second" }
      assert.same({ "first", "second" },
                  { cert:subject()[1].value, cert:subject()[2].value })
      assert.equal(2, #cert:subject())
    end)

    it("names an unknown attribute by its numbers", function()
      local cert = load { subject = "a.1.2.3.4.5 = odd" }
      assert.same({ { oid = "1.2.3.4.5", name = "1.2.3.4.5", value = "odd" } },
                  cert:subject())
    end)

    it("gives an object identifier of any length whole", function()
      local long = "1.2.3" .. (".123456789"):rep(60)
      local entry = load { subject = "a." .. long .. " = odd" }:subject()[1]
      assert.equal(long, entry.oid)
      assert.equal(long, entry.name)
    end)

    it("leaves oid and name out where OpenSSL has no text for them", function()
      local function wrap(tag, inner)
        return tag .. "\130" .. string.char(math.floor(#inner / 256), #inner % 256) .. inner
      end
      -- A name with one number of 900 bytes, more than OpenSSL prints since 3.0.9,
      -- in place of the issuer; the sequences around it grow.
      local oid = wrap("\6", "\42" .. ("\255"):rep(899) .. "\127")
      local name = wrap("\48", wrap("\49", wrap("\48", oid .. "\12\1x")))
      local old = "\48\17\49\15\48\13\6\3\85\4\3\19\6a.test"
      local outer = certs.der(certs.make { subject = "CN = a.test" }):sub(5)
      local first, last = outer:find(old, 1, true)
      local body = outer:sub(4, first - 1) .. name .. outer:sub(last + 1)
      local length = outer:byte(3) - #old + #name
      local pem = certs.pem(wrap("\48", wrap("\48", body:sub(1, length))
                                        .. body:sub(length + 1)))
      local entry = assert(x509.load(pem)):issuer()[1]
      assert.equal("x", entry.value)
      -- An older OpenSSL prints the number.
      assert.is_true(entry.oid == nil or #entry.oid > 1000)
      assert.equal(entry.oid, entry.name)
    end)

    it("is empty for an empty name", function()
      local pipe = io.popen(("openssl req -x509 -new -key '%s' -subj / 2>&1")
                            :format(pki.server.key))
      local pem = pipe:read "*a"
      pipe:close()
      assert.same({}, x509.load(pem):subject())
    end)
  end)

  describe("issuer", function()
    it("is the subject of the issuer", function()
      local leaf = x509.load(process.read(pki.server.leaf))
      local authority = x509.load(process.read(pki.intermediate.cert))
      assert.same(authority:subject(), leaf:issuer())
      assert.are_not.same(leaf:subject(), leaf:issuer())
    end)
  end)

  describe("setencode", function()
    local SUBJECT = "CN = b\195\188cher \230\151\165"

    it("gives the bytes of a BMPString unchanged, unless utf8 is set", function()
      local cert = load { subject = SUBJECT, mask = BMP }
      local raw = "\0b\0\252\0c\0h\0e\0r\0 \101\229"
      assert.equal(raw, value(cert))
      assert.is_true(cert:setencode "utf8")
      assert.equal("b\195\188cher \230\151\165", value(cert))
      assert.is_true(cert:setencode "ai5")
      assert.equal(raw, value(cert))
    end)

    it("converts a UniversalString", function()
      local pem = certs.patch(certs.make { subject = "CN = abcd", mask = UTF8 },
                              "\12\4abcd", "\28\4\0\0\0\252")
      local cert = x509.load(pem)
      assert.equal("\0\0\0\252", value(cert))
      cert:setencode "utf8"
      assert.equal("\195\188", value(cert))
    end)

    it("takes a T61String for Latin 1, as OpenSSL does", function()
      local cert = load { subject = "CN = b\195\188cher", mask = T61 }
      assert.equal("b\252cher", value(cert))
      cert:setencode "utf8"
      assert.equal("b\195\188cher", value(cert))
    end)

    it("leaves a UTF8String alone in both encodings", function()
      local cert = load { subject = SUBJECT, mask = UTF8 }
      assert.equal("b\195\188cher \230\151\165", value(cert))
      cert:setencode "utf8"
      assert.equal("b\195\188cher \230\151\165", value(cert))
    end)

    it("leaves a value out that cannot be converted", function()
      -- A BIT STRING: no text. OpenSSL does not load malformed text.
      local pem = certs.patch(certs.make { subject = "CN = ab", mask = UTF8 },
                              "\12\2ab", "\3\2\0b")
      local cert = x509.load(pem)
      assert.equal("b", value(cert))
      cert:setencode "utf8"
      assert.same({ { oid = "2.5.4.3", name = "commonName" } }, cert:subject())
    end)

    it("keeps a NUL in a value", function()
      local cert = x509.load(certs.patch(certs.make { subject = "CN = a.test!evil" },
                                         "a.test!evil", "a.test\0evil"))
      assert.equal("a.test\0evil", value(cert))
      cert:setencode "utf8"
      assert.equal("a.test\0evil", value(cert))
    end)

    it("knows its values by their beginning", function()
      local cert = load { subject = SUBJECT, mask = BMP }
      for word, known in pairs { ai5 = true, utf8 = true, ai5x = true, ["utf8-x"] = true,
                                 [""] = false, ai = false, AI5 = false, UTF8 = false,
                                 utf = false, latin1 = false } do
        assert.equal(known, cert:setencode(word))
      end
      assert.has_error(function() cert:setencode() end)
      assert.has_error(function() cert:setencode {} end)
    end)

    it("changes nothing for an unknown value", function()
      local cert = load { subject = SUBJECT, mask = BMP }
      cert:setencode "utf8"
      assert.is_false(cert:setencode "utf16")
      assert.equal("b\195\188cher \230\151\165", value(cert))
    end)

    it("is one object's own affair", function()
      local cert = load { subject = SUBJECT, mask = BMP }
      local other = x509.borrow(x509.pointer(cert))
      cert:setencode "utf8"
      assert.are_not.equal(value(cert), value(other))
    end)
  end)
end)
