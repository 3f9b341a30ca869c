-- Two programs that read one URL must not find two hosts in it, and what cannot be a host
-- must not be looked up.

describe("ssl.https reads a URL", function()
  local house = require "spec.support.init"
  local https = require "ssl.https"
  local proxy = require "ssl.https.proxy"
  local url   = require "ssl.https.url"

  local ULABEL = 'the host name is not ASCII: give its A-label ("xn--...")'

  local function parts(text)
    local p = assert(url.parse(text, "https"))
    return { p.scheme, p.user or "-", p.password or "-", p.host or "-", p.port or "-", p.path,
             p.params or "-", p.query or "-" }
  end

  for text, expected in pairs {
    ["https://a.test/b;c?d#e"]     = { "https", "-", "-", "a.test", "-", "/b", "c", "d" },
    ["//a.test?d/e@f"]             = { "https", "-", "-", "a.test", "-", "", "-", "d/e@f" },
    ["https://a.test#@b.test/"]    = { "https", "-", "-", "a.test", "-", "", "-", "-" },
    ["https://a.test/@b.test/"]    = { "https", "-", "-", "a.test", "-", "/@b.test/", "-", "-" },
    ["https://u@a.test:1/"]        = { "https", "u", "-", "a.test", "1", "/", "-", "-" },
    ["https://u:p@a.test/"]        = { "https", "u", "p", "a.test", "-", "/", "-", "-" },
    ["https://u:p:q@a.test/"]      = { "https", "u", "p:q", "a.test", "-", "/", "-", "-" },
    ["https://b.test@c@a.test:1/"] = { "https", "b.test@c", "-", "a.test", "1", "/", "-", "-" },
    ["https://u:p@b.test:1@a.test:2/"] =
      { "https", "u", "p@b.test:1", "a.test", "2", "/", "-", "-" },
    ["https://[::1]:1/"]           = { "https", "-", "-", "[::1]", "1", "/", "-", "-" },
    ["https://[::1]/"]             = { "https", "-", "-", "[::1]", "-", "/", "-", "-" },
    ["a.test:1/"]                  = { "a.test", "-", "-", "-", "-", "1/", "-", "-" },
    [""]                           = { "https", "-", "-", "-", "-", "", "-", "-" },
  } do
    it(("%q"):format(text), function() assert.same(expected, parts(text)) end)
  end

  -- Refused before any lookup: no resolver has these messages.
  for text, why in pairs {
    ["https://b\195\188cher.test/"] = 'host name "b\\xC3\\xBCcher.test": ' .. ULABEL,
    ["https://a b/"]       = 'host name "a b": the host name contains white space',
    ["https://*.test/"]    = 'host name "*.test": the host name contains a wildcard',
    ["https://127.1/"]     = 'host name "127.1": the host name ends in a number but is not '
                             .. "a valid IPv4 address",
    ["https://a.test:1:2/"] = 'host name "a.test:1": the host name is not a valid IPv6 '
                             .. "address (a port is no part of it)",
    ["https://[a.test]/"]  = 'host name "[a.test]": the host name has brackets around what '
                             .. "is not an IPv6 address",
    ["https://u@/"]        = "invalid host 'nil'",
    ["https://a.test\\@b.test/"] = "the URL has a backslash in front of its path",
    ["https://a.test:1\\@b.test/"] = "the URL has a backslash in front of its path",
    ["https://a.test:0x50/"] = "invalid port '0x50'",
    ["https://a.test:0/"]  = "invalid port '0'",
    ["https://a.test:65536/"] = "invalid port '65536'",
    ["https://a.test/\t"]  = "the URL contains a control character",
    ["https://a.test/\127"] = "the URL contains a control character",
    ["https://a\1.test/"]  = "the URL contains a control character",
    ["ht\27tps://a.test/"] = "the URL contains a control character",
    ["https://u%3ab:c@a.test/"] = "the user's name contains a colon",
    ["https://u%0a:c@a.test/"] = "the user's name or password contains a control character",
  } do
    it(("and refuses %q"):format(text), function()
      for _, verify in ipairs { "peer", "none" } do
        assert.same({ nil, why }, { https.request { url = text, verify = verify } })
      end
    end)
  end

  it("without telling half a password", function()
    for _, text in ipairs { "https://joe:xy/z@a.test/", "https://joe:xy?z@a.test/",
                            "https://joe:xy#z@a.test/" } do
      local ok, why = https.request(text)
      assert.is_nil(ok)
      assert.is_nil(why:find("xy", 1, true), why)
    end
  end)

  it("as a proxy, by the same rules", function()
    local function of(text)
      local found, why = proxy.of({ proxy = text }, "origin.test")
      return found and found.host .. ":" .. found.port .. " " .. tostring(found.authorization),
             why
    end
    assert.equal("p.test:3128 Basic YUBiOmM6ZA==", (of "http://a@b:c:d@p.test"))
    assert.equal("::1:1 nil", (of "http://[::1]:1/"))
    for text, why in pairs {
      ["http://u:p@b\195\188cher.test:1"] =
        "invalid proxy 'http://b\\xC3\\xBCcher.test:1': "
        .. 'host name "b\\xC3\\xBCcher.test": ' .. ULABEL,
      ["http://p test:1"] = "invalid proxy 'http://p test:1': "
        .. 'host name "p test": the host name contains white space',
      ["http://p.test:1\\@q.test"] =
        "invalid proxy 'http://q.test': http://host:port or https://host:port expected",
      ["http://p.test\27[2J:1"] =
        "invalid proxy 'http://p.test\\x1B[2J:1': http://host:port or https://host:port expected",
      ["http://%0a:p@p.test:1"] = "invalid proxy 'http://p.test:1': "
        .. "the user's name or password contains a control character",
    } do
      assert.same({ n = 2, nil, why }, { n = 2, of(text) })
    end
  end)

  it("and asks for what may stand in a request line", function()
    local function target(t) return (url.target(t)) end
    assert.equal("/a%20b;c%20d?e%20f", target { path = "/a b", params = "c d", query = "e f" })
    assert.equal("/%C3%BC%85%23%20%41", target { path = "/\195\188\133# %41" })
    assert.equal("/{|}\"<>\\^`", target { path = "/{|}\"<>\\^`" })
    assert.equal("/", target {})
    assert.equal("/a", target { path = "a" })
    assert.equal("*", target { uri = "*" })
    assert.equal("https://a.test/b%20c", target { uri = "https://a.test/b c", path = "/d" })
    for _, uri in ipairs { "", "a", "\rb" } do
      local ok, why = url.target { uri = uri }
      assert.is_nil(ok)
      assert.matches("^invalid request target '", why)
    end
    assert.same({ nil, "the URL contains a control character" },
                { url.target { path = "/a", query = "b\r\nX: y" } })
  end)

  it("with a zone, for connecting and not for a certificate", function()
    assert.equal("fe80::1%lo", url.host "[fe80::1%lo]")
    local ok, why = https.request { url = "https://[fe80::1%25lo]:1/" }
    assert.is_nil(ok)
    assert.matches("the host name has a zone id, which no certificate can name", why)
  end)

  -- An algorithm of quadratic time would take minutes with texts of this length.
  it("of any length", function()
    local many = house.scale(240000, 20000)
    for _, text in ipairs { ":", "@", ":@", "@:", "%", ":%", "[", "]", ":]", "\\", ";", "?", "/",
                            "//", " ", "\255", ".", "a.", "::" } do
      for _, prefix in ipairs { "https://", "https://[", "https://a:", "https://a/", "//" } do
        local p = url.parse(prefix .. text:rep(many), "https")
        if p and p.host then url.host(p.host) end
        if p then url.target(p) end
      end
    end
  end)
end)
