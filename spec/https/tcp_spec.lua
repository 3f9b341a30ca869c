-- LuaSocket's socket.http, unmodified, on our connections.

describe("https.tcp", function()
  local http    = require "socket.http"
  local https   = require "ssl.https"
  local ltn12   = require "ltn12"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local socket  = require "socket"
  local web     = require "spec.support.web"

  local server, cn_only, silent

  setup(function()
    local routes = [[
      ["/silent"] = silence,
      ["/to"] = function(conn, request)
        redirect(conn, "https://" .. request.headers.host .. "/")
      end,
      default = function(conn) ok(conn, "hello") end
    ]]
    server  = web.start { routes = routes }
    cn_only = web.start { routes = routes, entry = pki.cn_only }
    silent  = assert(socket.bind("127.0.0.1", 0))
  end)

  teardown(function()
    silent:close()
    process.stop_all()
  end)
  after_each(function() https.TIMEOUT = 60 end)

  local base = { cafile = pki.root.cert }

  local function url(path, child)
    return ("https://localhost:%d%s"):format((child or server).port, path or "/")
  end

  it("serves socket.http as its create", function()
    local chunks = {}
    local ok, code = http.request { url = url(), create = https.tcp(base),
                                    sink = ltn12.sink.table(chunks) }
    assert.same({ 1, 200, "hello" }, { ok, code, table.concat(chunks) })
  end)

  it("is what socket.http calls for https, with the keys in its table", function()
    assert.equal(1, (http.request { url = url(), cafile = pki.root.cert }))
    assert.same({ nil, "connection refused" }, { http.request "https://localhost:1/" })
  end)

  it("verifies there too", function()
    local ok, why = http.request(url())
    assert.is_nil(ok)
    assert.matches("^certificate verify failed %(", why)
    ok, why = http.request { url = url(nil, cn_only), cafile = pki.root.cert }
    assert.is_nil(ok)
    assert.matches("the certificate is not for localhost", why)
    assert.equal(1, (http.request { url = url(nil, cn_only), verify = "none" }))
  end)

  it("follows socket.http's redirects, each with its own name", function()
    -- Without `scheme` it forgets `create` on the way, and falls back on the defaults.
    local ok, code = http.request { url = url "/to", scheme = "https",
                                    create = https.tcp(base) }
    assert.same({ 1, 200 }, { ok, code })
    local why
    ok, why = http.request { url = url "/to", create = https.tcp { verify = "none" } }
    assert.is_nil(ok)
    assert.matches("^certificate verify failed %(", why)
  end)

  it("returns timeout", function()
    https.TIMEOUT = 0.1
    assert.same({ nil, "timeout" },
                { http.request { url = url "/silent", create = https.tcp(base) } })
    local _, port = silent:getsockname()
    assert.same({ nil, "timeout" },
                { http.request { url = "https://localhost:" .. port,
                                 create = https.tcp(base) } })
  end)

  it("may be stored in the table it was made of", function()
    local t = { url = url(), cafile = pki.root.cert }
    t.create = https.tcp(t)
    assert.equal(1, (http.request(t)))
    assert.equal(1, (http.request(t)))
  end)

  it("takes a create of its own for the TCP part", function()
    local made = 0
    local create = https.tcp { cafile = pki.root.cert, create = function()
      made = made + 1
      return socket.tcp()
    end }
    assert.equal(1, (http.request { url = url(), create = create }))
    assert.equal(1, made)
  end)

  it("does not modify its table", function()
    local params = { cafile = pki.root.cert }
    http.request { url = url(), create = https.tcp(params) }
    assert.same(base, params)
  end)

  it("raises when its table is none", function()
    assert.has_error(function() https.tcp(5) end,
                     "bad argument #1 to 'tcp' (table expected, got number)")
  end)

  describe("makes an object", function()
    it("that can be connected, limited and closed", function()
      local object = https.tcp()()
      assert.equal("table", type(object))
      assert.matches("^tcp", tostring(object.sock))
      assert.equal(1, object:settimeout(0))
      object:close()
    end)

    it("and raises as LuaSocket does", function()
      local attempt = socket.protect(function()
        return https.tcp()():connect("localhost", 1)
      end)
      assert.same({ nil, "connection refused" }, { attempt() })
    end)

    it("and looks up nothing that is no host name", function()
      for _, params in ipairs { base, { verify = "none" } } do
        local attempt = socket.protect(function()
          return https.tcp(params)():connect("a b", 1)
        end)
        assert.same({ nil, 'host name "a b": the host name contains white space' }, { attempt() })
      end
    end)

    it("that then has all methods of a connection", function()
      local object = https.tcp(base)()
      assert.equal(1, object:connect("localhost", server.port))
      assert.matches("^SSL connection", tostring(object.sock))
      for name in pairs(getmetatable(object.sock).__index) do
        assert.equal("function", type(object[name]), name)
      end
      assert.equal("localhost", object:getsniname())
      assert.truthy(object:info "protocol")
      assert.equal(object.sock:getfd(), object:getfd())
      assert.equal(15, (object:send "GET /silent x\r\n"))
      assert.equal(1, object:settimeout(0))
      assert.same({ nil, "wantread", "" }, { object:receive() })
      assert.equal(1, object:settimeout(0.05))
      assert.same({ nil, "timeout", "" }, { object:receive() })
      object:close()
      assert.equal(-1, object:getfd())
    end)
  end)

  it("exports what LuaSec's does, VERIFY, MAXBODY and pool", function()
    local names = {}
    for name in pairs(https) do names[#names + 1] = name end
    table.sort(names)
    assert.same({ "MAXBODY", "PORT", "TIMEOUT", "VERIFY", "_COPYRIGHT", "_VERSION", "pool",
                  "request", "tcp" }, names)
    assert.same({ 443, 60, "peer", "1.3.2" },
                { https.PORT, https.TIMEOUT, https.VERIFY, https._VERSION })
  end)
end)
