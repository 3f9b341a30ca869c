-- otherName, the alternative name that may hold anything at all (D13).

describe("ssl.x509 otherName", function()
  local certs  = require "spec.support.certs"
  local limits = require "spec.support.limits"
  local x509   = require "ssl.x509"
  local lib    = require "ssl.ffi.lib"

  local NAME = "X509v3 Subject Alternative Name"

  -- The names, without the key that is always there.
  local function names(pem, encoding)
    local cert = assert(x509.load(pem))
    if encoding then cert:setencode(encoding) end
    local found = assert(cert:extensions()["2.5.29.17"])
    assert.equal(NAME, found.name)
    found.name = nil
    return found
  end

  after_each(function()
    assert.equal(0, tonumber(lib.C.ERR_peek_error()))
  end)

  local function other(value, encoding)
    return names(certs.san("otherName:1.2.3.4;" .. value, "[s]\na = UTF8:two"), encoding)
  end

  -- Type -> bytes, UTF-8 (nil: cannot be converted).
  local strings = {
    ["UTF8:abc"]            = { "abc", "abc" },
    ["IA5:abc"]             = { "abc", "abc" },
    ["BMP:abc"]             = { "\0a\0b\0c", "abc" },
    ["UNIV:a"]              = { "\0\0\0a", "a" },
    ["T61:abc"]             = { "abc", "abc" },
    ["PRINTABLESTRING:abc"] = { "abc", "abc" },
    ["NUMERICSTRING:12"]    = { "12", limits.converts_numeric and "12" or nil },
    ["VISIBLESTRING:abc"]   = { "abc", "abc" },
    ["OCT:abc"]             = { "abc", nil },
    ["GENSTR:abc"]          = { "abc", nil },
    ["UTF8:"]               = { "", "" },
  }
  for value, expected in pairs(strings) do
    it("gives the bytes, or UTF-8, of a string (D13): " .. value, function()
      assert.same({ ["1.2.3.4"] = { name = "1.2.3.4", expected[1] } }, other(value))
      assert.same({ ["1.2.3.4"] = expected[2] and { name = "1.2.3.4", expected[2] } },
                  other(value, "utf8"))
    end)
  end

  it("gives no UTF-8 for a UTF8String that is none (D13)", function()
    local good = certs.make { extensions = "subjectAltName = DER:300da00b06032a0304a0040c02"
                                           .. "c3a9" }
    assert.same({ name = "1.2.3.4", "\195\169" }, names(good, "utf8")["1.2.3.4"])
    local bad = certs.patch(good, "\195\169", "\195\40")
    assert.same({ name = "1.2.3.4", "\195\40" }, names(bad)["1.2.3.4"])
    assert.same({}, names(bad, "utf8"))
  end)

  for _, value in ipairs { "BOOL:TRUE", "BOOL:FALSE", "OID:1.2.840.113549", "INTEGER:42",
                           "INTEGER:-1", "ENUM:3", "NULL", "SEQUENCE:s", "SET:s",
                           "BITSTR:abc", "UTCTIME:261123125451Z",
                           "GENTIME:20261123125451Z" } do
    it("leaves nothing when its value is no string (D13): " .. value, function()
      assert.same({}, other(value))
      assert.same({}, other(value, "utf8"))
    end)
  end

  it("leaves nothing for a context tag or a private one (D13)", function()
    -- otherName { 1.2.3.4, [0] { [1] "abc" } } and the same with [PRIVATE 1].
    for _, tag in ipairs { "81", "a1", "c1", "e1" } do
      local der = ("300ea00c06032a0304a005%s03616263"):format(tag)
      local cert = x509.load(certs.make { extensions = "subjectAltName = DER:" .. der })
      local found = cert:extensions()["2.5.29.17"]
      assert.same({ name = NAME }, found or { name = NAME })
    end
  end)

  it("gathers the values of one OID, in order, and skips a value that is no string", function()
    local found = names(certs.san("otherName:1.2.3.4;UTF8:one, otherName:1.2.3.4;BOOL:TRUE, "
      .. "otherName:1.2.3.5;IA5:else, otherName:1.2.3.4;UTF8:two, otherName:1.2.3.6;NULL"))
    assert.same({ ["1.2.3.4"] = { name = "1.2.3.4", "one", "two" },
                  ["1.2.3.5"] = { name = "1.2.3.5", "else" } }, found)
  end)

  it("is left out when its OID has no text", function()
    -- One number of 900 bytes; an older OpenSSL prints it.
    local der = "308203938203666f6fa082038a06820381" .. "2a" .. ("ff"):rep(895) .. "7f"
                .. "a0030c0178"
    local found = names(certs.make { extensions = "subjectAltName = DER:" .. der })
    assert.same({ "foo" }, found.dNSName)
    found.dNSName = nil
    local oid = next(found)
    assert.is_true(oid == nil or #oid > 1000)
  end)

  it("is keyed by a long OID whole", function()
    local oid = "1.2.3" .. (".123456789"):rep(60)
    assert.same({ [oid] = { name = oid, "x" } },
                names(certs.san("otherName:" .. oid .. ";UTF8:x")))
  end)
end)
