-- A server's heads and trailers are held in memory, so they are limited: a head without
-- an end must not take all memory, nor all time.

describe("ssl.https reads no head without an end:", function()
  local https   = require "ssl.https"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local web     = require "spec.support.web"

  local TOO_LARGE = "the head of the answer is too large"
  local server

  -- Limits that are larger than any program needs.
  setup(function()
    server = web.start { routes = [[
      ["/head"] = function(conn, request)
        local before, piece = request.headers.before, request.headers.piece
        conn:send((before:gsub("|", "\r\n")))
        piece = piece:gsub("|", "\r\n"):rep(2^16 / #piece + 1)
        for _ = 1, 2 * 2^20 / #piece + 1 do
          if not conn:send(piece) then return end
        end
        conn:send "\r\n\r\n"
      end,
      ["/large"] = function(conn)
        conn:send("HTTP/1.1 200 OK\r\nX: " .. ("x"):rep(100000) .. "\r\nX: y\r\n z\r\n"
                  .. ("Y: zzzz\r\n"):rep(9000) .. "Content-Length: 5\r\n\r\nhello")
      end,
      ["/body"] = function(conn)
        conn:send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" .. ("b"):rep(100000))
      end,
      ["/unframed"] = function(conn)
        conn:send("HTTP/1.1 200 OK\r\n\r\n" .. ("b"):rep(100000))
      end,
      ["/chunks"]   = function(conn) chunks(conn, 200, 1, 1000) end,
      ["/extended"] = function(conn) chunks(conn, 100, 8000, 4000) end,
      ["/excess"]   = function(conn) chunks(conn, 200, 1, 4000) end,
      ["/smallest"] = function(conn) chunks(conn, 30000, 1, 8) end,
    ]] }
  end)

  teardown(process.stop_all)

  local function get(path, headers)
    return https.request { url = ("https://localhost:%d%s"):format(server.port, path),
                           cafile = pki.root.cert, headers = headers }
  end

  -- Long, since slow modes read many short ones for minutes.
  local LINE = " " .. ("y"):rep(200) .. "|"
  local CHUNKED = "HTTP/1.1 200 OK|Transfer-Encoding: chunked||"

  for name, case in pairs {
    ["a status line"]      = { "HTTP/1.1 200 ", "x" },
    ["a header"]           = { "HTTP/1.1 200 OK|X: ", "x" },
    ["many headers"]       = { "HTTP/1.1 200 OK|", "X:" .. LINE },
    ["a folded header"]    = { "HTTP/1.1 200 OK|X: y|", LINE },
    ["interim answers"]    = { "HTTP/1.1 100 Continue||", "HTTP/1.1 103" .. LINE .. "|" },
    ["trailers"]           = { CHUNKED .. "1|x|0|", "X:" .. LINE },
    ["a chunk's size"]     = { CHUNKED, "0", "invalid chunk size" },
    ["a chunk's extension"] = { CHUNKED .. "1;", "x", "invalid chunk size" },
    ["a chunk's end"]      = { CHUNKED .. "1|x", "y", "invalid chunk" },
  } do
    it(name, function()
      local ok, why = get("/head", { before = case[1], piece = case[2] })
      assert.same({ nil, case[3] or TOO_LARGE }, { ok, why })
    end)
  end

  it("nor a body, where it comes back as a string", function()
    local url = ("https://localhost:%d/body"):format(server.port)
    local most, verify = https.MAXBODY, https.VERIFY
    https.VERIFY = "none"
    for _, case in ipairs { { 99999, nil }, { 100000, 200 }, { false, 200 } } do
      https.MAXBODY = case[1]
      local body, code = https.request(url)
      if case[2] then
        assert.same({ 100000, 200 }, { #body, code })
      else
        assert.same({ nil, "the body of the answer is too large" }, { body, code })
      end
    end
    https.MAXBODY, https.VERIFY = most, verify
  end)

  describe("nor a body beyond maxsize:", function()
    local BEYOND = "the body of the answer is too large"

    -- The results of a request; and what its sink got: how many bytes, and at last what.
    local function ask(path, maxsize, more)
      local reqt = { url = ("https://localhost:%d%s"):format(server.port, path),
                     cafile = pki.root.cert, maxsize = maxsize }
      local bytes, last = 0, nil
      function reqt.sink(chunk, why)
        bytes, last = bytes + #(chunk or ""), chunk or why or "the end"
        return 1
      end
      for key, value in pairs(more or {}) do reqt[key] = value end
      local ok, code = https.request(reqt)
      return { ok, code, bytes, last }
    end

    it("one of an announced length is not read", function()
      assert.same({ nil, BEYOND, 0 }, ask("/body", 99999))
      assert.same({ nil, BEYOND, 0 }, ask("/body", 0))
      assert.same({ 1, 200, 100000, "the end" }, ask("/body", 100000))
      assert.same({ 1, 200, 100000, "the end" }, ask("/body", false))
    end)

    it("of one without it the sink gets no more, and the message", function()
      assert.same({ nil, BEYOND, 199, BEYOND }, ask("/chunks", 199))
      assert.same({ 1, 200, 200, "the end" }, ask("/chunks", 200))
      local got = ask("/unframed", 50000)
      assert.same({ nil, BEYOND, BEYOND }, { got[1], got[2], got[4] })
      assert.is_true(got[3] <= 50000)
      assert.same({ 1, 200, 100000, "the end" }, ask("/unframed", 100000))
    end)

    it("progress is not called for what is refused", function()
      local most = 0
      ask("/chunks", 100, { progress = function(_, bytes) most = math.max(most, bytes) end })
      assert.equal(100, most)
    end)

    it("where there is no sink, and where there is no body", function()
      local reqt = { url = ("https://localhost:%d/chunks"):format(server.port),
                     cafile = pki.root.cert, maxsize = 1 }
      assert.same({ nil, BEYOND }, { https.request(reqt) })
      assert.same({ 1, 200, 0 }, ask("/body", 1, { method = "HEAD" }))
    end)

    it("its connection is not kept", function()
      local pool = https.pool()
      assert.same({ nil, BEYOND, 0 }, ask("/body", 1, { pool = pool }))
      assert.same({ nil, BEYOND, 1, BEYOND }, ask("/chunks", 1, { pool = pool }))
      assert.equal(0, pool:count())
      assert.same({ 1, 200, 200, "the end" }, ask("/chunks", 200, { pool = pool }))
      assert.equal(1, pool:count())
      pool:close()
    end)
  end)

  it("a large one is none of these", function()
    local ok, code, headers = get "/large"
    assert.same({ 1, 200 }, { ok, code })
    assert.is_true(("x"):rep(100000) .. ", y z" == headers.x)
    assert.is_true(("zzzz, "):rep(8999) .. "zzzz" == headers.y)
  end)

  it("nor are many lines of chunks", function()
    for _, path in ipairs { "/chunks", "/extended", "/smallest" } do
      assert.same({ 1, 200 }, { (get(path)), (select(2, get(path))) }, path)
    end
  end)

  it("but what stands behind their sizes is no longer than the body and a large head", function()
    assert.same({ nil, "the chunk extensions of the answer are too large" }, { get "/excess" })
  end)
end)
