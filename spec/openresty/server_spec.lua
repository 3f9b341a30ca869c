-- Our server end in nginx with Lua: on the raw socket of an upgraded request.

describe("in OpenResty, a server end", function()
  local socket    = require "socket"
  local ssl       = require "ssl"
  local openresty = require "spec.support.openresty"
  local pair      = require "spec.support.pair"
  local process   = require "spec.support.process"
  local wording   = require "spec.support.wording"
  local it        = require("spec.support.needs").own_openssl(it, "nginx has it")

  local ALERT = { tlsv1_2 = wording "10 sslv3 alert handshake failure\n",
                  tlsv1_3 = "10 tlsv13 alert certificate required\n" }
  local nginx

  setup(function()
    nginx = openresty.start {
      init = 'require "contexts"; require "questions"',
      server = "location = /ping { return 200 'pong\n'; }",
    }
  end)

  teardown(process.stop_all)

  -- From outside of nginx.
  local function connect(path, config)
    local sock = openresty.upgrade(nginx.port, path)
    local conn = assert(ssl.wrap(sock, pair.client_config(config)))
    conn:settimeout(20)
    assert(conn:setverifyname "localhost")
    assert(conn:dohandshake())
    return conn
  end

  for _, protocol in ipairs(pair.versions) do
    it("answers line by line, " .. protocol, function()
      local conn = connect("/echo", { protocol = protocol })
      for i = 1, 100 do
        local line = ("line %d "):format(i):rep(i)
        assert(conn:send(line .. "\n"))
        assert.same({ line }, { conn:receive() })
      end
      conn:close()
    end)

    it("sends back many bytes while more arrive, " .. protocol, function()
      local conn = connect("/mirror", { protocol = protocol })
      local data = {}
      for i = 1, 40 do data[i] = ("%08d"):format(i):rep(12500) end
      data = table.concat(data)
      conn:settimeout(0)
      local sent, got, size = 0, {}, 0
      while size < #data do
        socket.select({ conn }, sent < #data and { conn } or nil, 10)
        if sent < #data then
          local last, _, part = conn:send(data, sent + 1)
          sent = last or part
        end
        local piece = conn:receiveany()
        if piece then got[#got + 1], size = piece, size + #piece end
      end
      assert.is_true(table.concat(got) == data)
      conn:close()
    end)

    it("asks functions that wait, for 50 clients at once, " .. protocol, function()
      assert.same({ "25 a.wild.test EC\n25 b.wild.test RSA\n50 server: shaken\n" },
                  { nginx:get("/many?n=50&who=good&protocol=" .. protocol) })
      assert.same({ "side by side\n" }, { nginx:get "/most" })
    end)

    it("refuses rogue clients and those without certificate, with the reason, " .. protocol,
       function()
      assert.same({ "10 server: certificate verify failed\n10 tlsv1 alert unknown ca\n" },
                  { nginx:get("/many?n=10&who=rogue&protocol=" .. protocol) })
      assert.same({ "10 server: peer did not return a certificate\n" .. ALERT[protocol] },
                  { nginx:get("/many?n=10&who=nobody&protocol=" .. protocol) })
    end)

    it("refuses a name with the alert that its function gave, " .. protocol, function()
      assert.same({ "10 server: callback failed\n10 tlsv1 alert access denied\n" },
                  { nginx:get("/many?n=10&who=good&name=refused.wild.test&protocol="
                              .. protocol) })
    end)
  end

  it("serves nginx's own TLS client", function()
    assert.same({ "true\n" }, { nginx:get "/native" })
    assert.same({ "certificate host mismatch\n" }, { nginx:get "/native?name=x.test" })
  end)

  it("waits in 50 handshakes of one worker while that answers other requests", function()
    assert.same({ "pong" .. (" shaken"):rep(50) .. "\n" }, { nginx:get "/waiting" })
  end)

  it("leaves nothing to complain about in the log", function()
    assert.same({}, openresty.complaints(nginx))
  end)
end)
