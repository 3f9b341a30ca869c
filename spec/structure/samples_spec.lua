-- Every program in samples/, run as a user would.

describe("samples", function()
  local socket  = require "socket"
  local house   = require "spec.support.init"
  local examples = require "spec.support.examples"
  local process = require "spec.support.process"
  local sources = require "spec.support.sources"
  local pki     = require "spec.support.pki"
  local ours    = require "spec.support.ours"
  local peers   = require "spec.support.peers"
  local sessions = require "spec.support.sessions"
  local ssl     = require "ssl"
  local wording = require "spec.support.wording"

  after_each(process.stop_all)

  local root = process.capture "pwd":gsub("\n", "")
  local PAGE = "Hello from luasec-ffi.\n"
  local tried = {}

  -- A sample in a child, with its arguments.
  local function run(name, ...)
    tried["samples/" .. name] = true
    return process.start { "luajit", root .. "/samples/" .. name, ... }
  end

  local function serve(name, ...)
    local port = process.free_port()
    local child = run(name, port, ...)
    child.port = port
    return child:wait_port()
  end

  -- The output of a sample, and how it ended.
  local function result(child)
    local how, status = child:wait(ours.LIMIT)
    return child:output(), how, status
  end

  local function page_server()
    return serve("server.lua", pki.server.chain, pki.server.key)
  end

  it("server.lua and client.lua: a page goes from one to the other", function()
    local server = page_server()
    assert.same({ "HTTP/1.0 200 OK\r\n\r\n" .. PAGE, "exit", 0 },
                { result(run("client.lua", "localhost", server.port, pki.root.cert)) })
  end)

  it("client.lua refuses a server that it cannot verify, with the reason", function()
    local server = page_server()
    local output, how, status = result(run("client.lua", "localhost", server.port,
                                           pki.other.cert))
    assert.matches("certificate verify failed (unable to get local issuer certificate)",
                   output, 1, true)
    assert.same({ "exit", 1 }, { how, status })
  end)

  it("server.lua answers curl", function()
    local server = page_server()
    assert.equal(PAGE, process.capture(("curl -s --cacert '%s' https://localhost:%d/")
                                       :format(pki.root.cert, server.port)))
  end)

  it("http.lua gets a page through socket.http", function()
    local server = page_server()
    local url = ("https://localhost:%d/"):format(server.port)
    assert.same({ PAGE, "exit", 0 }, { result(run("http.lua", url, pki.root.cert)) })
  end)

  it("http.lua fails where the name is not that of the certificate", function()
    local server = serve("server.lua", pki.cn_only.cert, pki.cn_only.key)
    local url = ("https://localhost:%d/"):format(server.port)
    local output, how, status = result(run("http.lua", url, pki.root.cert))
    assert.matches(wording "certificate verify failed (hostname mismatch)", output, 1, true)
    assert.same({ "exit", 1 }, { how, status })
  end)

  it("show.lua prints the server's chain", function()
    local server = page_server()
    local output, how, status = result(run("show.lua", "localhost", server.port,
                                           pki.root.cert))
    assert.same({ "exit", 0 }, { how, status })
    for _, line in ipairs {
      "  host       localhost\n", "  protocol   TLSv1.3\n", ", 256 bits\n",
      "  certificate 1\n    subject  organizationName=luasec-ffi specs, commonName=localhost\n",
      "  certificate 2\n    subject  organizationName=luasec-ffi specs, commonName=Intermediate\n",
      "    key      RSA, 2048 bits\n", "  verified   the chain, the name\n",
    } do
      assert.matches(line, output, 1, true)
    end
  end)

  it("show.lua distinguishes a refusal from a server", function()
    local server = page_server()
    local output, how, status = result(run("show.lua", "localhost", server.port,
                                           pki.other.cert))
    assert.equal(("  refused    handshake with localhost port %d: certificate verify failed "
                  .. "(unable to get local issuer certificate)\n"):format(server.port), output)
    assert.same({ "exit", 1 }, { how, status })
  end)

  it("names.lua has a certificate for each name", function()
    local server = serve("names.lua", "localhost", pki.rsa_server.chain, pki.rsa_server.key,
                         "a.wild.test", pki.ec_server.cert, pki.ec_server.key)
    for name, expected in pairs { localhost = { "RSA", pki.root },
                                  ["other.test"] = { "RSA", pki.root },
                                  ["a.wild.test"] = { "EC", pki.ec_root } } do
      local conn = ours.connect_sni(server.port, name, { cafile = expected[2].cert })
      local _, kind = conn:getpeercertificate():pubkey()
      assert.equal(expected[1], kind)
      assert.same({ "You asked for " .. name .. "." }, { conn:receive() })
      conn:close()
    end
  end)

  it("select.lua fetches a page over many connections at once", function()
    local server = page_server()
    local output, how, status = result(run("select.lua", "localhost", server.port,
                                           pki.root.cert, 8))
    assert.same({ "exit", 0 }, { how, status })
    local lines = {}
    for line in output:gmatch "[^\n]+" do lines[line] = true end
    for n = 1, 8 do
      assert.is_true(lines[("connection %d\t%d bytes"):format(n, 19 + #PAGE)], output)
    end
  end)

  it("select.lua names the connections that it did not trust", function()
    local server = serve("server.lua", pki.cn_only.cert, pki.cn_only.key)
    local output = result(run("select.lua", "localhost", server.port, pki.root.cert, 1))
    assert.equal("connection 1\tcertificate verify failed\n", output)
  end)

  -- Neovim and libuv's binding for Lua, as bootstrap unpacked them. Neovim is not run by
  -- the luajit of a mode, so it takes the plain build.
  local uv = house.build .. "/peers/neovim/usr"
  local libraries = process.capture(("echo '%s'/lib/*-linux-gnu"):format(uv)):gsub("\n", "")

  local function plain(env, host, port, cafile)
    env.LUA_CPATH = os.getenv "LUA_CPATH" .. ";" .. libraries .. "/lua/5.1/?.so"
    return process.start { "luajit", root .. "/samples/luv.lua", host, port, cafile,
                           env = env }
  end

  local function neovim(env, host, port, cafile)
    env.LUA_PATH = house.build .. "/stage/share/lua/5.1/?.lua"
    env.LUA_CPATH = house.build .. "/stage/lib/lua/5.1/?.so"
    return process.start { uv .. "/bin/nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n",
                           "--cmd", ("lua arg = { '%s', '%d', '%s' }"):format(host, port, cafile),
                           "-c", "luafile " .. root .. "/samples/luv.lua", env = env }
  end

  for _, one in ipairs { { "plain LuaJIT", plain }, { "Neovim", neovim } } do
    local name, start = unpack(one)
    local function client(port, cafile)
      tried["samples/luv.lua"] = true
      return start({ LD_LIBRARY_PATH = libraries, VIMRUNTIME = uv .. "/share/nvim/runtime" },
                   "localhost", port, cafile)
    end

    it("luv.lua gets a page in a loop that pushes bytes, in " .. name, function()
      local server = page_server()
      assert.same({ "HTTP/1.0 200 OK\r\n\r\n" .. PAGE, "exit", 0 },
                  { result(client(server.port, pki.root.cert)) })
    end)

    it("luv.lua refuses a server that it cannot verify, in " .. name, function()
      local server = page_server()
      local output, how, status = result(client(server.port, pki.other.cert))
      assert.matches("certificate verify failed", output, 1, true)
      assert.same({ "exit", 1 }, { how, status })
    end)

    it("luv.lua reports a refused connection, in " .. name, function()
      local taken = socket.tcp() -- bound, and never told to listen
      assert(taken:bind("127.0.0.1", 0))
      local _, port = taken:getsockname()
      local output, how, status = result(client(port, pki.root.cert))
      taken:close()
      assert.matches("ECONNREFUSED", output, 1, true)
      assert.same({ "exit", 1 }, { how, status })
    end)
  end

  it("sharing.lua recognises its clients, at any server", function()
    local redis = peers.redis()
    local secret = process.write(process.folder() .. "/secret", ("s"):rep(80))
    local one = serve("sharing.lua", pki.server.chain, pki.server.key, pki.root.cert, redis.port,
                      secret)
    local other = serve("sharing.lua", pki.server.chain, pki.server.key, pki.root.cert,
                        redis.port, secret)
    local client = sessions.client()
    local function visit(server, session)
      local conn = assert(ssl.wrap(assert(socket.connect("127.0.0.1", server.port)),
                                   client.context))
      conn:settimeout(ours.LIMIT)
      if session then assert(conn:setsession(session)) end
      assert(conn:dohandshake())
      local line = conn:receive()
      session = conn:getsession()
      conn:close()
      return line, session
    end
    local line, session = visit(one)
    assert.equal("Hello, client.", line)
    assert.equal("Hello again, client.", (visit(other, session)))
  end)

  -- A SOCKS5 proxy for one connection, which it makes to 127.0.0.1 whatever the name is.
  local SOCKS = [[
    local socket = require "socket"
    local listener = assert(socket.bind("127.0.0.1", 0))
    io.stdout:setvbuf "no"
    print("port: " .. select(2, listener:getsockname()))
    local client = assert(listener:accept())
    assert(client:receive(3) == "\5\1\0")
    client:send "\5\0"
    assert(client:receive(4) == "\5\1\0\3")
    local host = client:receive(client:receive(1):byte())
    local high, low = client:receive(2):byte(1, 2)
    print("asked for " .. host)
    local origin = socket.connect("127.0.0.1", high * 256 + low)
    client:send(origin and "\5\0\0\1\127\0\0\1\0\0" or "\5\5\0\1\0\0\0\0\0\0")
    local other = origin and { [client] = origin, [origin] = client }
    while origin do
      for _, from in ipairs((socket.select({ client, origin }, nil, 20))) do
        from:settimeout(0)
        local data, why, part = from:receive(8192)
        other[from]:settimeout(20)
        other[from]:send(data or part)
        if why == "closed" then return end
      end
    end
  ]]

  local function socks()
    local child = process.start { "luajit", process.write(process.folder() .. "/socks.lua", SOCKS) }
    return child, child:wait_output "port: (%d+)\n"
  end

  it("socks.lua gets a page through a SOCKS5 proxy, and verifies its server", function()
    local server, proxy, port = page_server(), socks()
    local url = ("https://localhost:%d/"):format(server.port)
    assert.same({ PAGE, "exit", 0 },
                { result(run("socks.lua", url, pki.root.cert, "127.0.0.1", port)) })
    assert.matches("asked for localhost\n", proxy:output())
    local _, second = socks()
    local output, how, status = result(run("socks.lua", url, pki.other.cert, "127.0.0.1", second))
    assert.matches("certificate verify failed", output, 1, true)
    assert.same({ "exit", 1 }, { how, status })
  end)

  it("socks.lua reports the refusal of the proxy", function()
    local _, port = socks()
    assert.same({ "SOCKS: refused with code 5\n", "exit", 1 },
                { result(run("socks.lua", "https://localhost:1/", pki.root.cert, "127.0.0.1",
                             port)) })
  end)

  it("loops.lua is tried over each loop", function()
    tried["samples/loops.lua"] = true
    assert.matches("samples/loops%.lua", process.read "spec/over/loops_spec.lua")
  end)

  -- The pages run theirs, with what goes wrong (spec/structure/docs_spec.lua).
  it("are all tried here, or by a page", function()
    for _, page in ipairs(sources.list("docs", "md")) do
      for _, example in ipairs(examples.of(page)) do
        for path in (example.kind == "console" and example.code or ""):gmatch "samples/%w+%.lua" do
          tried[path] = true
        end
      end
    end
    for _, path in ipairs(sources.list("samples", "lua")) do
      assert.is_true(tried[path], path)
    end
  end)

  it("are all in README.md", function()
    local readme = sources.read "README.md"
    for _, path in ipairs(sources.list("samples", "lua")) do
      assert.is_true(readme:find(path, 1, true) ~= nil, path)
    end
  end)
end)
