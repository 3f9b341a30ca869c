-- A kept connection may end at any moment. A request is repeated where the end is found
-- before it was sent, or where it is idempotent; all other cases are errors and never a guess.

describe("ssl.https and a kept connection", function()
  local https   = require "ssl.https"
  local ltn12   = require "ltn12"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local web     = require "spec.support.web"
  local reader    = require "ssl.https.reader"

  local server, pool

  setup(function()
    server = web.start { routes = [[
      ["/close"] = function(conn) ok(conn, "bye") conn:close() print "gone: close" end,
      ["/cut"]   = function(conn) ok(conn, "bye") cut(conn) print "gone: cut" end,
      -- A reset takes along what the client has not read, so it is told when it has.
      ["/reset"] = function(conn) ok(conn, "bye") io.read() reset(conn) print "gone: reset" end,
      ["/late"]  = function(conn)
        ok(conn, "bye")
        conn:send "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
        print "gone: late"
        return "keep"
      end,

      ["/drop"]   = function(conn)
        drops = (drops or 0) + 1
        if drops % 2 == 0 then return keep(conn, "again") end
      end,
      ["/never"]  = function() end,
      ["/never/cut"] = function(conn) cut(conn) end,
      ["/never/reset"] = function(conn) reset(conn) end,
      ["/word"]   = function(conn) conn:send "HTT" end,
      ["/early"]  = function(conn) conn:send "HTTP/1.1 103 Early Hints\r\n\r\n" end,
      ["/half"]   = function(conn)
        conn:send "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"
      end,
      ["/silent"] = silence,

      ["/junk"]    = function(conn)
        conn:send "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhellojunk"
        return "keep"
      end,
      ["/1.0"]     = function(conn)
        conn:send "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"
      end,
      ["/1.0/keep"] = function(conn)
        conn:send "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok"
        return "keep"
      end,
      ["/unframed"] = function(conn) conn:send "HTTP/1.1 200 OK\r\n\r\nhello" end,
      ["/1.0/chunked"] = function(conn)
        conn:send("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked"
                  .. "\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        return "keep"
      end,
      ["/blank"] = function(conn)
        conn:send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding : chunked\r\n"
                  .. "\r\nhello")
        return "keep"
      end,
      ["/nul"]      = function(conn)
        conn:send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding\0: chunked\r\n"
                  .. "\r\nhello")
        return "keep"
      end,
      ["/noname"]   = function(conn)
        conn:send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n: chunked\r\n\r\nhello")
        return "keep"
      end,
      ["/1.12"]     = function(conn)
        conn:send("HTTP/1.12 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        return "keep"
      end,
      ["/identity"] = function(conn)
        conn:send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: identity\r\n"
                  .. "\r\nhello")
        return "keep"
      end,
      ["/twice"]    = function(conn)
        conn:send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"
                  .. "\r\n5\r\nhello\r\n0\r\n\r\n")
      end,
      ["/badchunk"] = function(conn)
        conn:send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  .. "5\r\nhello!!0\r\n\r\n")
      end,
      ["/101"]      = function(conn)
        conn:send "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"
      end,
      ["/says"]     = function(conn)
        conn:send "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok"
      end,

      ["/chunked"] = function(conn)
        conn:send("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
                  .. "5\r\nhello\r\n0\r\nX-Trailer: t\r\nConnection: close\r\n\r\n")
        return "keep"
      end,
      ["/interim"] = function(conn)
        conn:send "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n"
        return keep(conn, "final")
      end,
      ["/empty"]   = function(conn) return keep(conn, "") end,
      ["/304"]     = function(conn)
        conn:send "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"
        return "keep"
      end,
      ["/204"]     = function(conn) conn:send "HTTP/1.1 204 None\r\n\r\n" return "keep" end,
      HEAD         = function(conn)
        conn:send "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
        return "keep"
      end,
      ["/to"]      = function(conn) redirect(conn, "/hello") return "keep" end,
      ["/to/long"] = function(conn)
        conn:send "HTTP/1.1 302 Moved\r\nContent-Length: 99999999\r\nLocation: /hello\r\n\r\n"
      end,
      ["/to/slow"] = function(conn)
        conn:send "HTTP/1.1 302 Moved\r\nContent-Length: 9\r\nLocation: /hello\r\n\r\n"
        conn:settimeout(8)
        print("slow: " .. select(2, conn:receive()))
      end,
      default      = function(conn) return keep(conn, "hello") end,
    ]] }
  end)

  teardown(process.stop_all)
  before_each(function() pool = https.pool() end)
  after_each(function() pool:close() end)

  local function get(path, more)
    local chunks = {}
    local reqt = { url = ("https://localhost:%d%s"):format(server.port, path or "/hello"),
                   cafile = pki.root.cert, pool = pool, sink = ltn12.sink.table(chunks) }
    for key, value in pairs(more or {}) do reqt[key] = value end
    local ok, code, headers = https.request(reqt)
    return ok and table.concat(chunks), code, headers
  end

  local function count(text, pattern)
    return (select(2, text:gsub(pattern, "")))
  end

  -- The number of handshakes and of matching requests that the server sees during `act`.
  local function seen(act, pattern)
    local before = #server:output()
    act()
    local text = server:output():sub(before + 1)
    return count(text, "shaken: true"), count(text, "> " .. (pattern or "%a+ /"))
  end

  for _, way in ipairs { "close", "cut", "reset", "late" } do
    it("that ended meanwhile (" .. way .. ") is found out before the request leaves", function()
      assert.equal("bye", (get("/" .. way)))
      assert.equal(1, pool:count())
      if way == "reset" then server:write "it is read\n" end
      assert(server:wait_output("gone: " .. way))
      require("socket").sleep(0.1)
      local handshakes, requests = seen(function()
        assert.equal("hello", (get("/hello", {
          method = "POST", source = ltn12.source.string "x",
          headers = { ["content-length"] = 1 } })))
      end)
      assert.same({ 1, 1 }, { handshakes, requests })
    end)
  end

  describe("that ends under a request", function()
    local function attempt(path, more)
      local result
      assert.equal("hello", (get()))
      local handshakes, requests = seen(function() result = { get(path, more) } end,
                                        "%a+ " .. path)
      return result[1], result[2], handshakes, requests
    end

    for _, method in ipairs { "GET", "PUT", "DELETE", "OPTIONS", "TRACE" } do
      it("has " .. method .. " made once more", function()
        assert.same({ "again", 200, 1, 2 }, { attempt("/drop", { method = method }) })
        assert.equal(1, pool:count())
      end)
    end

    for _, method in ipairs { "POST", "PATCH", "get", "MINE" } do
      it("has " .. method .. " fail, and made no second time", function()
        local body, why, _, requests = attempt("/never", { method = method })
        assert.same({ nil, "closed", 1 }, { body, why, requests })
        assert.equal(0, pool:count())
      end)
    end

    it("does not send a body twice whose source was called", function()
      local body, why, handshakes, requests = attempt("/never", {
        method = "PUT", source = ltn12.source.string "x",
        headers = { ["content-length"] = 1 } })
      assert.same({ nil, "closed", 0, 1 }, { body, why, handshakes, requests })
    end)

    it("has nothing made a third time", function()
      assert.same({ nil, "closed", 1, 2 }, { attempt "/never" })
      local body, why, handshakes, requests = attempt "/never/cut"
      assert.same({ nil, "unexpected eof while reading", 1, 2 },
                  { body, why, handshakes, requests })
      body, why, handshakes, requests = attempt "/never/reset"
      assert.same({ nil, "connection reset", 1, 2 }, { body, why, handshakes, requests })
    end)

    it("has nothing repeated once the server began to answer", function()
      for path, message in pairs { ["/word"] = "closed", ["/early"] = "closed",
                                   ["/half"] = "closed" } do
        local body, why, handshakes, requests = attempt(path)
        assert.same({ path, nil, message, 0, 1 }, { path, body, why, handshakes, requests })
        assert.equal(0, pool:count())
      end
    end)

    it("has nothing repeated when the time is over", function()
      assert.equal("hello", (get()))
      local result
      local handshakes, requests = seen(function()
        result = { get("/silent", { timeout = 0.2 }) }
        assert(server:wait_output "> GET /silent") -- it may be later than we
      end, "GET /silent")
      assert.same({ { nil, "timeout" }, 0, 1 }, { result, handshakes, requests })
      assert.equal(0, pool:count())
    end)
  end)

  it("is the only one whose failures are ignored", function()
    local handshakes, requests = seen(function()
      assert.same({ nil, "closed" }, { get "/never" })
    end)
    assert.same({ 1, 1 }, { handshakes, requests })
  end)

  it("repeats anything of which no byte left", function()
    local w = reader.new({}, {}, true)
    assert.is_true(reader.may_repeat(w, "POST", "closed"))
    w.sent = true
    assert.is_false(reader.may_repeat(w, "POST", "closed"))
    assert.is_true(reader.may_repeat(w, "GET", "closed"))
    assert.is_false(reader.may_repeat(w, "GET", "timeout"))
    assert.is_false(reader.may_repeat(reader.new({}, {}, false), "GET", "closed"))
  end)

  it("is not waited for where another is less trouble", function()
    assert.equal("hello", (get "/to/slow"))
    assert.truthy(server:wait_output "slow: closed")
  end)

  describe("is one where", function()
    for _, path in ipairs { "/chunked", "/interim", "/empty", "/304", "/204", "/1.0/keep",
                            "/to" } do
      it(path .. " was answered", function()
        local handshakes = seen(function()
          local _, code = get(path)
          assert.equal("number", type(code), code)
          assert.equal("hello", (get()))
        end)
        assert.equal(1, handshakes)
      end)
    end

    it("the head was answered", function()
      local handshakes = seen(function()
        assert.equal(200, (select(2, get("/head", { method = "HEAD" }))))
        assert.equal("hello", (get()))
      end)
      assert.equal(1, handshakes)
    end)
  end)

  describe("is none where", function()
    for _, path in ipairs { "/junk", "/1.0", "/unframed", "/twice", "/badchunk", "/101",
                            "/says", "/to/long", "/1.0/chunked", "/identity",
                            "/blank", "/nul", "/noname", "/1.12" } do
      it(path .. " was answered", function()
        local handshakes = seen(function()
          get(path)
          assert.equal("hello", (get()))
        end)
        assert.equal(2, handshakes)
      end)
    end
  end)
end)
