describe("https.request", function()
  local http    = require "socket.http"
  local https   = require "ssl.https"
  local ltn12   = require "ltn12"
  local process = require "spec.support.process"
  local socket  = require "socket"
  local web     = require "spec.support.web"

  local server

  setup(function()
    server = web.start { routes = [[
      ["/chunked"] = function(conn)
        local got = {}
        repeat
          local size = tonumber(conn:receive(), 16)
          got[#got + 1] = conn:receive(size)
          conn:receive()
        until size == 0
        ok(conn, table.concat(got, "|"))
      end,
      ["/413"] = function(conn)
        conn:send "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"
      end,
      ["/hasty"] = function(conn) ok(conn, "thanks") end,
      ["/rude"]  = function() end,
      default = function(conn, request) ok(conn, request.method .. " " .. request.body) end,
    ]] }
  end)

  teardown(process.stop_all)
  before_each(function() https.VERIFY = "none" end)
  after_each(function() https.VERIFY, https.PORT = "peer", 443 end)

  local function url(path) return ("https://localhost:%d%s"):format(server.port, path or "/") end

  local function reqt(more)
    local t = { url = url() }
    for key, value in pairs(more or {}) do t[key] = value end
    return t
  end

  local function said(act)
    local before = #server:output()
    act()
    return server:output():sub(before + 1)
  end

  it("gets a URL", function()
    local body, code, headers, status = https.request(url())
    assert.same({ "GET ", 200, "HTTP/1.1 200 OK" }, { body, code, status })
    assert.equal("4", headers["content-length"])
  end)

  it("posts a body", function()
    local text = said(function()
      assert.equal("POST a=b", (https.request(url(), "a=b")))
    end)
    assert.truthy(text:find("> Content-Type: application/x-www-form-urlencoded", 1, true))
  end)

  it("returns nil, the reason and two nils", function()
    local function results(...) return select("#", ...), ... end
    for _, what in ipairs { "https://localhost:1/", { url = "https://localhost:1/" } } do
      assert.same({ 4, nil, "connection refused" }, { results(https.request(what)) })
    end
  end)

  it("takes a table, which it does not modify and which can be used again (D15)", function()
    local t = { url = url(), headers = { ["X-Y"] = "z" }, options = { "all" } }
    local copy = { url = t.url, headers = { ["X-Y"] = "z" }, options = { "all" } }
    for _ = 1, 2 do
      assert.same({ 1, 200 }, { (https.request(t)), (select(2, https.request(t))) })
      assert.same(copy, t)
    end
  end)

  it("takes LuaSocket's fields", function()
    local text = said(function()
      https.request(reqt { path = "/p", query = "q=1", fragment = "f", user = "joe",
                           password = "x", headers = { ["X-Number"] = 5 } })
    end)
    assert.truthy(text:find("> GET /p?q=1 HTTP/1.1", 1, true))
    assert.truthy(text:find("> Authorization: Basic am9lOng=", 1, true))
    assert.truthy(text:find(("> Host: localhost:%d"):format(server.port), 1, true))
    assert.truthy(text:lower():find("> user-agent: " .. http.USERAGENT:lower(), 1, true))
    assert.truthy(text:lower():find("> x-number: 5", 1, true))
  end)

  it("uses https.PORT where the URL has none", function()
    https.PORT = server.port
    assert.equal("GET ", (https.request "https://localhost"))
    assert.equal("GET ", (https.request "//localhost?a"))
  end)

  it("sends a source, through the step, and fills the sink", function()
    local steps = 0
    local function step(...)
      steps = steps + 1
      return ltn12.pump.step(...)
    end
    local parts, chunks = { "one", "", "two" }, {}
    local function source() return table.remove(parts, 1) end
    local ok, code = https.request(reqt {
      url = url "/chunked", method = "PUT", source = source, step = step,
      sink = ltn12.sink.table(chunks) })
    assert.same({ 1, 200, "one|two|" }, { ok, code, table.concat(chunks) })
    assert.is_true(steps >= 5)
    assert.equal(1, (https.request(reqt {
      method = "PUT", source = ltn12.source.string "abc",
      headers = { ["content-length"] = 3 } })))
    assert.truthy(server:output():find("body: abc", 1, true))
  end)

  it("returns what a sink or a source refuses with, and raises what they raise", function()
    assert.same({ nil, "full" },
                { https.request(reqt { sink = function() return nil, "full" end }) })
    assert.same({ nil, "dry" }, { https.request(reqt {
      source = function() return nil, "dry" end }) })
    assert.has_error(function()
      https.request(reqt { sink = function(chunk) return chunk and error("oops", 0) end })
    end, "oops")
    assert.same({ nil, "tried" }, { https.request(reqt {
      sink = function(chunk) return chunk and socket.try(nil, "tried") end }) })
  end)

  describe("when a server hangs up on a body", function()
    local function put(path)
      local chunks, left = {}, 2000
      local ok, code = https.request(reqt {
        url = url(path), method = "PUT", sink = ltn12.sink.table(chunks),
        source = function()
          left = left - 1
          return left > 0 and ("x"):rep(65536) or nil
        end })
      return ok, code, table.concat(chunks)
    end

    it("returns its refusal", function()
      assert.same({ 1, 413, "big" }, { put "/413" })
    end)

    it("accepts no early success, and reports none", function()
      for _, path in ipairs { "/hasty", "/rude" } do
        local ok, why = put(path)
        -- The message is the transport's: a broken pipe, a reset.
        assert.same({ nil, "string" }, { ok, type(why) })
      end
    end)
  end)

  it("can be yielded through", function()
    local co = coroutine.wrap(function()
      return https.request(reqt { sink = function(chunk)
        if chunk then coroutine.yield(chunk) end
        return 1
      end })
    end)
    assert.equal("GET ", co())
    assert.same({ 1, 200 }, { (function(ok, code) return ok, code end)(co()) })
  end)

  it("closes once what the caller's create made, where that does not connect", function()
    local closed = 0
    assert.same({ nil, "no way" }, { https.request(reqt { create = function()
      return {
        settimeout = function() return 1 end,
        connect    = function() return nil, "no way" end,
        close      = function() closed = closed + 1 end,
      }
    end }) })
    assert.equal(1, closed)
  end)

  it("honours the caller's create", function()
    local made = 0
    local function create()
      made = made + 1
      local sock = socket.tcp()
      sock:bind("127.0.0.1", 0)
      return sock
    end
    assert.equal(1, (https.request(reqt { create = create })))
    assert.equal(1, made)
    assert.same({ nil, "create: no more sockets" }, { https.request(reqt {
      create = function() return nil, "no more sockets" end }) })
  end)
end)
