-- The variables that other programs go by, where a request asks for them.

describe("ssl.https and the environment", function()
  local ffi     = require "ffi"
  local http    = require "socket.http"
  local https   = require "ssl.https"
  local house   = require "spec.support.init"
  local noproxy = require "ssl.https.noproxy"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local proxies = require "ssl.https.proxy"
  local web     = require "spec.support.web"

  ffi.cdef [[
    int setenv(const char *name, const char *value, int overwrite);
    int unsetenv(const char *name);
  ]]

  local NAMES = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy",
                  "NO_PROXY" }
  local saved = {}
  local origin, proxy

  local function set(values)
    for _, name in ipairs(NAMES) do
      if values[name] then
        ffi.C.setenv(name, values[name], 1)
      else
        ffi.C.unsetenv(name)
      end
    end
  end

  setup(function()
    for _, name in ipairs(NAMES) do saved[name] = os.getenv(name) end
    origin = web.start { routes = [[ default = function(conn) ok(conn, "hello") end ]] }
    proxy  = web.start { entry = "plain", routes = [[
      CONNECT = function(conn, request)
        conn:send "HTTP/1.0 200 OK\r\n\r\n"
        tunnel(conn, tonumber(request.path:match "%d+$"))
      end,
    ]] }
  end)

  teardown(function()
    set(saved)
    process.stop_all()
  end)
  before_each(function() set {} end)
  after_each(function()
    http.PROXY, https.PROXY = nil, nil
    set {}
  end)

  local function at_proxy(act)
    local before = #proxy:output()
    act()
    return proxy:output():sub(before + 1):find("CONNECT", 1, true) ~= nil
  end

  -- Compare results 1 and 2 alone.
  local function same(expected, ...)
    local a, b = ...
    assert.same(expected, { a, b })
  end

  local function get(more)
    local reqt = { url = ("https://localhost:%d/"):format(origin.port),
                   cafile = pki.root.cert }
    for key, value in pairs(more or {}) do reqt[key] = value end
    same({ 1, 200 }, https.request(reqt))
  end

  local function via() return ("http://127.0.0.1:%d"):format(proxy.port) end

  it("does not look unless it is asked to", function()
    set { https_proxy = via() }
    assert.is_false(at_proxy(function() get() end))
  end)

  it("asked by a request, or for all of them", function()
    set { https_proxy = via() }
    assert.is_true(at_proxy(function() get { proxy = "environment" } end))
    https.PROXY = "environment"
    assert.is_true(at_proxy(function() get() end))
    assert.is_false(at_proxy(function() get { proxy = false } end))
    set { https_proxy = "http://127.0.0.1:1" }
    assert.is_true(at_proxy(function() get { proxy = via() } end))
  end)

  it("goes to no other proxy then", function()
    http.PROXY = via()
    assert.is_false(at_proxy(function() get { proxy = "environment" } end))
    set { https_proxy = via(), no_proxy = "localhost" }
    assert.is_false(at_proxy(function() get { proxy = "environment" } end))
  end)

  it("takes a proxy for the process out of https.PROXY", function()
    https.PROXY = via()
    assert.is_true(at_proxy(function() get() end))
  end)

  it("reads the names in curl's order, and skips empty ones", function()
    local function chosen(values)
      set(values)
      local found = proxies.of({ proxy = "environment" }, "host.test")
      return found and found.host
    end
    assert.is_nil(chosen {})
    assert.equal("a", chosen { https_proxy = "http://a:1", HTTPS_PROXY = "http://b:1",
                               all_proxy = "http://c:1", ALL_PROXY = "http://d:1" })
    assert.equal("b", chosen { https_proxy = "", HTTPS_PROXY = "http://b:1",
                               all_proxy = "http://c:1" })
    assert.equal("c", chosen { all_proxy = "http://c:1", ALL_PROXY = "http://d:1" })
    assert.equal("d", chosen { ALL_PROXY = "d:1" })
    assert.is_nil(chosen { https_proxy = "http://a:1", no_proxy = "host.test" })
    assert.is_nil(chosen { https_proxy = "http://a:1", NO_PROXY = "host.test" })
    assert.equal("a", chosen { https_proxy = "http://a:1", no_proxy = "x",
                               NO_PROXY = "host.test" })
  end)

  it("takes an address without a scheme, and credentials", function()
    set { https_proxy = "joe:secret@proxy.test:81" }
    local found = proxies.of({ proxy = "environment" }, "host.test")
    assert.same({ "proxy.test", 81, "Basic am9lOnNlY3JldA==" },
                { found.host, found.port, found.authorization })
  end)

  it("refuses a proxy of another kind, and keeps the password back", function()
    set { https_proxy = "socks5://joe:secret@proxy.test:81" }
    local ok, why = https.request { url = "https://host.test/", proxy = "environment" }
    assert.same({ nil, "invalid proxy 'socks5://proxy.test:81': "
                       .. "http://host:port or https://host:port expected" },
                { ok, why })
  end)

  describe("leaves out what no_proxy names, as curl does:", function()
    -- list, host, and whether the proxy is left out
    local CASES = {
      { "*", "a.test", true },
      { "*", "192.0.2.1", true },
      { "a.test", "a.test", true },
      { "a.test", "A.TEST", true },
      { "A.test", "a.test", true },
      { "a.test", "a.test.", true },
      { "a.test.", "a.test", true },
      { "a.test", "www.a.test", true },
      { "a.test", "wwwa.test", false },
      { "a.test", "a.test.other", false },
      { ".a.test", "a.test", true },
      { ".a.test", "www.a.test", true },
      { ".a.test", "wwwa.test", false },
      { "www.a.test", "a.test", false },
      { "b.test,a.test", "a.test", true },
      { "b.test, a.test", "a.test", true },
      { "b.test,,a.test,", "a.test", true },
      { "b.test,c.test", "a.test", false },
      { "*.a.test", "www.a.test", false },
      { "*,b.test", "a.test", false },
      { "192.0.2.1", "192.0.2.1", true },
      { "192.0.2.1", "192.0.2.10", false },
      { "192.0.2", "192.0.2.1", false },
      { "192.0.2.01", "192.0.2.1", false },
      { "192.0.2.0/24", "192.0.2.77", true },
      { "192.0.2.0/25", "192.0.2.129", false },
      { "192.0.2.0/23", "192.0.3.1", true },
      { "192.0.2.0/33", "192.0.2.1", false },
      { "192.0.2.1/0", "192.0.2.1", true },
      { "192.0.2.1/0", "192.0.2.2", false },
      { "2.1", "192.0.2.1", false },
      { "2001:db8::1", "[2001:db8::1]", true },
      { "2001:db8::1", "[2001:db8:0:0::1]", true },
      { "2001:db8::1", "[2001:db8::2]", false },
      { "2001:db8::/32", "[2001:db8:ffff::2]", true },
      { "2001:db8::/32", "[2001:db9::2]", false },
      { "localhost", "127.0.0.1", false },
      { "a.test:443", "a.test", false },
    }

    for _, case in ipairs(CASES) do
      local list, host, left_out = case[1], case[2], case[3]
      it(("%q and %q"):format(list, host), function()
        assert.equal(left_out, noproxy(host, list))
      end)
    end

    it("also bits that fill no byte, and odd addresses", function()
      assert.is_true(noproxy("[2001:db8:8000::1]", "2001:db8:8000::/33"))
      assert.is_false(noproxy("[2001:db8::1]", "2001:db8:8000::/33"))
      assert.is_true(noproxy("[::ffff:192.0.2.1]", "::ffff:c000:201"))
      assert.is_true(noproxy("[::]", "::0"))
      for _, text in ipairs { "1::2::3", "1:2:3", "1:2:3:4:5:6:7:8:9", "g::1", "::1/129",
                              "12345::", "192.0.2.1", "::192.0.2.256" } do
        assert.is_false(noproxy("[::1]", text), text)
      end
      assert.is_false(noproxy("", "a.test"))
      assert.is_false(noproxy("a.test", ""))
    end)

    -- curl connects to a proxy that refuses, or to a port without a server. No IPv6: older
    -- versions of curl compare such addresses as text.
    it("and curl agrees", function()
      local refusing = web.start { entry = "plain", routes = [[
        CONNECT = function(conn) conn:send "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n" end,
      ]] }
      local command = ("env -u NO_PROXY https_proxy=http://127.0.0.1:%d no_proxy=%%s curl "
        .. "-s -g -m 10 -o /dev/null --connect-to ::127.0.0.1:%d %%s; echo $?"):format(
          refusing.port, process.free_port())
      for i = 1, house.scale(#CASES, 5) do
        local list, host, left_out = unpack(CASES[i])
        if host:sub(1, 1) ~= "[" then
          local status = process.capture(command:format(
            process.quote(list), process.quote("https://" .. host .. "/")))
          -- Could not connect, or the proxy refused.
          assert.same({ list, host, left_out and "7\n" or "56\n" }, { list, host, status })
        end
      end
    end)
  end)
end)
