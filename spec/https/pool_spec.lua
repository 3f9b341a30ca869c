-- nginx numbers its connections, and reports the number.

describe("https.pool and nginx", function()
  local house   = require "spec.support.init"
  local https   = require "ssl.https"
  local ltn12   = require "ltn12"
  local socket  = require "socket"
  local peers   = require "spec.support.peers"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"

  if not peers.nginx_root() then
    pending "nginx is not there: script/bootstrap --with-tests"
    return
  end

  local BIG = ("0123456789abcdef"):rep(4096)
  local child, folder, pool

  setup(function()
    folder = process.folder()
    child = peers.nginx {
      key = pki.server.key, chain = pki.server.chain,
      files = { small = "hello", big = BIG },
      http = "gzip off; add_header X-Connection $connection always;",
      server = ([[
        ssl_client_certificate "%s";
        ssl_verify_client optional;
        ssl_protocols TLSv1.2 TLSv1.3;
        keepalive_requests 1000;
        location = /n { return 200 "$connection"; }
        location = /who { return 200 "$connection $ssl_client_verify"; }
        location = /to { return 302 /n; }
        location = /hint { keepalive_timeout 60s 1s; return 200 "$connection"; }
        location = /hints { keepalive_timeout 60s 30s; return 200 "$connection"; }
        location = /close { keepalive_timeout 200ms 60s; return 200 "$connection"; }
        location = /long { return 302 /n; error_page 302 /big; }
        location = /none { return 204; }
        location = /same { return 304; }
        location = /missing { return 404; }
        location = /chunked { ssi on; ssi_types *; try_files /big =404; }
        location = /once { keepalive_timeout 0; return 200 "$connection"; }
        location ~ ^/echo/(.*)$ { return 200 "$1"; }
        location = /put { client_max_body_size 2m; dav_methods PUT; }
      ]]):format(pki.root.cert),
    }
  end)

  teardown(process.stop_all)
  before_each(function() pool = https.pool() end)
  after_each(function()
    pool:close()
    https.VERIFY = "peer"
  end)

  local function url(path, host)
    return ("https://%s:%d%s"):format(host or "localhost", child.port, path or "/n")
  end

  local function get(path, more)
    local chunks = {}
    local reqt = { url = url(path), cafile = pki.root.cert, pool = pool,
                   sink = ltn12.sink.table(chunks) }
    for key, value in pairs(more or {}) do reqt[key] = value end
    local ok, code, headers, status = https.request(reqt)
    return ok and table.concat(chunks), code, headers, status
  end

  -- Which connection it went over.
  local function over(path, more)
    local _, code, headers = get(path, more)
    assert.equal("number", type(code), code)
    return headers["x-connection"]
  end

  for _, protocol in ipairs { "tlsv1_2", "tlsv1_3" } do
    it("uses a connection again, over " .. protocol, function()
      local first = over("/n", { protocol = protocol })
      assert.equal(1, pool:count())
      for _ = 1, 5 do assert.equal(first, over("/n", { protocol = protocol })) end
      assert.equal(1, pool:count())
    end)
  end

  it("with any answer that ends as announced", function()
    local first = over()
    for _, path in ipairs { "/small", "/big", "/chunked", "/none", "/same", "/missing" } do
      assert.equal(first, over(path), path)
    end
    assert.equal(first, over("/big", { method = "HEAD" }))
    local body = get "/chunked"
    assert.is_true(BIG == body)
    assert.equal(first, over())
  end)

  it("with any body", function()
    local first = over()
    for _, more in ipairs {
      { source = ltn12.source.string(BIG), headers = { ["content-length"] = #BIG } },
      { source = ltn12.source.string(BIG) },
    } do
      more.method = "PUT"
      assert.equal(first, over("/put", more))
      assert.is_true(BIG == get "/put")
    end
  end)

  it("also on the way of a redirect", function()
    local first = over()
    local body, code = get "/to"
    assert.same({ first, 200 }, { body, code })
    assert.equal(1, pool:count())
  end)

  it("not without a pool", function()
    local function plain() return (get("/n", { pool = false })) end
    assert.not_equal(plain(), plain())
    assert.equal(0, pool:count())
  end)

  it("not with Connection: close of the server or the request", function()
    local first = over "/once"
    assert.equal(0, pool:count())
    local second = over("/n", { headers = { connection = "close" } })
    assert.not_equal(first, second)
    assert.equal(0, pool:count())
  end)

  it("has the two forms of https.request", function()
    assert.equal("table", type(pool))
    local ok, why = pool:request(url())
    assert.is_nil(ok)
    assert.matches("^certificate verify failed", why)
    https.VERIFY = "none"
    local body, code, headers, status = pool:request(url())
    assert.same({ 200, "HTTP/1.1 200 OK" }, { code, status })
    assert.equal(body, headers["x-connection"])
    assert.equal(body, (pool:request(url())))
    local t = { url = url() }
    ok, code, headers = pool:request(t)
    assert.same({ 1, 200, body }, { ok, code, headers["x-connection"] })
    assert.is_nil(t.pool)
    ok, code, headers = pool:request(url "/small", "a=b")
    assert.equal("string", type(ok))
    assert.same({ 405, body }, { code, headers["x-connection"] })
  end)

  describe("keeps apart", function()
    -- Each of these has another trust, or another identity.
    local function variants()
      local ca = process.write(folder .. "/ca.pem", process.read(pki.root.cert))
      return {
        { "nothing" },
        { "verify", verify = "none" },
        { "verify twice", verify = { "peer", "fail_if_no_peer_cert" } },
        { "cafile", cafile = ca },
        { "capath", capath = pki.root.capath },
        { "both", cafile = false, capath = pki.root.capath },
        { "certificate", key = pki.client.key, certificate = pki.client.chain },
        { "another certificate", key = pki.ec_client.key, certificate = pki.ec_client.cert },
        { "protocol", protocol = "tlsv1_2" },
        { "ciphers", ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256" },
        { "ciphersuites", ciphersuites = "TLS_AES_128_GCM_SHA256" },
        { "options", options = { "all", "no_ticket" } },
        { "curves", curveslist = "P-256" },
        { "depth", depth = 7 },
        { "host", url = url("/n", "127.0.0.1") },
        { "verifyext", verifyext = "lsec_continue" },
        { "servername", servername = "a.wild.test" },
        { "create", create = function() return socket.tcp() end },
      }
    end

    it("requests with different trust", function()
      local wide = https.pool { size = 100, perhost = 100 }
      local seen, list = {}, variants()
      for _ = 1, 2 do
        for _, more in ipairs(list) do
          more.pool = wide
          local n, name = over("/n", more), more[1]
          seen[name] = seen[name] or n
          assert.equal(seen[name], n, name)
        end
      end
      local connections, count = {}, 0
      for name, n in pairs(seen) do
        assert.is_nil(connections[n], name)
        connections[n], count = name, count + 1
      end
      assert.equal(#list, count)
      assert.equal(#list, wide:count())
      wide:close()
    end)

    it("an unverified connection from a request that verifies", function()
      assert.equal("number", type((select(2, get("/n", { verify = "none" })))))
      local ok, why = get("/n", { cafile = pki.other.cert })
      assert.is_nil(ok)
      assert.matches("^certificate verify failed", why)
      https.VERIFY = "none"
      assert.equal("number", type((select(2, get("/n", { cafile = pki.other.cert })))))
      https.VERIFY = "peer"
      assert.is_nil((get("/n", { cafile = pki.other.cert })))
    end)

    it("connections from before a file changed", function()
      local file = process.write(folder .. "/changing.pem", process.read(pki.root.cert))
      local first = over("/n", { cafile = file })
      assert.equal(first, over("/n", { cafile = file }))
      process.write(file, process.read(pki.other.cert))
      assert.is_nil((get("/n", { cafile = file })))
      assert.equal(1, pool:count())
    end)

    it("clients with a certificate from those without", function()
      local with = { key = pki.client.key, certificate = pki.client.chain }
      assert.matches(" NONE$", (get "/who"))
      assert.matches(" SUCCESS$", (get("/who", with)))
      assert.matches(" NONE$", (get "/who"))
      assert.equal(2, pool:count())
    end)

    it("not the spellings of a name", function()
      local first = over()
      assert.equal(first, over("/n", { url = url("/n", "LOCALHOST") }))
    end)
  end)

  it("keeps no connection that a user was tied to", function()
    for _, scheme in ipairs { "NTLM x", "Negotiate x", "negotiate" } do
      over("/n", { headers = { Authorization = scheme } })
      assert.equal(0, pool:count())
    end
    over("/n", { headers = { Authorization = "Basic eDp5" } })
    assert.equal(1, pool:count())
  end)

  describe("lets several coroutines in", function()
    local function paused()
      local chunks = {}
      return function(chunk)
        if chunk then
          chunks[#chunks + 1] = chunk
          coroutine.yield "piece"
        end
        return 1
      end, chunks
    end

    it("and a connection is in one hand at a time", function()
      local first = over()
      local workers = {}
      for i = 1, 4 do
        local sink, chunks = paused()
        workers[i] = { chunks = chunks, step = coroutine.wrap(function()
          local _, _, headers = get("/big", { sink = sink })
          return "done", headers["x-connection"]
        end) }
      end
      for _, worker in ipairs(workers) do assert.equal("piece", worker.step()) end
      assert.equal(0, pool:count())
      local busy, seen = #workers, {}
      while busy > 0 do
        for _, worker in ipairs(workers) do
          if not worker.over then
            local word, n = worker.step()
            if word == "done" then
              worker.over, busy = n, busy - 1
              assert.is_nil(seen[n])
              seen[n] = true
            end
          end
        end
      end
      for _, worker in ipairs(workers) do
        assert.is_true(BIG == table.concat(worker.chunks))
      end
      assert.is_true(seen[first])
      assert.equal(4, pool:count())
    end)

    it("and a rest of one of them has no owner", function()
      local sink = paused()
      local worker = coroutine.wrap(function() get("/big", { sink = sink }) end)
      assert.equal("piece", worker())
      worker = nil -- luacheck: ignore
      local first = over()
      assert.equal(first, over())
      assert.equal(1, pool:count())
    end)
  end)

  -- A transport of the program: no descriptor is taken over. It gives other coroutines
  -- a turn instead of waiting.
  local function patient(more)
    local sock = socket.tcp()
    local object = {
      connect = function(_, host, port)
        local ok, why = sock:connect(host, port)
        sock:settimeout(0)
        return ok, why
      end,
      send = function(_, data) return sock:send(data) end,
      receiveany = function(_, most)
        while true do
          local data, why, partial = sock:receive(most)
          data = data or partial
          if data ~= "" or why ~= "timeout" then return data ~= "" and data or nil, why end
          local thread, main = coroutine.running()
          if not thread or main then return nil, "wantread" end
          coroutine.yield "waiting"
        end
      end,
      close = function() sock:close() end,
      settimeout = function() end,
    }
    for key, value in pairs(more or {}) do object[key] = value(sock) end
    return object, sock
  end

  local function with_descriptor()
    return patient { getfd = function(sock) return function() return sock:getfd() end end }
  end

  describe("over transports that yield", function()
    it("keeps every answer to its request", function()
      local MANY, EACH = house.scale(20, 5), house.scale(10, 3)
      local wide, workers, got, used = https.pool { perhost = 100, size = 100 }, {}, 0, {}
      for i = 1, MANY do
        workers[i] = coroutine.create(function()
          for n = 1, EACH do
            local path = ("/echo/%d.%d"):format(i, n)
            local body, _, headers = get(path, { pool = wide, create = with_descriptor })
            assert.equal(path:sub(7), body)
            used[headers["x-connection"]] = true
            got = got + 1
          end
        end)
      end
      local late = house.patience()
      while got < MANY * EACH and not late() do
        for _, worker in ipairs(workers) do
          if coroutine.status(worker) == "suspended" then
            assert(coroutine.resume(worker))
          end
        end
      end
      assert.equal(MANY * EACH, got)
      local connections = 0
      for _ in pairs(used) do connections = connections + 1 end
      assert.is_true(connections <= MANY)
      assert.is_true(wide:count() > 0 and wide:count() <= connections)
      wide:close()
    end)

    it("sees that one has ended where there is a descriptor to look at", function()
      local worker = coroutine.wrap(function()
        local first = over("/n", { create = with_descriptor })
        assert.equal(first, over("/n", { create = with_descriptor }))
        assert.equal(1, pool:count())
        local raw
        over("/close", { create = function()
          local object
          object, raw = with_descriptor()
          return object
        end })
        assert(socket.select({ raw }, nil, 60)[1])
        local body = get("/small", { create = with_descriptor, method = "POST" })
        assert.equal("string", type(body))
        return "done"
      end)
      repeat local word = worker() until word == "done"
    end)

    it("and keeps none where there is not", function()
      local worker = coroutine.wrap(function()
        over("/n", { create = patient })
        assert.equal(0, pool:count())
        return "done"
      end)
      repeat local word = worker() until word == "done"
    end)
  end)

  it("goes by the time that a server names", function()
    local _, _, headers = get "/hint"
    assert.equal("timeout=1", headers["keep-alive"])
    assert.equal(0, pool:count())
    local first = over "/hints"
    assert.equal(1, pool:count())
    assert.equal(first, over "/n")
  end)

  it("holds on to nothing that a request had", function()
    local seen = setmetatable({}, { __mode = "k" })
    local function once()
      local chunks = {}
      local more = { sink = ltn12.sink.table(chunks), headers = {} }
      seen[chunks], seen[more.headers] = true, true
      over("/n", more)
    end
    once()
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(seen))
    assert.equal(1, pool:count())
  end)

  describe("does not keep", function()
    it("what a sink refused", function()
      assert.same({ nil, "full" }, { get("/big", { sink = function() return nil, "full" end }) })
      assert.equal(0, pool:count())
    end)

    it("what a sink raised in", function()
      assert.has_error(function()
        get("/big", { sink = function() error("raised", 0) end })
      end, "raised")
      assert.equal(0, pool:count())
    end)

    it("what a step left unread", function()
      local n = 0
      local function step(source, sink)
        n = n + 1
        if n == 2 then return nil end
        return ltn12.pump.step(source, sink)
      end
      local part = get("/big", { step = step })
      assert.is_true(#part > 0 and #part < #BIG)
      assert.equal(0, pool:count())
    end)

    it("a request with more or less than its announced length", function()
      for _, length in ipairs { 4, 6 } do
        get("/put", { method = "PUT", source = ltn12.source.string "hello", timeout = 0.1,
                      headers = { ["content-length"] = length } })
        assert.equal(0, pool:count())
      end
    end)
  end)

  describe("is bounded", function()
    local function hold(n, host, into)
      local waiting = {}
      for i = 1, n do
        waiting[i] = coroutine.wrap(function()
          get(nil, { url = url("/small", host), pool = into,
                     sink = function(chunk)
                       if chunk then coroutine.yield() end
                       return 1
                     end })
        end)
        waiting[i]()
      end
      for i = 1, n do waiting[i]() end
    end

    it("by perhost", function()
      local small = https.pool { perhost = 2 }
      hold(4, "localhost", small)
      assert.equal(2, small:count())
      hold(4, "127.0.0.1", small)
      assert.equal(4, small:count())
      small:close()
    end)

    it("by size", function()
      local small = https.pool { size = 3 }
      hold(2, "localhost", small)
      hold(2, "127.0.0.1", small)
      assert.equal(3, small:count())
      small:close()
      local none = https.pool { size = 0 }
      hold(1, "localhost", none)
      assert.equal(0, none:count())
    end)

    it("by time", function()
      local short = https.pool { idle = 0.05 }
      local first = over("/n", { pool = short })
      socket.sleep(0.1)
      assert.equal(0, short:count())
      assert.not_equal(first, over("/n", { pool = short }))
      short:close()
    end)
  end)

  it("closes its connections, and keeps no more", function()
    over()
    pool:close()
    assert.equal(0, pool:count())
    local first = over()
    assert.not_equal(first, over())
    assert.equal(0, pool:count())
    pool:close()
  end)

  it("raises for a value that is no pool", function()
    local function with(more)
      return function() get("/n", more) end
    end
    assert.has_error(with { pool = {} },
      "bad argument #1 to 'request' (a pool of https.pool expected in field 'pool', got table)")
    assert.has_error(function() pool.request({}, url()) end,
      "bad argument #1 to 'request' (a pool of https.pool expected, got table)")
    assert.has_error(function() pool:request(5) end,
      "bad argument #1 to 'request' (string or table expected, got number)")
    assert.has_error(function() pool:request {} end,
      "bad argument #1 to 'request' (string expected in field 'url', got nil)")
    assert.has_error(function() https.pool(5) end,
      "bad argument #1 to 'pool' (table expected, got number)")
    assert.has_error(function() https.pool { size = "many" } end,
      "bad argument #1 to 'pool' (number of at least 0 expected in field 'size', got many)")
    assert.has_error(function() https.pool { idle = -1 } end,
      "bad argument #1 to 'pool' (number of at least 0 expected in field 'idle', got -1)")
  end)
end)
