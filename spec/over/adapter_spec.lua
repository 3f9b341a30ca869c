-- `over`: names, mistakes, and what a connection asks of an adapter.

describe("over", function()
  local house   = require "spec.support.init"
  local socket  = require "socket"
  local find    = require "ssl.over.find"
  local https   = require "ssl.https"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local servers = require "spec.support.servers"
  local ssl     = require "ssl"
  local web     = require "spec.support.web"

  local ROUTES = [[ default = function(conn) return keep(conn, "hi") end ]]

  after_each(process.stop_all)

  -- An adapter whose objects note what they are asked for, over LuaSocket.
  local function adapter(unit)
    local self = { name = "noting", unit = unit, limits = {}, calls = {}, sleeps = 0 }
    function self.sleep() self.sleeps = self.sleeps + 1 end
    function self.connect(host, port, seconds)
      self.calls[#self.calls + 1] = { host, port, seconds and true or false }
      local tcp = assert(socket.tcp())
      local ok, why = tcp:connect(host, port)
      if not ok then return nil, why end
      local object = { limit = nil }
      function object.settimeout(_, time)
        object.limit = time
        tcp:settimeout(time and (unit == "milliseconds" and time / 1000 or time))
      end
      function object.send(_, data)
        return tcp:send(data)
      end
      function object.receive(_, n)
        table.insert(self.limits, object.limit == nil and "none" or object.limit)
        return tcp:receive(n)
      end
      function object.close()
        self.closed = (self.closed or 0) + 1
        return tcp:close()
      end
      self.object = object
      return object
    end
    return self
  end

  local function flags(over, more)
    local all = { over = over, protocol = "any", verify = "peer", cafile = pki.root.cert }
    for key, value in pairs(more or {}) do all[key] = value end
    return all
  end

  it("connects and verifies by an adapter, which the connection closes", function()
    local server, over = servers.start(), adapter()
    local conn, object = ssl.connect("127.0.0.1", server.port, flags(over))
    assert.equal("userdata", type(conn), object)
    assert.equal(over.object, object)
    assert.same({ { "127.0.0.1", server.port, false } }, over.calls)
    assert.equal(6, conn:send "hello\n")
    assert.equal("hello", conn:receive())
    assert.is_nil(over.closed)
    conn:close()
    assert.equal(1, over.closed)
  end)

  it("closes the object of a refused server", function()
    local server, over = servers.start(), adapter()
    local conn, why = ssl.connect("127.0.0.1", server.port,
                                  flags(over, { cafile = pki.other.cert }))
    assert.is_nil(conn)
    assert.matches("certificate verify failed", why, 1, true)
    assert.equal(1, over.closed)
  end)

  for unit, factor in pairs { seconds = 1, milliseconds = 1000 } do
    it("gives an object its limits in " .. unit .. ", and counts seconds itself", function()
      local server, over = servers.start(), adapter(unit)
      local conn = assert(ssl.connect("127.0.0.1", server.port, flags(over)))
      assert.equal("none", over.limits[1])
      house.in_time(function(longer)
        local limit = 0.05 * longer
        conn:settimeout(limit)
        over.limits = {}
        assert.same({ nil, "timeout", "" }, { conn:receive() })
        assert.is_true(over.limits[1] > 0 and over.limits[1] <= limit * factor)
      end)
      conn:settimeout(0)
      over.limits = {}
      assert.same({ nil, "wantread", "" }, { conn:receive() })
      assert.equal(0, over.limits[#over.limits])
      conn:settimeout(nil)
      conn:setdeadline(0)
      assert.same({ nil, "timeout", "" }, { conn:receive() })
      conn:setdeadline(nil)
      assert.equal(3, conn:send "hi\n")
      assert.equal("hi", conn:receive())
      conn:close()
    end)
  end

  it("reads at limit 0 what has come", function()
    local server, over = servers.start(), adapter()
    local conn = assert(ssl.connect("127.0.0.1", server.port, flags(over)))
    assert.equal(6, conn:send "hello\n")
    conn:settimeout(0)
    local line, why, part
    repeat
      line, why, part = conn:receive("*l", part)
      if not line then socket.select({ { getfd = function() return -1 end } }, nil, 0.001) end
    until line or why ~= "wantread"
    assert.equal("hello", line, why)
    conn:close()
  end)

  it("carries a request, and keeps no connection that cannot be looked at", function()
    local server, over = web.start { routes = ROUTES }, adapter()
    local pool, body = https.pool(), {}
    local ok, code = https.request {
      url = ("https://localhost:%d/"):format(server.port), pool = pool,
      cafile = pki.root.cert, over = over,
      sink = function(piece) body[#body + 1] = piece return 1 end,
    }
    assert.same({ 1, 200, "hi", 0 }, { ok, code, table.concat(body), pool:count() })
    assert.same({ { "localhost", server.port, true } }, over.calls)
  end)

  it("keeps connections apart by adapter", function()
    local server = web.start { routes = ROUTES }
    local pool, made = https.pool(), 0
    local function keeping()
      local over = adapter()
      local connect = over.connect
      function over.connect(...)
        local object, why = connect(...)
        made = made + 1
        function object.park() return true end
        function object.unpark() return true end
        return object, why
      end
      return over
    end
    local one, other = keeping(), keeping()
    local function get(over)
      assert.equal(1, (assert(https.request { url = ("https://localhost:%d/"):format(server.port),
        pool = pool, cafile = pki.root.cert, over = over })))
    end
    get(one)
    get(one)
    assert.equal(1, made)
    pool:close() -- this server has one connection at a time
    pool = https.pool()
    get(other)
    assert.equal(2, made)
    pool:close()
  end)

  it("looks at a kept connection for no longer than the request may take", function()
    local server, over, pool = web.start { routes = ROUTES }, adapter(), https.pool()
    local connect, asked = over.connect, {}
    function over.connect(...)
      local object, why = connect(...)
      function object.park() return true end
      function object.unpark(_, seconds)
        asked[#asked + 1] = seconds or "for ever"
        return true
      end
      return object, why
    end
    for _, timeout in ipairs { false, { connect = 30 }, { total = 20, connect = false } } do
      assert(https.request { url = ("https://localhost:%d/"):format(server.port), pool = pool,
                             cafile = pki.root.cert, over = over, timeout = timeout })
    end
    pool:close()
    assert.equal(2, #asked)
    assert.equal(30, asked[1])
    assert.is_true(type(asked[2]) == "number" and asked[2] <= 20)
  end)

  -- The other end is an engine in this process: bytes are there whenever one asks.
  local function never_waiting()
    local engine = assert(ssl.engine {
      mode = "server", protocol = "any", key = pki.server.key, certificate = pki.server.chain })
    local over, object, read = { name = "ready", sleeps = 0 }, {}, 0
    function over.sleep() over.sleeps = over.sleeps + 1 end
    function over.connect() return object end
    local PIECE = ("p"):rep(65536)
    function object.send(_, bytes)
      engine:feed(bytes)
      if not engine:handshake() then return #bytes end
      local data = engine:read()
      while data do
        read, data = read + #data, engine:read()
      end
      return #bytes
    end
    function object.receiveany()
      if engine:handshake() then engine:write(PIECE) end
      return engine:drain()
    end
    function object.close() end
    return over, function() return read end
  end

  -- One that computes for long, and has no reason to wait: until the adapter was asked to sleep.
  -- A machine that is busy with other things looks like a loop that has turned, so this
  -- may take many slices.
  local PATIENCE = 60

  local function until_asked(over, step)
    local before, ends = over.sleeps, ssl.monotonic() + PATIENCE
    repeat step() until over.sleeps > before or ssl.monotonic() > ends
    assert.is_true(over.sleeps > before)
  end

  it("is asked to sleep where much is received without waiting", function()
    local over = never_waiting()
    local conn = assert(ssl.connect("localhost", 1, flags(over)))
    until_asked(over, function() assert(conn:receive(65536)) end)
    conn:close()
  end)

  it("is asked to sleep where much is sent without waiting", function()
    local over, read = never_waiting()
    local conn = assert(ssl.connect("localhost", 1, flags(over)))
    local data, sent = ("s"):rep(2^20), 0
    until_asked(over, function() sent = sent + assert(conn:send(data)) end)
    assert.equal(sent, read())
    conn:close()
  end)

  local MUCH = house.share(2^22, 2^20, 2^18)

  it("is never asked to sleep where the connection may not wait", function()
    local over = never_waiting()
    local conn = assert(ssl.connect("localhost", 1, flags(over)))
    conn:settimeout(0)
    local before, got = over.sleeps, 0
    while got < MUCH do got = got + #(conn:receive(65536) or "") end
    assert.equal(before, over.sleeps)
    conn:close()
  end)

  it("refuses what is no adapter", function()
    for value, message in pairs {
      [1] = "over: string or table expected, got number",
      coppas = "over: there is no adapter 'coppas'",
      [{}] = "over: an adapter without connect",
      [{ connect = print }] = "over: an adapter without sleep",
      [{ connect = "yes", sleep = print }] = "over: an adapter without connect",
    } do
      local ok, why = pcall(ssl.connect, "localhost", 1, { over = value })
      assert.is_false(ok)
      assert.matches("bad argument #3 to '%?' %(" .. message, (why:gsub("'connect'", "'?'")))
      ok, why = pcall(https.request, { url = "https://localhost/", over = value })
      assert.is_false(ok)
      assert.matches("bad argument #1 to 'request' (" .. message, why, 1, true)
      ok, why = pcall(ssl.wrap, socket.tcp(), { mode = "client", protocol = "any" },
                      { over = value })
      assert.is_false(ok)
      assert.matches(message, why, 1, true)
    end
  end)

  it("is LuaSocket where no loop runs", function()
    assert.equal("luasocket", find.adapter("auto").name)
    assert.equal("luasocket", find.adapter(nil).name)
    local server = servers.start()
    local conn, sock = ssl.connect("127.0.0.1", server.port, flags "auto")
    assert.equal("userdata", type(sock))
    assert.is_true(conn:getfd() >= 0)
    conn:close()
  end)

  it("raises where the module of the loop is not there", function()
    local path = package.path
    package.path = ""
    local ok, why = pcall(find.adapter, "cqueues")
    package.path = path
    assert.is_false(ok)
    assert.matches("cqueues", why, 1, true)
  end)
end)
