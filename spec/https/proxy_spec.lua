describe("ssl.https through a proxy", function()
  local house   = require "spec.support.init"
  local http    = require "socket.http"
  local https   = require "ssl.https"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local web     = require "spec.support.web"

  local origin, cn_only, proxy

  setup(function()
    local hello = [[
      ["/to"] = function(conn, request)
        redirect(conn, "https://127.0.0.1:" .. request.headers.host:match "%d+$" .. "/there")
      end,
      default = function(conn) ok(conn, "hello") end,
    ]]
    origin  = web.start { routes = hello }
    cn_only = web.start { routes = hello, entry = pki.cn_only }
    proxy   = web.start { entry = "plain", routes = [[
      CONNECT = function(conn, request)
        local host, port = request.path:match "^(.*):(%d+)$"
        if host == "refused.test" then
          conn:send "HTTP/1.1 403 Forbidden by Proxy\r\nContent-Length: 0\r\n\r\n"
        elseif host == "control.test" then
          conn:send "HTTP/1.1 407 \27[2J\0\b\155 no\tway\127\r\nContent-Length: 0\r\n\r\n"
        elseif host == "endless.test" then
          repeat until not conn:send "HTTP/1.1 200 OK\r\nX: y\r\nX: y\r\nX: y\r\n"
        elseif host == "noise.test" then
          conn:send "noise\r\n\r\n"
        elseif host == "silent.test" then
          silence(conn)
        elseif host == "long.test" then
          conn:send "HTTP/1.1 200 "
          for _ = 1, 64 do
            if not conn:send(("x"):rep(65536)) then return end
          end
          conn:send "\r\n\r\n"
        elseif host == "slow.test" then
          conn:send "HTTP/1.1 200 OK\r\n"
          for _ = 1, 2000 do
            if not conn:send "X: y\r\n" then return end
            sleep(0.02)
          end
        elseif host == "interim.test" then
          conn:send "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n"
          conn:send "HTTP/1.1 200 OK\r\n\r\n"
          tunnel(conn, tonumber(port))
        elseif host ~= "cut.test" then
          conn:send "HTTP/1.0 200 Connection established\r\nVia: us\r\n\r\n"
          tunnel(conn, tonumber(port))
        end
      end,
    ]] }
  end)

  teardown(process.stop_all)
  after_each(function() http.PROXY = nil end)

  local function via(user)
    return ("http://%s127.0.0.1:%d"):format(user or "", proxy.port)
  end

  local function get(host, port, more)
    local reqt = { url = ("https://%s:%d/path"):format(host, port), proxy = via(),
                   cafile = pki.root.cert }
    for key, value in pairs(more or {}) do reqt[key] = value end
    return https.request(reqt)
  end

  local function said(child, from)
    return child:output():sub(from + 1)
  end

  it("reaches the origin and asks the proxy for nothing else", function()
    local before = #proxy:output()
    local ok, code = get("localhost", origin.port,
                         { headers = { ["X-Mine"] = "secret", Cookie = "secret" } })
    assert.same({ 1, 200 }, { ok, code })
    assert.equal(("> CONNECT localhost:%d HTTP/1.1\n> Host: localhost:%d\n")
                 :format(origin.port, origin.port), said(proxy, before))
    assert.truthy(origin:output():find("> GET /path HTTP/1.1", 1, true))
  end)

  it("takes socket.http's proxy, unless the request has false", function()
    http.PROXY = via()
    local before = #proxy:output()
    assert.equal(1, (https.request {
      url = ("https://localhost:%d/"):format(origin.port), cafile = pki.root.cert,
      proxy = false }))
    assert.equal("", said(proxy, before))
    assert.equal(1, (https.request {
      url = ("https://localhost:%d/"):format(origin.port), cafile = pki.root.cert }))
    assert.matches("CONNECT", said(proxy, before))
  end)

  it("checks the origin's name, not the proxy's", function()
    local ok, why = get("localhost", cn_only.port)
    assert.is_nil(ok)
    assert.matches("the certificate is not for localhost", why)
    assert.truthy(cn_only:wait_output "name: localhost")
  end)

  it("gives the proxy's credentials to the proxy alone", function()
    local at_proxy, at_origin = #proxy:output(), #origin:output()
    assert.equal(1, (get("localhost", origin.port, { proxy = via "joe:s%40cret@" })))
    assert.truthy(said(proxy, at_proxy):find(
      "> Proxy-Authorization: Basic am9lOnNAY3JldA==", 1, true))
    assert.is_nil(said(origin, at_origin):lower():find("authorization", 1, true))
  end)

  it("and those that stand in a header too", function()
    for _, proxied in ipairs { via(), false } do
      local at_proxy, at_origin = #proxy:output(), #origin:output()
      assert.equal(1, (get("localhost", origin.port, {
        proxy = proxied, headers = { ["Proxy-Authorization"] = "Bearer secret" } })))
      assert.equal(proxied and true or false,
                   said(proxy, at_proxy):find("Bearer secret", 1, true) ~= nil)
      assert.is_nil(said(origin, at_origin):find("secret", 1, true))
    end
  end)

  it("also on the way of a redirect to another host, which it does not concern", function()
    local at_proxy, at_origin = #proxy:output(), #origin:output()
    local ok, code = get("localhost", origin.port, {
      url = ("https://localhost:%d/to"):format(origin.port),
      headers = { ["Proxy-Authorization"] = "Bearer secret" } })
    assert.same({ 1, 200 }, { ok, code })
    assert.truthy(origin:wait_output "> GET /there")
    assert.equal(2, select(2, said(proxy, at_proxy):gsub("Bearer secret", "")))
    assert.is_nil(said(origin, at_origin):find("secret", 1, true))
  end)

  it("but none that is more than one header", function()
    local before = #proxy:output()
    local ok, why = get("localhost", origin.port, {
      headers = { ["Proxy-Authorization"] = "Bearer x\r\nX-Other: y" } })
    assert.same({
      nil, 'header "Proxy-Authorization" cannot be sent: its value contains a control character'
    }, { ok, why })
    assert.equal("", said(proxy, before))
  end)

  it("reports errors there", function()
    local function why(host, more) return (select(2, get(host, 443, more))) end
    assert.equal("proxy: 403 Forbidden by Proxy", why "refused.test")
    assert.equal("proxy: not an HTTP answer", why "noise.test")
    assert.equal("proxy: 407 \\x1B[2J\\x00\\x08\\x9B no\\x09way\\x7F", why "control.test")
    assert.equal("proxy: its answer does not end", why "endless.test")
    assert.equal("proxy: its answer does not end", why "long.test")
    assert.equal("proxy: closed", why "cut.test")
    house.in_time(function(factor)
      assert.equal("proxy: timeout", why("silent.test", { timeout = 0.15 * factor }))
    end)
    assert.equal("proxy: connection refused",
                 why("localhost", { proxy = "http://127.0.0.1:" .. process.free_port() }))
  end)

  it("gives its answer as a whole the time of one call, and of the request", function()
    for _, name in ipairs { "connect", "total" } do
      house.in_time(function(factor)
        local ok, why = get("slow.test", 443, { timeout = { [name] = 0.2 * factor } })
        assert.same({ nil, "proxy: timeout" }, { ok, why })
      end)
    end
  end)

  it("waits for its last byte", function()
    local ok, code = get("interim.test", origin.port, { verify = "none" })
    assert.same({ 1, 200 }, { ok, code })
  end)

  it("refuses a value that is no proxy that it can use, and keeps the password back", function()
    for _, text in ipairs { "socks5://joe:secret@proxy.test:1", "proxy.test:1", "",
                            "joe:secret@proxy.test:1", "ftp://joe:/secret@x@proxy.test",
                            "http://joe:secret@proxy.test:x",
                            "http://joe:secret@proxy.test:65537" } do
      local _, why = get("localhost", origin.port, { proxy = text })
      assert.matches("^invalid proxy '.*': http://host:port or https://host:port expected$", why)
      assert.is_nil(why:find("secret", 1, true))
    end
  end)

  it("brackets an IPv6 address", function()
    local before = #proxy:output()
    get("[::1]", origin.port)
    assert.truthy(said(proxy, before):find(("> CONNECT [::1]:%d "):format(origin.port), 1, true))
  end)
end)
