describe("https.request refuses", function()
  local https     = require "ssl.https"
  local pki       = require "spec.support.pki"
  local process   = require "spec.support.process"
  local resources = require "spec.support.resources"
  local web       = require "spec.support.web"

  local server

  setup(function()
    server = web.start { routes = [[ default = function(conn) ok(conn, "hello") end ]] }
  end)

  teardown(process.stop_all)
  before_each(function() https.VERIFY = "none" end)
  after_each(function() https.VERIFY = "peer" end)

  local function url() return ("https://localhost:%d/"):format(server.port) end

  local function reqt(more)
    local t = { url = url() }
    for key, value in pairs(more or {}) do t[key] = value end
    return t
  end

  it("http://, which it does not encrypt silently (D15), and guesses", function()
    for scheme, why in pairs {
      ["http://localhost/"] = "scheme 'http' not supported: ssl.https speaks https "
                              .. "alone, socket.http does http",
      ["ftp://localhost/"]  = "scheme 'ftp' not supported: ssl.https speaks https alone",
      ["localhost:443/"]    = "scheme 'localhost' not supported: ssl.https speaks https alone",
      ["localhost/"]        = "invalid host 'nil'",
      ["https:///path"]     = "invalid host 'nil'",
      ["https://localhost:x/"] = "invalid port 'x'",
      ["https://localhost/\r\nX: y"] = "the URL contains a control character",
    } do
      assert.same({ nil, why }, { https.request(scheme) })
    end
  end)

  it("a header that is two", function()
    for name, value in pairs { ["X-Y"] = "a\r\nX-Z: b", ["X-Y: a\r\nX-Z"] = "b" } do
      local ok, why = https.request(reqt { headers = { [name] = value } })
      assert.is_nil(ok)
      assert.matches("^header \".*\" cannot be sent: its %l+ ", why)
    end
  end)

  it("to send a key's password", function()
    local before = #server:output()
    https.request(reqt { url = (url():gsub("//", "//joe@")), password = "foobar",
                         key = pki.server.encrypted_key })
    local text = server:output():sub(before + 1)
    assert.matches("> GET", text)
    assert.is_nil(text:find "uthorization")
  end)

  it("what newcontext refuses, before it connects", function()
    assert.same({ nil, "invalid protocol (zz)" },
                { https.request(reqt { url = "https://localhost:1/", protocol = "zz" }) })
    assert.same({ nil, "invalid option (zz)" }, { https.request(reqt { options = "zz" }) })
  end)

  it("to leave anything open, however it ends", function()
    -- Collect the garbage of earlier tests, twice because some objects hold others. From now on
    -- only `close` may close a descriptor.
    collectgarbage()
    collectgarbage()
    collectgarbage "stop"
    local before = resources.open()
    for _ = 1, 5 do
      https.request(url())
      https.request(reqt { verify = "peer" })
      https.request(reqt { sink = function() return nil, "full" end })
      pcall(https.request, reqt { sink = function() error "oops" end })
      pcall(https.request, reqt { create = function()
        return { settimeout = function() end, connect = function() return 1 end,
                 close = function() end }
      end })
      https.request(reqt { url = "https://localhost:1/" })
    end
    local after = resources.open()
    collectgarbage "restart"
    assert.is_true(after <= before, ("%d, then %d"):format(before, after))
  end)

  it("to work without a URL", function()
    for what, message in pairs {
      [5]     = "bad argument #1 to 'request' (string or table expected, got number)",
      [{}]    = "bad argument #1 to 'request' (string expected in field 'url', got nil)",
    } do
      assert.has_error(function() https.request(what) end, message)
    end
    assert.is_false((pcall(https.request)))
  end)

  it("a value of a wrong type, at the line of the program", function()
    local HERE = "spec/https/refusal_spec.lua:%d+: bad argument #"
    local URL  = "https://localhost:1/"
    local pool = https.pool()
    for _, more in ipairs {
      { cafile = {} }, { capath = {} }, { verify = print }, { servername = {} },
      { key = print, certificate = {} },
      { proxy = "https://localhost:1/", proxytls = { cafile = {} } },
    } do
      more.url = URL
      for _, request in ipairs {
        function() local ok = https.request(more) return ok end,
        function() local ok = pool:request(more) return ok end,
      } do
        local ok, why = pcall(request)
        assert.is_false(ok)
        assert.matches(HERE, why)
      end
    end
    https.VERIFY = print
    local ok, why = pcall(function() local body = https.request(URL) return body end)
    https.VERIFY = "peer"
    assert.is_false(ok)
    assert.matches(HERE, why)
    local sock = https.tcp { cafile = {} }()
    ok, why = pcall(function() local done = sock:connect("localhost", 1) return done end)
    assert.is_false(ok)
    assert.matches(HERE, why)
  end)

  it("what a function of the program raises stays as it is", function()
    for _, raised in ipairs { "mine", {} } do
      local ok, why = pcall(https.request, setmetatable({ url = "https://localhost:1/" }, {
        __index = function(_, key)
          if key == "depth" then error(raised, 0) end
        end }))
      assert.same({ false, raised }, { ok, why })
    end
  end)
end)
