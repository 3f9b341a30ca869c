-- Every phase has a limit of its own, and all of them together.

describe("ssl.https and time", function()
  local https   = require "ssl.https"
  local house   = require "spec.support.init"
  local timeouts  = require "ssl.https.timeouts"
  local ltn12   = require "ltn12"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local socket  = require "socket"
  local ssl     = require "ssl"
  local web     = require "spec.support.web"

  local LONG, SHORT = 60, 0.1
  local server, proxy

  setup(function()
    server = web.start { routes = [[
      ["/silent"] = silence,
      ["/drip"]   = function(conn)
        conn:send "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        for _ = 1, 1000 do
          if not conn:send "x" then return end
          sleep(0.02)
        end
      end,
      ["/letters"] = function(conn)
        for _ = 1, 1000 do
          if not conn:send "H" then return end
          sleep(0.02)
        end
      end,
      -- Each piece comes in time, but the body never ends.
      ["/pieces"] = function(conn, request)
        conn:send((request.headers["x-before"]:gsub("|", "\r\n")))
        local piece = request.headers["x-piece"]:gsub("|", "\r\n")
        for _ = 1, 1000 do
          if not conn:send(piece) then return end
          sleep(0.02)
        end
      end,
      ["/slowly"] = function(conn) sleep(0.15) redirect(conn, "/slowly") end,
      default     = function(conn) return keep(conn, "hello") end,
    ]] }
    proxy = web.start { entry = "plain", routes = [[ CONNECT = silence ]] }
  end)

  teardown(process.stop_all)
  after_each(function() https.TIMEOUT = 60 end)

  local function url(path, port)
    return ("https://127.0.0.1:%d%s"):format(port or server.port, path or "/")
  end

  local function get(path, timeout, more)
    local reqt = { url = url(path), cafile = pki.root.cert, timeout = timeout }
    for key, value in pairs(more or {}) do reqt[key] = value end
    return https.request(reqt)
  end

  -- All limits are long, but for one.
  local function only(phase)
    local t = { connect = LONG, handshake = LONG, send = LONG, receive = LONG }
    t[phase] = SHORT
    return t
  end

  -- A port where connections are not accepted and no more find room.
  local function crowded()
    local listener = assert(socket.bind("127.0.0.1", 0, 1))
    local _, port = listener:getsockname()
    local crowd = { listener }
    repeat
      local sock = socket.tcp()
      sock:settimeout(0.05)
      crowd[#crowd + 1] = sock
    until not sock:connect("127.0.0.1", port)
    return port, function()
      for _, sock in ipairs(crowd) do sock:close() end
    end
  end

  it("limits connecting", function()
    local port, leave = crowded()
    assert.same({ nil, "timeout" }, { get(nil, only "connect", { url = url("/", port) }) })
    leave()
  end)

  it("limits what a proxy takes", function()
    house.in_time(function(factor)
      local limits = only "connect"
      limits.connect = SHORT * factor
      assert.same({ nil, "proxy: timeout" }, {
        get(nil, limits, { proxy = "http://127.0.0.1:" .. proxy.port }) })
    end)
  end)

  it("limits the handshake", function()
    local listener = assert(socket.bind("127.0.0.1", 0))
    local _, port = listener:getsockname()
    assert.same({ nil, "timeout" }, { get(nil, only "handshake", { url = url("/", port) }) })
    listener:close()
  end)

  it("limits sending", function()
    -- The time until no more finds room depends on the machine.
    local deaf = web.start { routes = "default = function() sleep(60) end" }
    local chunk = ("x"):rep(65536)
    assert.same({ nil, "timeout" }, { get(nil, only "send", { url = url("/", deaf.port),
      method = "POST", source = function() return chunk end }) })
    deaf:stop()
  end)

  it("limits receiving", function()
    assert.same({ nil, "timeout" }, { get("/silent", only "receive") })
  end)

  it("limits a line as one read, though it comes letter by letter", function()
    assert.same({ nil, "timeout" }, { get("/letters", only "receive") })
  end)

  for name, pieces in pairs {
    ["a head"]          = { "HTTP/1.1 200 OK|", "X: y|" },
    ["interim answers"] = { "HTTP/1.1 100 Continue||", "HTTP/1.1 100 Continue||" },
    ["trailers"]        = { "HTTP/1.1 200 OK|Transfer-Encoding: chunked||0|", "X: y|" },
  } do
    it("limits " .. name .. " as one read, though each line comes in time", function()
      assert.same({ nil, "timeout" }, { get("/pieces", only "receive", {
        headers = { ["x-before"] = pieces[1], ["x-piece"] = pieces[2] } }) })
    end)
  end

  it("limits all of it together", function()
    for _, path in ipairs { "/silent", "/drip", "/slowly" } do
      assert.same({ nil, "timeout" }, { get(path, { total = 0.3 }) })
    end
    assert.equal(1, (get(nil, { total = LONG })))
  end)

  it("limits a phase by the total where that is less", function()
    local port, leave = crowded()
    assert.same({ nil, "timeout" }, { get(nil, { total = SHORT }, { url = url("/", port) }) })
    leave()
    local listener = assert(socket.bind("127.0.0.1", 0))
    port = select(2, listener:getsockname())
    assert.same({ nil, "timeout" }, { get(nil, { total = SHORT }, { url = url("/", port) }) })
    listener:close()
  end)

  it("counts what sources, sinks and steps take as part of the total", function()
    house.in_time(function(factor)
      local chunks = {}
      local sink = ltn12.sink.table(chunks)
      local total = 0.5 * factor -- enough for the first byte
      local over = house.patience(total)
      local result = { get("/drip", { total = total }, { sink = function(chunk)
        while not over() do socket.sleep(0.01) end
        return sink(chunk)
      end }) }
      assert.same({ nil, "timeout" }, result)
      assert.equal(1, #chunks)
    end)
  end)

  it("goes by https.TIMEOUT where the request is silent", function()
    https.TIMEOUT = SHORT
    assert.same({ nil, "timeout" }, { get "/silent" })
    assert.same({ nil, "timeout" }, { get("/silent", { connect = LONG }) })
    https.TIMEOUT = { receive = SHORT }
    assert.same({ nil, "timeout" }, { get "/silent" })
    https.TIMEOUT = { total = SHORT }
    assert.same({ nil, "timeout" }, { get "/silent" })
    https.TIMEOUT = { total = SHORT, receive = SHORT }
    assert.equal(1, (get(nil, { receive = false, total = false })))
    https.TIMEOUT = nil
    assert.equal(1, (get()))
  end)

  describe("closes", function()
    local methods, calls, original

    before_each(function()
      methods, calls = require("ssl.io.state").class.methods, {}
      original = { setdeadline = methods.setdeadline, settimeout = methods.settimeout,
                   close = methods.close }
      for name, f in pairs(original) do
        methods[name] = function(self, ...)
          calls[#calls + 1] = { name, ... }
          local a, b = f(self, ...)
          return a, b
        end
      end
    end)

    after_each(function()
      for name, f in pairs(original) do methods[name] = f end
    end)

    it("within the total, too", function()
      house.in_time(function(factor)
        calls = {}
        -- The limit is long enough for a handshake, before which nothing is closed.
        assert.same({ nil, "timeout" }, { get("/silent", { total = 0.5 * factor }) })
        assert.same({ { "setdeadline", 0 }, { "close" } }, { calls[#calls - 1], calls[#calls] })
      end)
      assert.equal(1, (get("/", { total = LONG })))
      local name, left = unpack(calls[#calls - 1])
      assert.equal("setdeadline", name)
      assert.is_true(left > 0 and left <= LONG)
    end)

    it("the object below a stream as well", function()
      local below = {}
      local function create()
        local sock, object = socket.tcp(), {}
        for _, name in ipairs { "connect", "settimeout", "send", "receive", "close" } do
          object[name] = function(_, ...)
            below[#below + 1] = { name, ... }
            local a, b, c = sock[name](sock, ...)
            return a, b, c
          end
        end
        return object
      end
      local TOTAL = 0.3
      assert.same({ nil, "timeout" }, { get("/silent", { total = TOTAL }, { create = create }) })
      local last
      for _, call in ipairs(below) do
        if call[1] == "settimeout" then last = call[2] end
      end
      assert.equal("close", below[#below][1])
      assert.is_true(last < TOTAL)
    end)

    it("as it likes without one", function()
      assert.equal(1, (get("/", LONG)))
      assert.same({ { "settimeout", LONG }, { "close" } }, { calls[#calls - 1], calls[#calls] })
    end)
  end)

  it("goes by no clock that can be set", function()
    local script = process.write(process.folder() .. "/clock.lua", [[
      local socket = require "socket"
      function socket.gettime() error "the time of the day" end
      local https = require "ssl.https"
      local pool = https.pool { idle = 60 }
      for _ = 1, 2 do
        print(https.request { url = arg[1], cafile = arg[2], pool = pool,
                              timeout = { total = 60 } })
      end
      print(pool:count())
      pool:close()
    ]])
    local child = process.start { "luajit", script, url(), pki.root.cert }
    child:wait()
    assert.matches("^1\t200\t[^\n]*\n1\t200\t[^\n]*\n1\n$", child:output())
  end)

  it("applies to a kept connection as to a new one", function()
    local pool = https.pool()
    for _ = 1, 2 do
      assert.equal(1, (get(nil, LONG, { pool = pool })))
      assert.equal(1, pool:count())
      assert.same({ nil, "timeout" }, { get("/silent", only "receive", { pool = pool }) })
      assert.equal(0, pool:count())
    end
  end)

  it("raises for a value that is no limit", function()
    local function with(timeout)
      return function() get("/", timeout) end
    end
    assert.has_error(with { recieve = 1 },
      "bad argument #1 to 'request' (unknown phase 'recieve' in field 'timeout')")
    assert.has_error(with { total = "soon" }, "bad argument #1 to 'request' "
      .. "(number expected for 'total' in field 'timeout', got string)")
    assert.has_error(with { total = 0 / 0 }, "bad argument #1 to 'request' "
      .. "(number expected for 'total' in field 'timeout', got NaN)")
    assert.has_error(with(0 / 0), "bad argument #1 to 'request' "
      .. "(number or table expected in field 'timeout', got NaN)")
    assert.has_error(with(true), "bad argument #1 to 'request' "
      .. "(number or table expected in field 'timeout', got boolean)")
  end)

  it("returns the time that is left", function()
    local limit = timeouts.new({ connect = 5, send = false, total = 3 }, 7)
    assert.is_true(timeouts.left(limit, "connect") <= 3)
    assert.is_true(timeouts.left(limit, "send") <= 3)
    limit = timeouts.new({ connect = 5, send = false }, 7)
    assert.same({ 5, 7 }, { timeouts.left(limit, "connect"), timeouts.left(limit, "handshake") })
    assert.is_nil(timeouts.left(limit, "send"))
    limit = timeouts.new({ connect = 5, send = -1, total = -1 }, 7)
    assert.same({ 5 }, { timeouts.left(limit, "connect") })
    assert.is_nil((timeouts.left(limit, "send")))
    assert.is_nil((timeouts.left(limit, "send", ssl.monotonic() - 9)))
    assert.is_true(timeouts.left(limit, "connect", ssl.monotonic() - 1) <= 4)
    assert.same({ nil, "timeout" },
                { timeouts.left(limit, "connect", ssl.monotonic() - 9) })
    limit = timeouts.new({ total = 0 }, 7)
    assert.same({ nil, "timeout" }, { timeouts.left(limit, "send") })
  end)
end)
