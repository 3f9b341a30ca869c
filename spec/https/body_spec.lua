-- A body is complete when its framing ends. Where only the end of the connection frames it,
-- an attacker must not be able to fake that end.

describe("ssl.https and the end of a body", function()
  local house   = require "spec.support.init"
  local http    = require "socket.http"
  local https   = require "ssl.https"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local socket  = require "socket"
  local web     = require "spec.support.web"

  local CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  .. "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Trailer: t\r\n\r\n"
  local FOLDED = "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nX: c\r\nContent-Length: 2\r\n\r\nok"

  local server

  setup(function()
    server = web.start { routes = ([[
      ["/length"]  = function(conn)
        conn:send "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" cut(conn)
      end,
      ["/chunked"] = function(conn) conn:send(%q) cut(conn) end,
      ["/closed"]  = function(conn) conn:send "HTTP/1.1 200 OK\r\n\r\nhello" end,
      ["/cut"]     = function(conn) conn:send "HTTP/1.1 200 OK\r\n\r\nhello" cut(conn) end,
      ["/reset"]   = function(conn) conn:send "HTTP/1.1 200 OK\r\n\r\nhello" reset(conn) end,
      ["/short"]   = function(conn)
        conn:send "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"
      end,
      ["/twice"]   = function(conn)
        conn:send "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello!"
      end,
      ["/lengths"] = function(conn)
        conn:send "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"
      end,
      ["/cr/length"] = function(conn)
        conn:send "HTTP/1.1 200 OK\r\nContent-Length: 1\r0\r\n\r\n0123456789"
      end,
      ["/cr/size"] = function(conn)
        conn:send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r0\r\n"
                  .. "0123456789abcdef\r\n0\r\n\r\n")
      end,
      ["/cr/name"] = function(conn)
        conn:send("HTTP/1.1 200 OK\r\nX-A\rB: a\rb\rc\r\r\nContent-Length: 2\r\r\n\r\r\nok")
      end,
      POST = function(conn, request) ok(conn, request.body) end,
      CONNECT = function(conn) conn:send "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" end,
      ["/blanks"]  = function(conn)
        local blanks = (" "):rep(200000)
        conn:send("HTTP/1.1 200 OK\r\nContent-Length: 5" .. blanks .. "x\r\n\r\nhello")
      end,
      ["/interim"] = function(conn)
        conn:send "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        ok(conn, "final")
      end,
      ["/trailers"] = function(conn)
        conn:send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Both: head\r\n\r\n"
          .. "2\r\nok\r\n0\r\nX-Both: trailer\r\nX-New: a\r\nX-New: b\r\nLocation: /x\r\n"
          .. "Content-Length: 9\r\nContent-Encoding: gzip\r\nSet-Cookie: a=b\r\n"
          .. "WWW-Authenticate: Basic\r\nConnection: close\r\nCache-Control : x\r\n\r\n")
      end,
      OPTIONS = function(conn, request)
        conn:send("HTTP/1.1 200 OK\r\nTransfer-Encoding: " .. request.headers["x-coding"]
          .. "\r\n" .. (request.path == "/" and "" or "Content-Length: 2\r\n") .. "\r\nok")
      end,
      ["/204"]     = function(conn) conn:send "HTTP/1.1 204 None\r\n\r\n" cut(conn) end,
      ["/noise"]   = function(conn) conn:send "noise, no HTTP\r\n" end,
      ["/code/2000"] = function(conn) conn:send "HTTP/1.1 2000 OK\r\n\r\n" end,
      ["/code/099"]  = function(conn) conn:send "HTTP/1.1 099 OK\r\n\r\n" end,
      ["/badsize"] = function(conn)
        conn:send "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
      end,
      ["/silent"]  = silence,
      ["/half"]    = function(conn)
        conn:send "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello" silence(conn)
      end,
      PUT = function(conn, request)
        local n = tonumber(request.path:match "%%d+")
        conn:send((%q):sub(1, n)) cut(conn)
      end,
      PATCH = function(conn, request)
        conn:send((%q):sub(1, tonumber(request.path:match "%%d+"))) cut(conn)
      end,
    ]]):format(CHUNKED, CHUNKED, FOLDED) }
  end)

  teardown(process.stop_all)

  local base = { cafile = pki.root.cert }

  local function get(path, more)
    local chunks = {}
    local reqt = { url = ("https://localhost:%d%s"):format(server.port, path),
                   sink = require("ltn12").sink.table(chunks) }
    for _, keys in ipairs { base, more or {} } do
      for key, value in pairs(keys) do reqt[key] = value end
    end
    local ok, code, headers = https.request(reqt)
    return ok and table.concat(chunks), code, headers
  end

  it("takes a framed body without a close_notify", function()
    assert.same({ "hello", 200 }, { (get "/length"), (select(2, get "/length")) })
    local body, code, headers = get "/chunked"
    assert.same({ "hello world", 200, "t" }, { body, code, headers["x-trailer"] })
    assert.equal(204, (select(2, get "/204")))
  end)

  it("takes an unframed one with a close_notify", function()
    assert.equal("hello", (get "/closed"))
  end)

  it("refuses an unframed one that was cut or reset", function()
    assert.same({ nil, "unexpected eof while reading" }, { get "/cut" })
    assert.same({ nil, "connection reset" }, { get "/reset" })
  end)

  it("accepts a cut one with an option of the request", function()
    if not require("ssl").config.options.ignore_unexpected_eof then return end
    local body = get("/cut", { options = { "no_sslv3", "ignore_unexpected_eof" } })
    assert.equal("hello", body)
  end)

  it("returns the same to socket.http", function()
    local function through(path)
      return http.request { url = ("https://localhost:%d%s"):format(server.port, path),
                            cafile = pki.root.cert }
    end
    assert.equal(1, (through "/closed"))
    assert.same({ nil, "unexpected eof while reading" }, { through "/cut" })
    assert.same({ nil, "connection reset" }, { through "/reset" })
  end)

  it("refuses less than was announced", function()
    assert.same({ nil, "closed" }, { get "/short" })
  end)

  it("refuses a chunked answer that was cut, wherever it was", function()
    for n = 0, #CHUNKED - 1 do
      local body, why = get("/" .. n, { method = "PUT" })
      assert.same({ n, nil, "unexpected eof while reading" }, { n, body, why })
    end
    assert.equal("hello world", (get("/" .. #CHUNKED, { method = "PUT" })))
  end)

  it("refuses folded headers that were cut, wherever they were", function()
    for n = 0, #FOLDED - 1 do
      local body, why = get("/" .. n, { method = "PATCH" })
      assert.same({ n, nil, "unexpected eof while reading" }, { n, body, why })
    end
    local body, _, headers = get("/" .. #FOLDED, { method = "PATCH" })
    assert.same({ "ok", "a b, c" }, { body, headers.x })
  end)

  it("accepts the same length twice, and refuses two lengths", function()
    assert.equal("hello", (get "/twice"))
    assert.same({ nil, "invalid content-length" }, { get "/lengths" })
    -- If the parser tried every way to read it, this would take minutes in spite of the limit.
    assert.same({ nil, "invalid content-length" }, { get "/blanks" })
  end)

  it("does not join what a CR separates", function()
    assert.same({ nil, "invalid content-length" }, { get "/cr/length" })
    assert.same({ nil, "invalid chunk size" }, { get "/cr/size" })
    local body, _, headers = get "/cr/name"
    assert.same({ "ok", "a b c", nil }, { body, headers["x-a b"], headers["x-ab"] })
  end)

  it("sends no byte beyond the length that it announces", function()
    local function post(length, ...)
      local pieces = { ... }
      return get("/", { method = "POST", headers = { ["content-length"] = length },
                        source = function() return table.remove(pieces, 1) end })
    end
    assert.same({ "hello", 200 }, { (post(5, "hel", "lo")), (select(2, post(5, "hello"))) })
    assert.same({ nil, "the body is longer than its Content-Length" }, { post(5, "hel", "lo!") })
    assert.same({ nil, "the body is longer than its Content-Length" },
                { post(5, "hello", "GET /admin HTTP/1.1\r\n\r\n") })
  end)

  it("keeps no connection that may have become a tunnel", function()
    local pool = https.pool()
    assert.same({ "", 200 }, { (get("/", { method = "CONNECT", pool = pool })),
                               (select(2, get("/", { method = "CONNECT", pool = pool }))) })
    assert.equal(0, pool:count())
  end)

  it("adds trailers that are new and decide nothing", function()
    local body, code, headers = get "/trailers"
    assert.same({ "ok", 200 }, { body, code })
    assert.same({ ["transfer-encoding"] = "chunked", ["x-both"] = "head",
                  ["x-new"] = "a, b" }, headers)
  end)

  it("takes the coding identity for none, in any spelling", function()
    for _, coding in ipairs { "identity", "Identity", "IDENTITY ", "identity, Identity" } do
      for _, path in ipairs { "/", "/length-too" } do
        local body, code = get(path, { method = "OPTIONS", headers = { ["x-coding"] = coding } })
        assert.same({ coding, "ok", 200 }, { coding, body, code })
      end
    end
  end)

  it("reports an answer that is no HTTP", function()
    for _, path in ipairs { "/noise", "/code/2000", "/code/099" } do
      assert.same({ nil, "the answer does not begin with an HTTP status line" }, { get(path) })
    end
    assert.same({ nil, "invalid chunk size" }, { get "/badsize" })
  end)

  it("skips interim answers", function()
    assert.same({ "final", 200 }, { (get "/interim"), (select(2, get "/interim")) })
  end)

  describe("that does not come", function()
    after_each(function() https.TIMEOUT = 60 end)

    it("returns timeout, after https.TIMEOUT", function()
      https.TIMEOUT = 0.15
      assert.same({ nil, "timeout" }, { get "/silent" })
      assert.same({ nil, "timeout" }, { get "/half" })
    end)

    it("returns timeout, after the request's own", function()
      assert.same({ nil, "timeout" }, { get("/silent", { timeout = 0.15 }) })
    end)

    it("not even for the handshake", function()
      local listener = assert(socket.bind("127.0.0.1", 0))
      local _, port = listener:getsockname()
      https.TIMEOUT = 3600
      local late = house.patience()
      assert.same({ nil, "timeout" }, {
        https.request { url = "https://127.0.0.1:" .. port, cafile = pki.root.cert,
                        timeout = 0.15 } })
      assert.is_false(late())
      listener:close()
    end)
  end)
end)
