-- Proxies that are spoken to over TLS: https:// as the proxy's scheme.

describe("ssl.https through a proxy over TLS", function()
  local https   = require "ssl.https"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local web     = require "spec.support.web"
  local wording = require "spec.support.wording"

  local ROUTES = [[
    CONNECT = function(conn, request)
      if request.path:find "refused" then
        conn:send "HTTP/1.1 403 Forbidden\r\n\r\n"
      else
        conn:send "HTTP/1.1 200 OK\r\n\r\n"
        tunnel(conn, tonumber(request.path:match "%d+$"))
      end
    end,
  ]]

  local origin

  setup(function()
    origin = web.start { routes = [[ default = function(conn) return keep(conn, "hello") end ]] }
  end)

  teardown(process.stop_all)

  local function get(proxy, more)
    local reqt = { url = ("https://localhost:%d/"):format(origin.port), cafile = pki.root.cert,
                   proxy = ("https://joe:secret@localhost:%d"):format(proxy.port) }
    for key, value in pairs(more or {}) do reqt[key] = value end
    local ok, code = https.request(reqt)
    return ok, code
  end

  it("reaches the origin in a tunnel within it", function()
    local proxy = web.start { routes = ROUTES }
    assert.same({ 1, 200 }, { get(proxy) })
    assert.truthy(proxy:wait_output("> CONNECT localhost:" .. origin.port .. " HTTP/1.1"))
    assert.truthy(proxy:wait_output "> Proxy%-Authorization: Basic am9lOnNlY3JldA==")
    assert.truthy(proxy:wait_output "shaken: true, name: localhost")
  end)

  it("keeps connections through it", function()
    local proxy, pool = web.start { routes = ROUTES }, https.pool()
    for _ = 1, 3 do assert.same({ 1, 200 }, { get(proxy, { pool = pool }) }) end
    assert.equal(1, pool:count())
    assert.equal(1, select(2, proxy:output():gsub("> CONNECT", "")))
    pool:close()
  end)

  it("verifies the proxy by the request's authorities, or by its own", function()
    local proxy = web.start { routes = ROUTES, entry = pki.other_server }
    local ok, why = get(proxy)
    assert.is_nil(ok)
    assert.matches("^proxy: certificate verify failed", why)
    assert.same({ 1, 200 }, { get(proxy, { proxytls = { cafile = pki.other.cert } }) })
    assert.same({ 1, 200 }, { get(proxy, { proxytls = { verify = "none" } }) })
  end)

  it("does not verify the origin less because the proxy is not verified", function()
    local proxy = web.start { routes = ROUTES }
    local ok, why = get(proxy, { cafile = pki.other.cert, proxytls = { verify = "none" } })
    assert.is_nil(ok)
    assert.matches("^certificate verify failed", why)
  end)

  it("checks the proxy's name", function()
    local proxy = web.start { routes = ROUTES, entry = pki.cn_only }
    local ok, why = get(proxy)
    assert.is_nil(ok)
    assert.matches(wording "proxy: certificate verify failed (hostname mismatch", why, 1, true)
  end)

  it("reports its refusal, and a proxy without TLS", function()
    local proxy = web.start { routes = ROUTES }
    assert.same({ nil, "proxy: 403 Forbidden" }, { get(proxy, { url = "https://refused.test/" }) })
    local plain = web.start { routes = ROUTES, entry = "plain" }
    local ok, why = get(plain, { timeout = 5 })
    assert.is_nil(ok)
    assert.matches("^proxy: ", why)
  end)

  it("refuses a key of the table that nobody knows, and a value of another form", function()
    for _, given in ipairs {
      { { verfy = "peer" }, "proxytls: unknown key 'verfy'; did you mean 'verify'?" },
      { { cafile = "x", url = "y" }, "proxytls: unknown key 'url'" },
      { { verify = { peer = true } }, "proxytls: verify: a string or an array of strings "
                                      .. "expected, got a table with the key 'peer'" },
    } do
      local ok, why = pcall(https.request, { url = "https://localhost:0/", proxytls = given[1] })
      assert.is_false(ok)
      assert.matches(given[2], why, 1, true)
    end
    local known = { verify = "none", resume = false }
    assert.same({ nil, "invalid port '0'" },
                { https.request { url = "https://localhost:0/", proxytls = known } })
  end)

  it("wants a table", function()
    local ok, why = pcall(https.request, { url = "https://localhost/", proxytls = "none" })
    assert.is_false(ok)
    assert.matches("table expected in field 'proxytls', got string", why, 1, true)
  end)
end)
