-- extensions: subjectAltName in LuaSec's form, with any untrusted content.

describe("a subjectAltName extension", function()
  local C    = require("ssl.ffi.lib").C
  local pki  = require "spec.support.pki"
  local read = require "spec.support.process".read
  local ssl  = require "ssl"

  it("is not asked for again and again where OpenSSL says nothing about it", function()
    local cert = assert(ssl.loadcertificate(read(pki.server.cert)))
    local real, calls = C.X509_get_ext_d2i, 0
    C.X509_get_ext_d2i = function()
      calls = calls + 1
      if calls > 9 then error "no end" end
    end
    local ok, why = pcall(cert.extensions, cert)
    C.X509_get_ext_d2i = real
    assert.is_true(ok, why)
    assert.is_true(calls > 0)
  end)
end)

describe("ssl.x509 extensions", function()
  local certs   = require "spec.support.certs"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local x509    = require "ssl.x509"
  local lib     = require "ssl.ffi.lib"
  local limits  = require "spec.support.limits"

  local NAME = "X509v3 Subject Alternative Name"

  local function read(pem, encoding)
    local cert = assert(x509.load(pem))
    if encoding then cert:setencode(encoding) end
    return cert:extensions()
  end

  -- The names, without the key that is always there.
  local function names(pem, encoding)
    local found = assert(read(pem, encoding)["2.5.29.17"])
    assert.equal(NAME, found.name)
    found.name = nil
    return found
  end

  after_each(function()
    assert.equal(0, tonumber(lib.C.ERR_peek_error()))
  end)

  it("is empty without the extension", function()
    assert.same({}, read(certs.make {}))
  end)

  it("reports subjectAltName alone", function()
    local extensions = read(certs.make {
      extensions = "keyUsage = digitalSignature\nsubjectAltName = DNS:a\n"
                   .. "basicConstraints = CA:TRUE\n1.2.3.4 = DER:0500" })
    assert.same({ ["2.5.29.17"] = { name = NAME, dNSName = { "a" } } }, extensions)
  end)

  it("lists every kind that LuaSec lists, and leaves the others out", function()
    local found = names(process.read(pki.odd.cert))
    assert.same({
      dNSName = { "odd.test", "*.odd.test" },
      rfc822Name = { "someone@odd.test" },
      uniformResourceIdentifier = { "https://odd.test/path" },
      iPAddress = { "192.0.2.1", "2001:db8::1" },
      ["1.3.6.1.5.5.7.8.5"] = { name = limits.oid_names and "XmppAddr" or "1.3.6.1.5.5.7.8.5",
                                "romeo@odd.test" },
      ["1.3.6.1.5.5.7.8.7"] = { name = limits.oid_names and "SRVName" or "1.3.6.1.5.5.7.8.7",
                                "_xmpp-client.odd.test" },
      ["1.2.3.4.6"] = { name = "1.2.3.4.6", "\0o\0d\0d" },
      ["1.2.3.4.7"] = { name = "1.2.3.4.7", "odd" },
    }, found)
  end)

  it("has only its name when it holds directoryName and registeredID alone", function()
    assert.same({}, names(certs.san("dirName:d, RID:1.2.3", "[d]\nCN = x")))
  end)

  it("leaves out x400Address and ediPartyName", function()
    -- [3] with a number in it, [5] with a party name; a DNS name behind each.
    for _, der in ipairs { "3008a303020101820161", "300aa505a1030c0178820161" } do
      assert.same({ dNSName = { "a" } },
                  names(certs.make { extensions = "subjectAltName = DER:" .. der }))
    end
  end)

  describe("an address", function()
    for text, expected in pairs {
      ["127.0.0.1"] = "127.0.0.1", ["0.0.0.0"] = "0.0.0.0",
      ["255.255.255.255"] = "255.255.255.255", ["::1"] = "::1", ["::"] = "::",
      ["2001:DB8:0:0:0:0:0:1"] = "2001:db8::1", ["1:0:0:2:0:0:0:3"] = "1:0:0:2::3",
      ["::ffff:1.2.3.4"] = "::ffff:1.2.3.4", ["1:2:3:4:5:6:7:8"] = "1:2:3:4:5:6:7:8",
      ["1:0:3:4:5:6:7:8"] = "1:0:3:4:5:6:7:8", ["fe80::"] = "fe80::",
    } do
      it("is written as inet_ntop writes it: " .. expected, function()
        assert.same({ iPAddress = { expected } }, names(certs.san("IP:" .. text)))
      end)
    end

    it("of another length is left out, without an empty list", function()
      for _, der in ipairs { "30028700", "3003870101", "3007870501020304ff",
                             "3013871100000000000000000000000000000000ff" } do
        assert.same({}, names(certs.make { extensions = "subjectAltName = DER:" .. der }))
      end
    end)
  end)

  it("keeps the bytes of a name verbatim, NUL included", function()
    assert.same({ "localhost\0.evil.test" }, names(process.read(pki.nul.cert)).dNSName)
  end)

  it("converts bytes that are no ASCII in a dNSName only with utf8", function()
    local pem = certs.make { extensions = "subjectAltName = DER:30058203" .. "62fc63" }
    assert.same({ dNSName = { "b\252c" } }, names(pem))
    assert.same({ dNSName = { "b\195\188c" } }, names(pem, "utf8"))
  end)

  it("is the table with its name alone for an empty list of names", function()
    assert.same({}, names(certs.make { extensions = "subjectAltName = DER:3000" }))
  end)

  it("is empty when the extension does not decode", function()
    for _, der in ipairs { "0500", "0201ff", "3005820161", "ffff", "30820001" } do
      assert.same({}, read(certs.make { extensions = "subjectAltName = DER:" .. der }))
    end
  end)

  describe("a second subjectAltName", function()
    -- The request tool drops a repeated extension: another OID of the same length
    -- stands in for it until the bytes are there.
    local function twice(first, second)
      return certs.patch(certs.make { extensions = first .. "\n" .. second },
                         "\6\3\85\29\98", "\6\3\85\29\17")
    end

    it("is merged with the first", function()
      local pem = twice("subjectAltName = DNS:a, IP:127.0.0.1",
                        "2.5.29.98 = DER:3003820162")
      assert.same({ dNSName = { "a", "b" }, iPAddress = { "127.0.0.1" } }, names(pem))
    end)

    it("is read when the first does not decode", function()
      local pem = twice("2.5.29.98 = DER:0500", "subjectAltName = DNS:a")
      assert.same({ dNSName = { "a" } }, names(pem))
    end)

    it("is skipped when it does not decode", function()
      local pem = twice("subjectAltName = DNS:a", "2.5.29.98 = DER:0500")
      assert.same({ dNSName = { "a" } }, names(pem))
    end)
  end)

  it("lists thousands of names", function()
    local found = names(process.read(pki.huge.cert)).dNSName
    assert.equal(4001, #found)
    assert.equal("localhost", found[1])
    assert.equal("host04000.huge.test", found[4001])
  end)

  it("gives a new table at each call", function()
    local cert = x509.load(process.read(pki.odd.cert))
    local first = cert:extensions()
    first["2.5.29.17"].dNSName[1] = "changed"
    assert.equal("odd.test", cert:extensions()["2.5.29.17"].dNSName[1])
  end)
end)
