-- D15 again: LuaSec re-used the first hop's settings and could not follow relative
-- locations.

describe("ssl.https follows redirects", function()
  local https   = require "ssl.https"
  local ltn12   = require "ltn12"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local web     = require "spec.support.web"

  local ROUTES = [[
    ["/here"]     = function(conn) ok(conn, "here") end,
    ["/a/there"]  = function(conn) ok(conn, "there") end,
    ["/relative"] = function(conn) redirect(conn, "a/x/../there") end,
    ["/rooted"]   = function(conn) redirect(conn, "/here", 301) end,
    ["/network"]  = function(conn, request)
      redirect(conn, "//" .. request.headers.host .. "/here", 303)
    end,
    ["/plain"]    = function(conn) redirect(conn, "http://localhost:1/here") end,
    ["/ftp"]      = function(conn) redirect(conn, "ftp://localhost:1/here") end,
    ["/loop"]     = function(conn) redirect(conn, "/loop", 307) end,
    ["/none"]     = function(conn)
      conn:send "HTTP/1.1 302 Found\r\nContent-Length: 4\r\n\r\nnone"
    end,
    default = function(conn, request)
      local code = request.path:match "^/by/(%d+)$"
      if code then return redirect(conn, "/here", code) end
      redirect(conn, (request.path:gsub("^/to/", "https://")))
    end,
  ]]
  local server, second, cn_only

  setup(function()
    server  = web.start { routes = ROUTES }
    second  = web.start { routes = ROUTES }
    cn_only = web.start { routes = ROUTES, entry = pki.cn_only }
  end)

  teardown(process.stop_all)

  local function get(path, more)
    path = path or ""
    local chunks = {}
    local reqt = { url = ("https://localhost:%d%s"):format(server.port, path),
                   cafile = pki.root.cert, sink = ltn12.sink.table(chunks) }
    for key, value in pairs(more or {}) do reqt[key] = value end
    local ok, code, headers = https.request(reqt)
    return ok and table.concat(chunks), code, headers
  end

  for path, body in pairs { ["/relative"] = "there", ["/rooted"] = "here",
                            ["/network"] = "here" } do
    it("to a location like that of " .. path, function()
      local text, code, headers = get(path)
      assert.same({ body, 200 }, { text, code })
      assert.truthy(headers.location)
    end)
  end

  it("to another server, with its own name to ask for and to check", function()
    local body = get(("/to/127.0.0.1:%d/here"):format(second.port))
    assert.equal("here", body)
    assert.truthy(second:wait_output "shaken: true, name: nil")
    local ok, why = get(("/to/localhost:%d/here"):format(cn_only.port))
    assert.is_nil(ok)
    assert.matches("the certificate is not for localhost", why)
  end)

  it("but not to http, ftp or nowhere: the answer is the result", function()
    for _, path in ipairs { "/plain", "/ftp" } do
      assert.same({ "moved", 302 }, { get(path), (select(2, get(path))) })
    end
    assert.same({ "none", 302 }, { (get "/none"), (select(2, get "/none")) })
  end)

  it("by each code for it", function()
    for code = 301, 308 do
      local followed = code ~= 304 and code ~= 305 and code ~= 306
      assert.same({ code, followed and "here" or code ~= 304 and "moved" or "" },
                  { code, (get("/by/" .. code)) })
    end
  end)

  it("not with redirect = false", function()
    local body, code, headers = get("/rooted", { redirect = false })
    assert.same({ "moved", 301, "/here" }, { body, code, headers.location })
  end)

  it("with redirect = true, which LuaSec refuses", function()
    assert.equal("here", (get("/rooted", { redirect = true })))
  end)

  it("five times, or maxredirects times", function()
    local function turns(more)
      local _, before = server:output():gsub("> GET /loop", "")
      local body, code = get("/loop", more)
      assert.same({ "moved", 307 }, { body, code })
      local _, after = server:output():gsub("> GET /loop", "")
      return after - before
    end
    assert.equal(6, turns())
    assert.equal(3, turns { maxredirects = 2 })
  end)

  it("for GET and HEAD alone, and with HEAD it stays HEAD", function()
    assert.equal(301, (select(2, get("/rooted", { method = "POST" }))))
    local body, code = get("/rooted", { method = "HEAD" })
    assert.same({ "", 200 }, { body, code })
    assert.truthy(server:output():find("> HEAD /here", 1, true))
  end)

  it("not where a body was sent", function()
    local source = ltn12.source.string "x"
    assert.equal(301, (select(2, get("/rooted", { source = source }))))
  end)

  describe("with a key that has to be opened", function()
    local password = pki.server.password

    local function encrypted(more)
      local reqt = { key = pki.server.encrypted_key, certificate = pki.server.cert,
                     password = password }
      for key, value in pairs(more or {}) do reqt[key] = value end
      return reqt
    end

    local function said_since(child, before)
      return child:output():sub(before + 1)
    end

    it("to that origin and to another", function()
      for _, to in ipairs { "/rooted", ("/to/localhost:%d/here"):format(second.port),
                            ("/to/localhost:%d/rooted"):format(second.port) } do
        for _, kind in ipairs { password, function() return password end } do
          local body, code = get(to, encrypted { password = kind })
          assert.same({ to, "here", 200 }, { to, body, code })
        end
      end
    end)

    it("and a user of the URL's, each with a password of its own", function()
      local url = ("https://joe:other@localhost:%d/rooted"):format(server.port)
      local before = #server:output()
      assert.equal("here", (get(nil, encrypted { url = url })))
      local _, times = said_since(server, before):gsub("uthorization: Basic am9lOm90aGVy", "")
      assert.equal(2, times)
    end)

    it("whose password no server gets, also by a location that asks for it", function()
      for _, more in ipairs { {}, { user = "joe" } } do
        local before = #second:output()
        local to = ("/to/sue@localhost:%d/rooted"):format(second.port)
        assert.equal("here", (get(to, encrypted(more))))
        assert.is_nil(said_since(second, before):find "uthorization")
      end
    end)

    it("and several keys, one by one", function()
      local pair_of = encrypted()
      assert.equal("here", (get("/rooted", { certificates = { pair_of } })))
    end)
  end)

  describe("with a certificate", function()
    local askers = {}

    setup(function()
      for i = 1, 2 do
        askers[i] = web.start { clientca = pki.root.cert, routes = [[
          ["/who"] = function(conn)
            local cert = conn:getpeercertificate()
            ok(conn, cert and cert:subject()[1].value or "nobody")
          end,
          default = function(conn, request)
            redirect(conn, (request.path:gsub("^/to/", "https://")))
          end,
        ]] }
      end
    end)

    -- Who one is at a server, redirected from the first one.
    local function who(place, more, behind)
      local chunks = {}
      local reqt = { url = ("https://localhost:%d/to/%s/who"):format(askers[1].port, place),
                     cafile = pki.root.cert, sink = ltn12.sink.table(chunks) }
      for key, value in pairs(more) do reqt[key] = value end
      assert(https.request(setmetatable(reqt, behind)))
      return table.concat(chunks)
    end

    local SHOWN = {
      { certificate = pki.client.chain, key = pki.client.key },
      { certificates = { { certificate = pki.client.chain, key = pki.client.key } } },
    }

    it("which the same origin sees again, and no other one", function()
      local same, other = "localhost:" .. askers[1].port, "localhost:" .. askers[2].port
      for _, shown in ipairs(SHOWN) do
        assert.not_equal("nobody", who(same, shown))
        assert.equal("nobody", who(other, shown))
      end
    end)

    it("and the values behind the table", function()
      local same, other = "localhost:" .. askers[1].port, "localhost:" .. askers[2].port
      local behind = { __index = SHOWN[1] }
      assert.not_equal("nobody", who(same, {}, behind))
      assert.equal("nobody", who(other, {}, behind))
    end)
  end)

  -- What the records of the keys say, for each of them.
  it("with the keys for one origin, which no other one sees", function()
    local hop, records = require "ssl.https.hop", require "ssl.context.keys"
    local OTHERS = { servername = true, ech = true }
    local function kept(key, behind, to)
      local reqt = { url = "https://a.test/" }
      if behind then
        setmetatable(reqt, { __index = { [key] = "value" } })
      else
        reqt[key] = "value"
      end
      local from = assert(hop.new(reqt, 443))
      local new = assert(hop.redirect(from, 302, { location = to }, 0, 443))
      return new.reqt[key]
    end
    local count = 0
    for _, record in ipairs(records) do
      local key = record.key
      if record.identity then count = count + 1 end
      for _, behind in ipairs { false, true } do
        assert.equal("value", kept(key, behind, "https://a.test/b"), key)
        local expected = not (record.identity or OTHERS[key]) and "value" or nil
        assert.equal(expected, kept(key, behind, "https://b.test/"), key)
      end
    end
    assert.is_true(count > 5)
  end)

  it("with the values behind the table, which pools use, too", function()
    local pool = https.pool()
    for _, to in ipairs { "/rooted", ("/to/localhost:%d/here"):format(second.port) } do
      for _, request in ipairs { https.request, function(t) return pool:request(t) end } do
        local chunks = {}
        local reqt = { sink = ltn12.sink.table(chunks) }
        setmetatable(reqt, { __index = {
          url = ("https://localhost:%d%s"):format(server.port, to), cafile = pki.root.cert } })
        assert.equal(1, (request(reqt)))
        assert.equal("here", table.concat(chunks))
      end
    end
    pool:close()
  end)

  describe("with headers for one origin", function()
    local SECRETS = { Authorization = "Bearer secret", cookie = "a=secret",
                      Host = "secret.test", ["X-Other"] = "told" }

    it("to that origin", function()
      local before = #server:output()
      assert.equal("here", (get("/rooted", { headers = SECRETS })))
      local said = server:output():sub(before + 1)
      local _, times = said:gsub("> Authorization: Bearer secret", "")
      assert.equal(2, times)
    end)

    it("to no other", function()
      local to = ("/to/localhost:%d/here"):format(second.port)
      local before = #second:output()
      assert.equal("here", (get(to, { headers = SECRETS, user = "joe", password = "secret" })))
      local said = second:output():sub(before + 1)
      assert.is_nil(said:find("secret", 1, true))
      assert.is_nil(said:find("uthorization", 1, true))
      assert.truthy(said:find("told", 1, true))
    end)

    it("servername too", function()
      local at_server, at_second = #server:output(), #second:output()
      local to = ("/to/localhost:%d/here"):format(second.port)
      assert.equal("here", (get(to, { servername = "a.wild.test" })))
      assert.truthy(server:output():find("name: a.wild.test", at_server, true))
      assert.truthy(second:output():find("name: localhost", at_second, true))
      at_server = #server:output()
      assert.equal("here", (get("/rooted", { servername = "a.wild.test" })))
      assert.is_nil(server:output():find("name: localhost", at_server, true))
    end)

    it("of the URL likewise", function()
      local before = #server:output()
      local url = ("https://joe:s%%40cret@localhost:%d"):format(server.port)
      assert.equal("here", (get(nil, { url = url .. "/rooted" })))
      local _, times = server:output():sub(before + 1)
                             :gsub("uthorization: Basic am9lOnNAY3JldA==", "")
      assert.equal(2, times)
      before = #second:output()
      local to = ("/to/localhost:%d/here"):format(second.port)
      assert.equal("here", (get(nil, { url = url .. to })))
      assert.is_nil(second:output():sub(before + 1):find "uthorization")
    end)
  end)
end)
