-- ssl.hostname: what may be asked of a certificate, and in which spelling.

describe("ssl.hostname", function()
  local normalize = require("ssl.x509.hostname").normalize

  local EMPTY   = "the host name is empty"
  local NUL     = "the host name contains a NUL byte"
  local SPACE   = "the host name contains white space"
  local CONTROL = "the host name contains a control character"
  local STAR    = "the host name contains a wildcard"
  local ULABEL  = 'the host name is not ASCII: give its A-label ("xn--...")'
  local ZONE    = "the host name has a zone id, which no certificate can name"
  local LEADING = "the host name begins with a dot"
  local LABEL   = "the host name has an empty label"
  local LONG    = "the host name is longer than 253 characters"
  local LONG_LABEL = "the host name has a label longer than 63 characters"
  local CHARACTER  = "the host name contains a character that no host name has"
  local NUMBER  = "the host name ends in a number but is not a valid IPv4 address"
  local V6      = "the host name is not a valid IPv6 address (a port is no part of it)"
  local INSIDE  = "the host name has brackets around what is not an IPv6 address"
  local BRACKET = "the host name contains a bracket that does not enclose it"

  local L63 = ("a"):rep(63)
  local N253 = L63 .. "." .. L63 .. "." .. L63 .. "." .. ("b"):rep(61)

  local function show(name)
    if #name > 40 then name = name:sub(1, 20) .. "... (" .. #name .. ")" end
    return ("%q"):format(name):gsub("\\\n", "\\n")
  end

  local dns = {
    { "a.test", "a.test" }, { "localhost", "localhost" }, { "A.Test", "a.test" },
    { "a.test.", "a.test" }, { "LOCALHOST.", "localhost" },
    { "xn--bcher-kva.test", "xn--bcher-kva.test" },
    { "XN--BCHER-KVA.test", "xn--bcher-kva.test" },
    { "_dmarc.a.test", "_dmarc.a.test" }, { "r3---sn-x.a.test", "r3---sn-x.a.test" },
    { "1.a", "1.a" }, { "1.2.3.a", "1.2.3.a" }, { "127.0.0.1.test", "127.0.0.1.test" },
    { "a.0xg", "a.0xg" }, { "a.1x", "a.1x" }, { "a", "a" },
    { L63, L63 }, { L63 .. ".test", L63 .. ".test" },
    { N253, N253 }, { N253 .. ".", N253 },
  }
  for _, case in ipairs(dns) do
    it("takes a DNS name: " .. show(case[1]), function()
      assert.same({ "dns", case[2] }, { normalize(case[1]) })
    end)
  end

  local addresses = {
    { "127.0.0.1", "127.0.0.1" }, { "0.0.0.0", "0.0.0.0" },
    { "255.255.255.255", "255.255.255.255" }, { "192.0.2.10.", "192.0.2.10" },
    { "::1", "::1" }, { "[::1]", "::1" }, { "::", "::" },
    { "0:0:0:0:0:0:0:1", "::1" }, { "0000:0000::0001", "::1" },
    { "2001:DB8::A", "2001:db8::a" }, { "[2001:db8:0:0:1:0:0:1]", "2001:db8::1:0:0:1" },
    { "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" }, { "1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8" },
    { "1::3:4:5:6:7:8", "1:0:3:4:5:6:7:8" }, { "fe80::", "fe80::" },
    { "::ffff:10.0.0.1", "::ffff:10.0.0.1" }, { "[::FFFF:a00:1]", "::ffff:10.0.0.1" },
    { "::10.0.0.1", "::10.0.0.1" }, { "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" },
    { "64:ff9b::1.2.3.4", "64:ff9b::102:304" },
  }
  for _, case in ipairs(addresses) do
    it("takes an address in any spelling: " .. case[1], function()
      assert.same({ "ip", case[2] }, { normalize(case[1]) })
    end)
  end

  local refused = {
    { "", EMPTY }, { ".", EMPTY },
    { "\0", NUL }, { "a.test\0", NUL }, { "a.test\0.evil.test", NUL }, { "127.0.0.1\0", NUL },
    { " ", SPACE }, { " a.test", SPACE }, { "a.test ", SPACE }, { "a.test\n", SPACE },
    { "a\tb.test", SPACE }, { "a.test\r\nX: y", SPACE }, { "::1 ", SPACE },
    { "a\1.test", CONTROL }, { "a\127.test", CONTROL },
    { "*", STAR }, { "*.a.test", STAR }, { "a.*.test", STAR }, { "f*.test", STAR },
    { "b\195\188cher.test", ULABEL }, { "a\227\128\130test", ULABEL }, { "a.\255", ULABEL },
    { "fe80::1%eth0", ZONE }, { "[fe80::1%25eth0]", ZONE }, { "a%2etest", ZONE },
    { ".a.test", LEADING }, { "..", LEADING }, { ".127.0.0.1", LEADING },
    { "a..test", LABEL }, { "a.test..", LABEL }, { "127.0.0.1..", LABEL },
    { N253 .. "b", LONG }, { N253 .. "b.", LONG }, { ("a."):rep(100000) .. "b", LONG },
    { L63 .. "a.test", LONG_LABEL }, { "test." .. L63 .. "a", LONG_LABEL },
    { "a/b", CHARACTER }, { "user@a.test", CHARACTER }, { "a,b", CHARACTER },
    { "a\\b", CHARACTER }, { "a.test?", CHARACTER }, { "a'b", CHARACTER },
    { "127.1", NUMBER }, { "127", NUMBER }, { "0x7f.1", NUMBER }, { "0x7f000001", NUMBER },
    { "2130706433", NUMBER }, { "127.0.0.01", NUMBER }, { "0127.0.0.1", NUMBER },
    { "127.0.0.256", NUMBER }, { "1.2.3.4.5", NUMBER }, { "a.1", NUMBER }, { "a.1.", NUMBER },
    { "a.0x", NUMBER }, { "a.0XfF", NUMBER }, { "127.000.000.001", NUMBER },
    { "a.test:443", V6 }, { "127.0.0.1:443", V6 }, { ":", V6 }, { ":::", V6 }, { "1:2", V6 },
    { "1:2:3:4:5:6:7", V6 }, { "1:2:3:4:5:6:7:8:9", V6 }, { "1::2::3", V6 }, { "::1.", V6 },
    { "1:2:3:4:5:6:7::8:9", V6 }, { "1:2:3:4::5:6:7:8", V6 },
    { "::12345", V6 }, { "::g", V6 }, { "::1.2.3", V6 },
    { "::1.2.3.4.5", V6 }, { "::1.2.3.04", V6 }, { "1.2.3.4::", V6 }, { ":1::", V6 },
    { "1:", V6 }, { "::1:", V6 }, { "::1.2.3.4:5", V6 }, { "1:2:3:4:5:6:7:1.2.3.4", V6 },
    { "https://a.test/", V6 }, { ("1:"):rep(100000), V6 }, { "::0x1", V6 }, { "::-1", V6 },
    { "[127.0.0.1]", INSIDE }, { "[a.test]", INSIDE }, { "[]", INSIDE }, { "[[::1]]", INSIDE },
    { "[::1", BRACKET }, { "::1]", BRACKET }, { "[::1]:443", BRACKET }, { "[::1].", BRACKET },
  }
  for _, case in ipairs(refused) do
    it("refuses " .. show(case[1]) .. " with the reason", function()
      assert.same({ n = 2, nil, case[2] },
                  { n = select("#", normalize(case[1])), normalize(case[1]) })
    end)
  end

  it("returns the same for its own result", function()
    for _, list in ipairs { dns, addresses } do
      for _, case in ipairs(list) do
        assert.same({ normalize(case[1]) }, { normalize(case[2]) })
      end
    end
  end)

  it("needs neither OpenSSL nor the FFI", function()
    local pipe = io.popen [[luajit -e '
      local hostname = require "ssl.x509.hostname"
      print(hostname.normalize "A.test.", package.loaded["ssl.ffi.lib"], package.loaded.ffi)
    ' 2>&1]]
    local output = pipe:read "*a"
    pipe:close()
    assert.equal("dns\tnil\tnil\n", output)
  end)

  it("is the face's ssl.hostname, which wants a string", function()
    local ssl = require "ssl"
    assert.same({ "dns", "a.test" }, { ssl.hostname "A.test." })
    assert.same({ "ip", "::1" }, { ssl.hostname "[0::1]" })
    assert.same({ nil, STAR }, { ssl.hostname "*.test" })
    assert.has_error(function() ssl.hostname {} end,
                     "bad argument #1 to 'hostname' (string expected, got table)")
  end)
end)
