-- No copy of a secret remains in memory when the library has done its work.

describe("a secret", function()
  local fresh   = require "spec.support.fresh"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local web     = require "spec.support.web"

  local origin, proxy

  setup(function()
    origin = web.start { routes = [[ default = function(conn) ok(conn, "hello") end ]] }
    proxy  = web.start { entry = "plain", routes = [[
      CONNECT = function(conn, request)
        conn:send "HTTP/1.1 200 OK\r\n\r\n"
        tunnel(conn, tonumber(request.path:match ":(%d+)$"))
      end ]] }
  end)

  teardown(process.stop_all)

  -- The program builds each secret from parts where it uses it, and keeps no reference. So its
  -- own text contains no secret.
  local PROGRAM = [[
    local reachable = require "spec.support.reachable"
    local pair = require "spec.support.pair"
    local ssl, https, ltn12 = require "ssl", require "ssl.https", require "ltn12"
    local ORIGIN, PROXY, KEY, ENCRYPTED, CERT, ROOT = %d, %d, %q, %q, %q, %q
    local function read(path)
      local file = assert(io.open(path, "rb"))
      local text = file:read "*a"
      file:close()
      return text
    end
    local function made(what) return ("secret"):rep(2) .. what:reverse() .. "terces" end
    kept = {}
    local function keep(value) kept[#kept + 1] = assert(value) return value end
    local function inner(text) -- of a key: some lines of its base64
      return text:match "%%-\n([%%w+/=]+\n[%%w+/=]+)\n"
    end
    local function done(wanted, apart)
      collectgarbage()
      collectgarbage()
      local found, count = reachable.find(wanted, apart)
      for name, ways in pairs(found) do
        for _, way in ipairs(ways) do print(name .. ": " .. way) end
      end
      print(count > 1000 and "looked" or count)
    end
  ]]

  local function leaks(text)
    local output, ok = fresh.luajit(PROGRAM:format(
      origin.port, proxy.port, pki.server.key, pki.server.encrypted_key, pki.server.cert,
      pki.root.cert) .. text)
    assert.is_true(ok, output)
    return output
  end

  -- ASan may report something, too.
  local function keeps_none(text)
    local output = leaks(text)
    assert.is_nil(output:match "[^\n]*: registry[^\n]*")
    assert.matches("looked\n$", output)
  end

  it("would be found", function()
    local output = leaks [[
      local function hide(hidden) return function() return hidden end end
      local f = hide(made "upvalue")
      kept = { { { [made "key"] = 1 } }, setmetatable({}, { made "meta" }), f,
               coroutine.create(f) }
      local proxy = newproxy(true)
      getmetatable(proxy).field = made "userdata"
      kept[5] = proxy
      f, proxy = nil, nil
      done { upvalue = made "upvalue", key = made "key", meta = made "meta",
             userdata = made "userdata" }
    ]]
    for _, name in ipairs { "upvalue", "key", "meta", "userdata" } do
      assert.matches("%f[%w]" .. name .. ": registry", output)
    end
  end)

  it("of a request is in no pool and no cache of ssl.https", function()
    keeps_none [[
      local pool = keep(https.pool())
      local function get(more)
        local reqt = { url = ("https://%s:%s@localhost:%d/"):format(made "user", made "urlword",
                                                                  ORIGIN),
                       cafile = ROOT, pool = pool, sink = ltn12.sink.table {} }
        for key, value in pairs(more) do reqt[key] = value end
        assert(https.request(reqt))
      end
      for _ = 1, 2 do
        get { key = read(KEY), certificate = CERT }
        get { key = read(ENCRYPTED), certificate = read(CERT), password = "foobar" }
        get { headers = { authorization = made "bearer", cookie = made "cookie" } }
        get { proxy = ("http://%s:%s@127.0.0.1:%d"):format(made "puser", made "pword", PROXY) }
        get { headers = { ["proxy-authorization"] = made "pbearer" },
              proxy = ("http://127.0.0.1:%d"):format(PROXY) }
        assert(not https.request { url = "https://localhost:1/", cafile = ROOT, pool = pool,
                                   password = made "failed", key = read(KEY),
                                   headers = { authorization = made "bearer" } })
      end
      assert(pool:count() > 2)
      local b64 = require("mime").b64
      done { key = inner(read(KEY)), password = "foo" .. "bar", user = made "user",
             urlword = made "urlword", bearer = made "bearer", cookie = made "cookie",
             pword = made "pword", pbearer = made "pbearer", failed = made "failed",
             basic = b64(made "user" .. ":" .. made "urlword"),
             pbasic = b64(made "puser" .. ":" .. made "pword") }
    ]]
  end)

  it("of a configuration is in no context, connection or session", function()
    keeps_none [[
      local function server(more)
        more.certificate, more.key = more.certificate or CERT, more.key or KEY
        return keep(assert(ssl.newcontext(pair.server_config(more))))
      end
      local function use(at, more)
        local session
        more = more or {}
        more.onsession = function(_, new) keep(new) end
        local s, c = pair.connected(at, keep(assert(ssl.newcontext(pair.client_config(more)))))
        c:settimeout(0)
        c:receive()
        keep(s)
        keep(c)
      end
      use(server { key = read(KEY) })
      use(server { key = read(ENCRYPTED), password = "foobar" })
      use(server { key = ENCRYPTED, password = "foobar" })
      use(server { key = ENCRYPTED, password = function() return "foobar" end })
      use(server { certificates = { { certificate = CERT, key = read(KEY),
                                      password = made "unused" } } })
      keep(assert(ssl.loadkey(read(ENCRYPTED), "foobar")))
      use(server { ticketkeys = { ("n"):rep(16) .. ("ticketkeysecret!"):rep(4) } })
      local sessions = {}
      use(server { sessionkey = made "sessionkey" .. ("x"):rep(32), sessionstore = {
        get = function(id) return sessions[id] end,
        put = function(id, bytes) sessions[id] = bytes end } })
      use(server { protocol = "tlsv1_2", psk = function() return made "presharedkey" end,
                   ciphers = "PSK" },
          { protocol = "tlsv1_2", ciphers = "PSK",
            psk = function() return "me", made "presharedkey" end })
      assert(not ssl.newcontext(pair.server_config { key = ENCRYPTED, password = made "wrong" }))
      assert(not ssl.newcontext(pair.server_config { key = made "nofile" }))
      assert(not ssl.newcontext(pair.server_config { pkcs12 = made "nofile" }))
      done { key = inner(read(KEY)), password = "foo" .. "bar", unused = made "unused",
             ticketkey = ("ticketkeysecret!"):rep(2), sessionkey = made "sessionkey",
             psk = made "presharedkey", wrong = made "wrong", nofile = made "nofile" }
    ]]
  end)
end)
