-- Untrusted text must not become a second field or a second request, and valid fields must
-- be sent unchanged.

describe("ssl.https sends", function()
  local https   = require "ssl.https"
  local ltn12   = require "ltn12"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local web     = require "spec.support.web"

  local server

  setup(function()
    server = web.start { routes = [[
      ["/308"] = function(conn) redirect(conn, "/there", 308) end,
      ["/302"] = function(conn) redirect(conn, "/there", 302) end,
      ["/dropped"] = function(conn)
        drops = (drops or 0) + 1
        if drops > 1 then return keep(conn, "again") end
      end,
      default = function(conn) return keep(conn, "hello") end,
    ]] }
  end)

  teardown(process.stop_all)

  local function ask(more)
    local before = #server:output()
    local reqt = { url = ("https://localhost:%d/"):format(server.port), cafile = pki.root.cert }
    for key, value in pairs(more) do reqt[key] = value end
    if reqt.path then reqt.url = reqt.url:gsub("/$", reqt.path) end
    local ok, code = https.request(reqt)
    return ok, code, server:output():sub(before + 1)
  end

  -- The lines that the server was sent for a header.
  local function sent(name, more)
    local ok, code, text = ask(more)
    assert.equal(1, ok, code)
    local found = {}
    for line in text:gmatch "> ([^\n]*)" do
      local own, value = line:match "^(.-): (.*)$"
      if own and own:lower() == name then found[#found + 1] = value end
    end
    return found
  end

  local function refused(more)
    local ok, why, text = ask(more)
    assert.is_nil(ok)
    assert.equal("", text)
    return why
  end

  it("a list as several fields, or joined where a field is a list itself", function()
    assert.same({ "a=1", "b=2" }, sent("x-test", { headers = { ["X-Test"] = { "a=1", "b=2" } } }))
    assert.same({ "close, x" }, sent("connection", { headers = { connection = { "close", "x" } } }))
    for _, name in ipairs { "Host", "Content-Length", "Authorization", "Proxy-Authorization" } do
      assert.equal(('header "%s" cannot be sent: it may not be a list'):format(name),
                   refused { headers = { [name] = { "1", "2" } } })
    end
  end)

  it("numbers as digits", function()
    for number, text in pairs { [5] = "5", [-1] = "-1", [1e15] = "1000000000000000",
                                [0.5] = "0.5" } do
      assert.same({ text }, sent("x-test", { headers = { ["X-Test"] = number } }))
    end
    for _, number in ipairs { 1 / 0, -1 / 0, 0 / 0 } do
      assert.equal('header "X-Test" cannot be sent: it is no number',
                   refused { headers = { ["X-Test"] = number } })
    end
  end)

  it("values as they are, with blanks and bytes beyond ASCII", function()
    assert.same({ " \ta\tb  " }, sent("x-test", { headers = { ["X-Test"] = " \ta\tb  " } }))
    assert.same({ "" }, sent("x-test", { headers = { ["X-Test"] = "" } }))
    assert.same({ "\195\188\255" }, sent("x-test", { headers = { ["X-Test"] = "\195\188\255" } }))
  end)

  it("no name that is no token", function()
    for _, name in ipairs { "", "X Y", "X:", "X\r\nY", "X\0", "X\195\188", "(X)", "X/Y" } do
      assert.matches('^header ".*" cannot be sent: its name is no token$',
                     refused { headers = { [name] = "1" } })
    end
    assert.same({ "1" }, sent("!#$%&'*+-.^_`|~x", { headers = { ["!#$%&'*+-.^_`|~X"] = "1" } }))
  end)

  it("no value that ends a line or rules a terminal, and does not show it", function()
    for byte = 0, 127 do
      local text = "secret" .. string.char(byte) .. "x"
      if byte ~= 9 and byte < 32 or byte == 127 then
        for _, value in ipairs { text, { "a", text } } do
          assert.equal('header "X-Test" cannot be sent: its value contains a control character',
                       refused { headers = { ["X-Test"] = value } })
        end
      end
    end
  end)

  it("nothing for a value that is no text", function()
    local function with(headers)
      return function() ask { headers = headers } end
    end
    local text = "bad argument #1 to 'request' (a string, a number or a list of them expected "
                 .. "for header 'x', got %s)"
    for value, what in pairs {
      [true] = "boolean", [print] = "function", [{}] = "a table without elements",
      [{ "a", {} }] = "a table with others", [{ "a", b = "c" }] = "a table with others",
      [setmetatable({}, { __tostring = function() return "a" end })] = "a table without elements",
    } do
      assert.has_error(with { x = value }, text:format(what))
    end
    assert.has_error(with { x = false }, text:format "boolean")
    assert.has_error(with { "X: y" },
      "bad argument #1 to 'request' (string expected as name of a header, got number)")
    assert.has_error(with "X: y",
      "bad argument #1 to 'request' (table expected in field 'headers', got string)")
  end)

  it("one field where its name is there in two spellings", function()
    assert.same({ "a" }, sent("x-test", { headers = { ["X-Test"] = "a", ["x-test"] = "a" } }))
    assert.matches('^header "[Xx]%-[Tt]est" cannot be sent: it is there in two spellings of '
                   .. "its name$", refused { headers = { ["X-Test"] = "a", ["x-test"] = "b" } })
    assert.same({ "mine" }, sent("user-agent", { headers = { ["USER-AGENT"] = "mine" } }))
  end)

  it("no method that is no token", function()
    for _, method in ipairs { "G ET", "GET / HTTP/1.1\r\nX:", "G\195\188T", "GET:" } do
      assert.matches("^invalid method '[ -~]*'$", refused { method = method })
    end
    assert.has_error(function() ask { method = {} } end,
      "bad argument #1 to 'request' (string expected in field 'method', got table)")
    local _, _, text = ask { method = "M-SEARCH" }
    assert.matches("> M%-SEARCH / HTTP/1.1", text)
  end)

  describe("how long a body is:", function()
    it("a number of bytes, and one framing", function()
      for _, length in ipairs { "abc", -1, "-1", 1.5, "1.5", "0x5", "5 5", "", 2 ^ 60,
                                ("9"):rep(400) } do
        assert.equal('header "Content-Length" cannot be sent: it is no number of bytes',
                     refused { method = "POST", source = ltn12.source.string "hello",
                               headers = { ["content-length"] = length } })
      end
      assert.equal('header "Content-Length" cannot be sent: "Transfer-Encoding" is there, too',
                   refused { method = "POST", source = ltn12.source.string "hello",
                     headers = { ["content-length"] = 5, ["transfer-encoding"] = "chunked" } })
      for _, coding in ipairs { "identity", "chunked, gzip", "xchunked", "" } do
        assert.equal('header "Transfer-Encoding" cannot be sent: its last coding is not chunked',
                     refused { method = "POST", source = ltn12.source.string "hello",
                               headers = { ["transfer-encoding"] = coding } })
      end
    end)

    it("0, where a method has one as a rule and the request none", function()
      for _, method in ipairs { "POST", "PUT", "PATCH" } do
        assert.same({ method, "0" }, { method, unpack(sent("content-length",
                                                           { method = method })) })
      end
      for _, method in ipairs { "GET", "HEAD", "DELETE", "OPTIONS" } do
        assert.same({}, sent("content-length", { method = method }))
      end
    end)
  end)

  describe("body", function()
    it("unchanged, with its length, by POST by default", function()
      local long = ("0123456789"):rep(10000)
      for _, body in ipairs { "text", "", "a\r\n\0b", long, 5 } do
        local ok, code, text = ask { body = body }
        assert.same({ 1, 200 }, { ok, code })
        assert.truthy(text:find("> POST / HTTP/1.1", 1, true))
        assert.truthy(text:find("> Content-Length: " .. #tostring(body), 1, true))
        assert.truthy(body == "" or text:find("body: " .. body, 1, true))
        assert.is_nil(text:lower():find("content-type", 1, true))
      end
      local _, _, text = ask { body = "text", method = "PUT" }
      assert.truthy(text:find("> PUT / HTTP/1.1", 1, true))
    end)

    it("that is in the headers", function()
      assert.same({ "4" }, sent("content-length", {
        body = "text", headers = { ["Content-Length"] = " 4 " } }))
      assert.equal('header "Content-Length" cannot be sent: the body has 4 bytes',
                   refused { body = "text", headers = { ["Content-Length"] = 5 } })
    end)

    it("again, where a redirect keeps the request and on a second attempt", function()
      local ok, code, text = ask { method = "GET", path = "/308", body = "text" }
      assert.same({ 1, 200 }, { ok, code })
      assert.equal(2, select(2, text:gsub("body: text", "")))
      ok, code, text = ask { method = "GET", path = "/302", body = "text" }
      assert.same({ 1, 302 }, { ok, code })
      assert.equal(1, select(2, text:gsub("body: text", "")))
      local pool = https.pool()
      assert.equal(1, (ask { pool = pool }))
      ok, code, text = ask { method = "PUT", path = "/dropped", body = "text", pool = pool }
      assert.same({ 1, 200 }, { ok, code })
      assert.equal(2, select(2, text:gsub("body: text", "")))
      pool:close()
    end)

    it("of one kind alone, and no json", function()
      assert.has_error(function() ask { body = "a", source = ltn12.source.string "b" } end,
        "bad argument #1 to 'request' ('body' and 'source' are two bodies: one of them expected)")
      assert.has_error(function() ask { json = { a = 1 } } end, "bad argument #1 to 'request' "
        .. "(there is no field 'json': encode the value, and give the text as 'body')")
      assert.has_error(function() ask { body = {} } end,
        "bad argument #1 to 'request' (string expected in field 'body', got table)")
      assert.has_error(function() https.request("https://a.test/", {}) end,
        "bad argument #2 to 'request' (string expected, got table)")
    end)
  end)

  it("nothing where a field is of another type", function()
    for name, what in pairs { source = "function", sink = "function", step = "function",
                              create = "function", redirect = "boolean", path = "string",
                              host = "string", user = "string", uri = "string" } do
      assert.has_error(function() ask { [name] = { 1 } } end, ("bad argument #1 to 'request' "
        .. "(%s expected in field '%s', got table)"):format(what, name))
    end
    assert.has_error(function() ask { redirect = "no" } end, "bad argument #1 to 'request' "
      .. "(boolean expected in field 'redirect', got string)")
    for _, name in ipairs { "maxsize", "maxredirects" } do
      for _, value in ipairs { "1", -1, 0 / 0 } do
        assert.has_error(function() ask { [name] = value } end, ("bad argument #1 to 'request' "
          .. "(a number from 0 on expected in field '%s', got %s)"):format(name, type(value)))
      end
    end
  end)
end)
