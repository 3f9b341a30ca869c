-- The object that connects may come from the caller. An error names missing methods.

describe("create of ssl.https", function()
  local http    = require "socket.http"
  local https   = require "ssl.https"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local socket  = require "socket"
  local web     = require "spec.support.web"

  local server, proxy

  setup(function()
    server = web.start { routes = [[ default = function(conn) ok(conn, "hello") end ]] }
    proxy  = web.start { entry = "plain", routes = [[
      CONNECT = function(conn, request)
        conn:send "HTTP/1.0 200 OK\r\n\r\n"
        tunnel(conn, tonumber(request.path:match "%d+$"))
      end,
    ]] }
  end)

  teardown(process.stop_all)

  local function get(create, more)
    local reqt = { url = ("https://localhost:%d/"):format(server.port), cafile = pki.root.cert,
                   create = create }
    for key, value in pairs(more or {}) do reqt[key] = value end
    local ok, why = https.request(reqt)
    return ok, why
  end

  -- An object with the methods that the docs name, and no others; and the calls.
  local function object(names, calls)
    local sock, self = socket.tcp(), {}
    for name in names:gmatch "%S+" do
      self[name] = function(_, ...)
        if calls then calls[#calls + 1] = { name, ... } end
        local a, b, c = sock[name](sock, ...)
        return a, b, c
      end
    end
    return self
  end

  for _, names in ipairs { "getfd setfd", "send receive", "send receive getfd" } do
    it("makes an object with connect, settimeout, close and " .. names, function()
      assert.same({ 1, 200 }, { get(function()
        return object("connect settimeout close " .. names)
      end, { timeout = 20 }) })
    end)
  end

  it("makes an object with send and receive, for a proxy", function()
    local via = { proxy = ("http://127.0.0.1:%d"):format(proxy.port) }
    assert.same({ 1, 200 }, { get(function()
      return object "connect settimeout close send receive"
    end, via) })
    assert.same({ nil, "create: once connected, an object with send and receive expected, got "
                       .. "a table without send" }, { get(function()
      return object "connect settimeout close getfd setfd"
    end, via) })
  end)

  it("may be a table that can be called", function()
    assert.same({ 1, 200 }, { get(setmetatable({}, { __call = function()
      return socket.tcp()
    end })) })
  end)

  it("makes an object that gets seconds, host and port, and is closed once", function()
    local calls = {}
    assert.same({ 1, 200 }, { get(function()
      return object("connect settimeout close send receive", calls)
    end, { timeout = { connect = 7, handshake = 8, send = 9, receive = 10 } }) })
    local closed = 0
    for _, call in ipairs(calls) do
      if call[1] == "close" then closed = closed + 1 end
    end
    assert.equal(1, closed)
    assert.same({ { "settimeout", 7 }, { "settimeout", 7, "t" },
                  { "connect", "localhost", server.port } }, { unpack(calls, 1, 3) })
    assert.same({ "close" }, calls[#calls])
  end)

  local function closing(calls, more)
    local self = { close = function() calls[#calls + 1] = "closed" end }
    for key, value in pairs(more or {}) do self[key] = value end
    return self
  end

  it("has the reason why it made none", function()
    assert.same({ nil, "create: no more sockets" }, { get(function()
      return nil, "no more sockets"
    end) })
    for _, nothing in ipairs { function() end, function() return false end } do
      assert.same({ nil, "create: it returned nothing, and no reason" }, { get(nothing) })
    end
  end)

  it("names the methods that its object lacks, and the object is closed", function()
    local text = "create: an object with connect, settimeout and close expected, got "
    for what, made in pairs { number = 5, ["function"] = print, boolean = true, string = "tcp",
                              ["a table without connect"] = {} } do
      if what ~= "string" then
        assert.same({ nil, text .. what }, { get(function() return made end) })
      end
    end
    local calls = {}
    assert.same({ nil, text .. "a table without settimeout" }, { get(function()
      return closing(calls, { connect = function() return 1 end })
    end) })
    assert.same({ nil, "create: once connected, an object with getfd and setfd, or send and "
                       .. "receive, expected, got a table without receive" }, { get(function()
      return closing(calls, { connect = function() return 1 end, settimeout = function() end,
                              send = function() end })
    end) })
    assert.same({ "closed", "closed" }, calls)
  end)

  it("has a message where its object gives no reason", function()
    local calls = {}
    local function mute()
      return closing(calls, { connect = function() end, settimeout = function() end })
    end
    local why = "create: connect failed and gave no reason"
    assert.same({ nil, why }, { get(mute) })
    assert.same({ nil, "proxy: " .. why }, { get(mute, { proxy = "http://127.0.0.1:1" }) })
    assert.same({ nil, why }, { http.request {
      url = ("https://localhost:%d/"):format(server.port),
      create = https.tcp { cafile = pki.root.cert, create = mute } } })
    assert.same({ "closed", "closed", "closed" }, calls)
  end)

  it("raises its error", function()
    assert.has_error(function() get(function() error({ "mine" }, 0) end) end, { "mine" })
  end)

  it("has to be a function", function()
    assert.has_error(function() get(5) end,
      "bad argument #1 to 'request' (function expected in field 'create', got number)")
    assert.has_error(function() https.tcp { create = 5 } end,
      "bad argument #1 to 'tcp' (function expected in field 'create', got number)")
  end)
end)
