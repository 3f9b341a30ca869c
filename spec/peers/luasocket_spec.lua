-- LuaSocket's own clients over our connections, by the `create` that programs have
-- written for LuaSec since long: an object that wraps once it is connected, and
-- forwards every other method to whatever it holds then.

describe("LuaSocket", function()
  local socket  = require "socket"
  local http    = require "socket.http"
  local smtp    = require "socket.smtp"
  local ltn12   = require "ltn12"
  local ssl     = require "ssl"
  local house   = require "spec.support.init"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local web     = require "spec.support.web"

  teardown(process.stop_all)

  local function creator(params)
    return function()
      local sock = assert(socket.tcp())
      return setmetatable({
        connect = function(_, host, port)
          local ok, why = sock:connect(host, port)
          if not ok then return ok, why end
          local conn
          conn, why = ssl.wrap(sock, params)
          if not conn then return nil, why end
          sock = conn
          sock:settimeout(20)
          return sock:dohandshake()
        end,
      }, { __index = function(_, name)
        return function(_, ...) return sock[name](sock, ...) end
      end })
    end
  end

  describe("http", function()
    local server
    local BIG = ("0123456789"):rep(30000)

    setup(function()
      server = web.start { routes = [[
        ["/big"] = function(conn) ok(conn, ("0123456789"):rep(30000)) end,
        ["/chunked"] = function(conn)
          conn:send "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          conn:send "5\r\nhello\r\n1\r\n,\r\n6\r\n world\r\n0\r\n\r\n"
        end,
        ["/until-closed"] = function(conn) conn:send "HTTP/1.0 200 OK\r\n\r\nto the end" end,
        POST = function(conn, request) ok(conn, "got " .. request.body) end,
        default = function(conn) ok(conn, "hello") end,
      ]] }
    end)

    local function get(path, params, more)
      local chunks = {}
      local request = { url = ("http://localhost:%d%s"):format(server.port, path),
                        create = creator(pair.client_config(params)),
                        sink = ltn12.sink.table(chunks) }
      for key, value in pairs(more or {}) do request[key] = value end
      local ok, code, headers = http.request(request)
      return ok and table.concat(chunks), code, headers
    end

    for _, version in ipairs(pair.versions) do
      it("gets what was sent, however it is framed, over " .. version, function()
        local params = { protocol = version }
        assert.same({ "hello", 200 }, { (get("/", params)), (select(2, get("/", params))) })
        assert.is_true(BIG == get("/big", params))
        assert.equal("hello, world", (get("/chunked", params)))
        assert.equal("to the end", (get("/until-closed", params)))
      end)

      it("posts a body, over " .. version, function()
        assert.equal("got twelve bytes", (get("/form", { protocol = version }, {
          method = "POST", source = ltn12.source.string "twelve bytes",
          headers = { ["content-length"] = 12 },
        })))
      end)
    end

    it("reports why a handshake failed", function()
      assert.same({ nil, "certificate verify failed" },
                  { get("/", { cafile = pki.other.cert }) })
    end)

    it("reports an error of newcontext", function()
      assert.same({ nil, "invalid protocol (x)" }, { get("/", { protocol = "x" }) })
    end)
  end)

  describe("smtp", function()
    -- One session of SMTP over TLS, from its first byte.
    local SERVER = [==[
      local socket, ssl = require "socket", require "ssl"
      io.stdout:setvbuf "no"
      local listener = assert(socket.bind("127.0.0.1", 0))
      print("port: " .. select(2, listener:getsockname()))
      local ctx = assert(ssl.newcontext { mode = "server", protocol = %q,
                                          key = %q, certificate = %q })
      while true do
        local conn = assert(ssl.wrap(assert(listener:accept()), ctx))
        conn:settimeout(10)
        assert(conn:dohandshake())
        local function say(text) assert(conn:send(text .. "\r\n")) end
        say "220 ready"
        local data
        for line in function() return (conn:receive()) end do
          if data then
            if line == "." then
              print(("data: %%d bytes, %%d lines"):format(#table.concat(data, "\n"), #data))
              print("last: " .. data[#data])
              data = nil
              say "250 kept"
            else
              data[#data + 1] = line
            end
          else
            print("> " .. line)
            local word = line:sub(1, 4):upper()
            if word == "EHLO" then say "250-here\r\n250 AUTH PLAIN"
            elseif word == "AUTH" then say "235 welcome"
            elseif word == "DATA" then data = {} say "354 go on"
            elseif word == "QUIT" then say "221 bye" break
            elseif line:find "refused@" then say "550 nobody here"
            else say "250 ok" end
          end
        end
        conn:close()
      end
    ]==]

    local function start(version)
      local child = process.start { "luajit", "-",
        input = SERVER:format(version, pki.server.key, pki.server.cert) }
      child.port = tonumber((assert(child:wait_output "port: (%d+)", child:output())))
      return child
    end

    local function mail(child, version, to, body)
      return smtp.send {
        server = "localhost", port = child.port, from = "<me@a.test>", rcpt = to,
        user = "me", password = "secret",
        create = creator(pair.client_config { protocol = version }),
        source = smtp.message { headers = { subject = "a mail" }, body = body },
      }
    end

    for _, version in ipairs(pair.versions) do
      it("delivers mail, over " .. version, function()
        local child = start(version)
        assert.equal(1, (mail(child, version, "<you@b.test>", "one line\r\n.\r\n..\r\nlast")))
        assert.equal("last", (assert(child:wait_output("last: (%S+)\n"), child:output())))
        assert.matches("data: %d+ bytes, %d+ lines\n", child:output())
        local lines = {}
        for i = 1, 5000 do lines[i] = ("line %05d %s"):format(i, ("x"):rep(60)) end
        assert.equal(1, (mail(child, version, { "<a@b.test>", "<b@b.test>" },
                              table.concat(lines, "\r\n"))))
        assert.is_truthy(child:wait_output "last: line 05000")
        assert.matches("> RCPT TO:<a@b.test>\n> RCPT TO:<b@b.test>\n", child:output())
        assert.matches("> AUTH PLAIN", child:output())
      end)

      it("hands on what the server has against it, over " .. version, function()
        local child = start(version)
        local ok, why = mail(child, version, "<refused@b.test>", "x")
        assert.is_nil(ok)
        assert.equal("550 nobody here", why)
      end)
    end
  end)

  describe("select", function()
    for _, version in ipairs(pair.versions) do
      it("drives an echo without a byte left behind, over " .. version, function()
        local server, client = pair.connected { protocol = version }
        server:settimeout(0)
        client:settimeout(0)
        local sent, got, WANTED = 0, 0, 300
        local late = house.patience()
        while got < WANTED and not late() do
          -- Several lines a record, one line a turn.
          if sent < WANTED then
            assert(client:send(("line %d\n"):format(sent):rep(10)))
            sent = sent + 10
          end
          local readable = socket.select({ server, client }, nil, 0.5)
          if readable[server] then
            local line = server:receive()
            if line then assert(server:send(line .. "\n")) end
          end
          if readable[client] and client:receive() then got = got + 1 end
        end
        assert.equal(WANTED, got)
        assert.same({ {}, {}, "timeout" }, { socket.select({ server, client }, nil, 0) })
        server:close()
        assert.equal(client, (socket.select({ client, server }, nil, 5))[1])
        client:close()
        assert.same({ {}, {}, "timeout" }, { socket.select({ client, server }, nil, 0) })
      end)
    end
  end)
end)
