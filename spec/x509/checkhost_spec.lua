-- ssl.checkhostname: real certificates against names.

describe("ssl.checkhostname", function()
  local certs   = require "spec.support.certs"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local check   = require("ssl.x509.checkhost").check
  local x509    = require "ssl.x509"
  local lib     = require "ssl.ffi.lib"

  local function make(cn, san, sections)
    return certs.make { subject = cn and "CN = " .. cn or "O = none",
                        extensions = san and "subjectAltName = " .. san, sections = sections }
  end

  -- A certificate with an extension twice. The tool drops a repeated one, so the OID is put in
  -- afterwards.
  local function twice(cn, san, der)
    return certs.patch(certs.make { subject = "CN = " .. cn, extensions =
      "subjectAltName = " .. san .. "\n2.5.29.98 = DER:" .. der },
      "\6\3\85\29\98", "\6\3\85\29\17")
  end

  -- Title, certificate, names that it proves, names that it does not.
  local cases = {
    { "a DNS name", make("x", "DNS:a.test"),
      { "a.test", "A.TEST", "a.test." }, { "b.test", "x.a.test", "test", "aa.test", "x" } },
    { "a DNS name in capitals", make("x", "DNS:A.Test"), { "a.test", "A.TEST" }, {} },
    { "several DNS names", make("x", "DNS:a.test, DNS:b.test"),
      { "a.test", "b.test" }, { "c.test" } },
    { "a DNS name that ends in a dot", make("x", "DNS:a.test."), {}, { "a.test", "a.test." } },
    { "a DNS name that begins with one", make("x", "DNS:.a.test"), {},
      { "a.test", "b.a.test" } },
    { "an A-label", make("x", "DNS:xn--bcher-kva.test"), { "XN--BCHER-KVA.test" },
      { "bcher.test" } },
    { "a name with an underscore", make("x", "DNS:_a.test"), { "_a.test" }, { "a.test" } },

    { "a wildcard", make("x", "DNS:*.a.test"), { "b.a.test", "B.A.TEST.", "xn--x.a.test" },
      { "a.test", "c.b.a.test", "a.testx", "b.c.test" } },
    { "a wildcard for part of a label", make("x", "DNS:f*.a.test, DNS:*r.a.test, DNS:f*r.a.test"),
      {}, { "foo.a.test", "bar.a.test", "foobar.a.test", "f.a.test" } },
    { "a wildcard behind the first label", make("x", "DNS:b.*.test, DNS:b.a.*"), {},
      { "b.a.test" } },
    { "two wildcards", make("x", "DNS:*.*.test"), {}, { "b.a.test" } },
    { "a wildcard for everything", make("x", "DNS:*, DNS:*.test"), {}, { "test", "a.test" } },
    { "a wildcard within an A-label", make("x", "DNS:xn--*.a.test"), {}, { "xn--x.a.test" } },

    { "an address", make("x", "IP:127.0.0.1, IP:2001:db8::1"),
      { "127.0.0.1", "2001:db8::1", "[2001:DB8::1]", "2001:db8:0:0:0:0:0:1" },
      { "127.0.0.2", "::1", "::ffff:127.0.0.1", "127.1", "x" } },
    { "a v4-mapped address", make("x", "IP:::ffff:127.0.0.1"), { "::ffff:7f00:1" },
      { "127.0.0.1" } },
    { "an address as a DNS name", make("127.0.0.1", "DNS:127.0.0.1, DNS:::1"), {},
      { "127.0.0.1", "::1" } },
    { "a wildcard that looks like an address", make("x", "DNS:*.0.0.1"), {}, { "127.0.0.1" } },
    { "an address of another length", make("x", "DER:300887067f0000010000"), {},
      { "127.0.0.1" } },

    { "a common name alone", make("a.test"), { "a.test", "A.test." }, { "b.test", "x.a.test" } },
    { "a wildcard as common name", make("*.a.test"), { "b.a.test" }, { "a.test" } },
    { "a partial wildcard as common name", make("b*.a.test"), {}, { "bc.a.test" } },
    { "an address as common name", make("127.0.0.1"), {}, { "127.0.0.1" } },
    { "no name at all", make(nil), {}, { "a.test", "127.0.0.1" } },
    { "a common name beside another DNS name", make("a.test", "DNS:b.test"),
      { "b.test" }, { "a.test" } },
    { "a common name beside an address", make("a.test", "IP:127.0.0.1"),
      { "127.0.0.1" }, { "a.test" } },
    { "a common name beside an e-mail address", make("a.test", "email:x@a.test"), {},
      { "a.test" } },
    { "a common name beside a URI", make("a.test", "URI:https://a.test/"), {}, { "a.test" } },
    { "a common name beside an otherName", make("a.test", "otherName:1.2.3.4;UTF8:x"), {},
      { "a.test" } },
    { "a common name beside a directoryName", make("a.test", "dirName:d", "[d]\nCN = b.test"),
      {}, { "a.test", "b.test" } },
    { "a common name beside a registeredID", make("a.test", "RID:1.2.3"), {}, { "a.test" } },
    { "a common name beside an empty list of names", make("a.test", "DER:3000"), {},
      { "a.test", "b.test" } },
    { "a common name beside names that do not decode", make("a.test", "DER:0500"), {},
      { "a.test" } },
    { "a common name beside two lists of names", twice("a.test", "DNS:b.test",
      "3003820163"), {}, { "a.test", "b.test", "c" } },
    { "an address in the second list of names", twice("a.test", "DNS:b.test",
      "300687047f000001"), {}, { "127.0.0.1" } },
    { "a common name beside a bad and an empty list", twice("a.test", "DER:3000", "0500"), {},
      { "a.test" } },

    { "a NUL in a DNS name", process.read(pki.nul.cert), {},
      { "localhost", "localhost\0.evil.test", "nul.test", "evil.test" } },
    { "a NUL in the common name",
      certs.patch(make("a.test!.evil.test"), "a.test!.evil", "a.test\0.evil"), {},
      { "a.test", "a.test\0.evil.test", "evil.test" } },
    { "thousands of names", process.read(pki.huge.cert),
      { "localhost", "host00001.huge.test", "host04000.huge.test" },
      { "host04001.huge.test", "huge.test" } },
  }

  after_each(function()
    assert.equal(0, tonumber(lib.C.ERR_peek_error()))
  end)

  local function show(name) return (("%q"):format(name):gsub("%z", "\\0")) end

  for _, case in ipairs(cases) do
    local cert = assert(x509.load(case[2]))
    for _, name in ipairs(case[3]) do
      it(("proves %s with %s"):format(show(name), case[1]), function()
        assert.same({ n = 1, true }, { n = select("#", check(cert, name)), check(cert, name) })
      end)
    end
    for _, name in ipairs(case[4]) do
      it(("does not prove %s with %s"):format(show(name), case[1]), function()
        assert.is_false((check(cert, name)))
      end)
    end
  end

  local cert = x509.load(make("x", "DNS:a.test, DNS:*.a.test, IP:::1"))

  it("reports the mistake in a name that cannot be sent", function()
    assert.same({ false, "the host name is empty" }, { check(cert, "") })
    assert.same({ false, "the host name begins with a dot" }, { check(cert, ".a.test") })
    assert.same({ false, "the host name contains a wildcard" }, { check(cert, "*.a.test") })
    assert.same({ false, 'the host name is not ASCII: give its A-label ("xn--...")' },
                { check(cert, "\195\188.a.test") })
  end)

  it("gives nothing beside false for a name that is only not there", function()
    assert.equal(1, select("#", check(cert, "b.test")))
  end)

  it("is false inside, too, for what OpenSSL calls malformed", function()
    local match = require("ssl.x509.checkhost").match
    assert.is_false(match(x509.pointer(cert), "dns", "a.test\0b"))
    assert.is_false(match(x509.pointer(cert), "ip", "127.1"))
    assert.is_true(match(x509.pointer(cert), "ip", "::1"))
  end)

  it("raises for a value that is no certificate", function()
    for _, bad in ipairs { 5, "text", {}, io.stdout, newproxy(true) } do
      local ok, message = pcall(function() local r = check(bad, "a.test") return r end)
      assert.is_false(ok)
      assert.matches("bad argument #1 to 'check' (SSL:Certificate expected, got "
                     .. type(bad) .. ")", message, 1, true)
    end
    assert.has_error(function() check() end)
  end)

  it("raises for a host name that is no string, a number too", function()
    for _, bad in ipairs { 5, {}, true } do
      local ok, message = pcall(function() local r = check(cert, bad) return r end)
      assert.is_false(ok)
      assert.matches("bad argument #2 to 'check' (string expected, got " .. type(bad) .. ")",
                     message, 1, true)
    end
    assert.has_error(function() check(cert) end)
  end)

  it("raises for a finalized certificate (D14)", function()
    local gone = x509.load(make("x", "DNS:a.test"))
    getmetatable(gone).__gc(gone)
    assert.has_error(function() check(gone, "a.test") end)
  end)
end)
