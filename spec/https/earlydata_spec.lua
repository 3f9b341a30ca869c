-- A server may refuse a body before it has come, and then neither read nor close.

describe("ssl.https, when the answer comes while the body is being sent,", function()
  local early   = require "ssl.https.earlydata"
  local house   = require "spec.support.init"
  local https   = require "ssl.https"
  local ltn12   = require "ltn12"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local web     = require "spec.support.web"

  local LONG, SHORT = 300, 0.5
  local CHUNK = ("x"):rep(65536)
  local children = {}

  -- Each request has its own connection, which the server never closes.
  local function deaf(answer)
    children[#children + 1] = web.start { routes = ([[
      default = function(conn) conn:send(%q) sleep(600) end
    ]]):format(answer) }
    return children[#children].port
  end

  after_each(function()
    for _, child in ipairs(children) do child:stop() end
    children = {}
  end)
  teardown(process.stop_all)

  local function endless() return CHUNK end

  local function post(port, more)
    local chunks = {}
    local reqt = { url = ("https://localhost:%d/"):format(port), cafile = pki.root.cert,
                   method = "POST", source = endless, sink = ltn12.sink.table(chunks),
                   timeout = LONG }
    for key, value in pairs(more or {}) do reqt[key] = value end
    local ok, code, headers = https.request(reqt)
    return ok and table.concat(chunks), code, headers
  end

  it("returns a refusal", function()
    local answer = "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nX-Why: size\r\n\r\nbig"
    for _, before in ipairs { "", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" } do
      local pool = https.pool()
      local body, code, headers = post(deaf(before .. answer), { pool = pool })
      assert.same({ "big", 413, "size" }, { body, code, headers["x-why"] })
      assert.equal(0, pool:count())
    end
  end)

  it("returns it over a total, too", function()
    local answer = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
    local _, code = post(deaf(answer), { timeout = { total = LONG } })
    assert.equal(401, code)
  end)

  it("sends on where that is no refusal", function()
    local child = web.start { routes = [[
      default = function(conn)
        ok(conn, "early")
        sleep(0.5)
        local tail = ""
        repeat tail = (tail .. assert(conn:receiveany(65536))):sub(-5) until tail == "0\r\n\r\n"
        print "all of it"
      end
    ]] }
    local body, code = post(child.port, {
      source = ltn12.source.string(CHUNK:rep(house.scale(256, 32))) })
    assert.same({ "early", 200 }, { body, code })
    assert.truthy(child:wait_output "all of it")
  end)

  it("goes by its time where that is no refusal, or not all here", function()
    for _, answer in ipairs { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 41",
                              "HTTP/1.1 100 Continue\r\nX: y\r\n", "" } do
      assert.same({ nil, "timeout" }, { post(deaf(answer), { timeout = { send = SHORT } }) })
    end
  end)

  it("has the reason why its head cannot be read", function()
    local answer = "HTTP/1.1 413 Too Large\r\nnoise\r\n\r\n"
    assert.same({ nil, "malformed response headers" }, { post(deaf(answer)) })
  end)

  it("accepts a status line, and no half of one", function()
    for text, expected in pairs {
      [""] = false, ["HTTP/1.1 4"] = false, ["HTTP/1.1 413"] = true, ["HTTP/1.0 302 x"] = true,
      ["HTTP/1.1 200 OK"] = false, ["HTTP/1.1 101 x\r\n\r\nHTTP/1.1 413 x"] = false,
      ["HTTP/1.1 100 x\r\n"] = false, ["HTTP/1.1 100 x\r\n\r\nHTTP/1.1 413 x"] = true,
      ["HTTP/1.1 100 x\nA: b\n\nHTTP/1.1 413 x"] = true, ["noise"] = false,
      ["x HTTP/1.1 413"] = false,
    } do
      assert.same({ text, expected }, { text, early.refuses(text) })
    end
  end)
end)
