-- Sessions between processes: servers that share them, through Redis or by the keys of
-- their tickets, and clients and servers of another make.

describe("sessions between processes:", function()
  local socket   = require "socket"
  local ssl      = require "ssl"
  local needs    = require "spec.support.needs"
  local limits   = require "spec.support.limits"
  local house    = require "spec.support.init"
  local ours     = require "spec.support.ours"
  local pair     = require "spec.support.pair"
  local peers    = require "spec.support.peers"
  local pki      = require "spec.support.pki"
  local process  = require "spec.support.process"
  local sessions = require "spec.support.sessions"

  after_each(process.stop_all)

  local root = process.capture "pwd":gsub("\n", "")

  local secret

  before_each(function()
    secret = process.write(process.folder() .. "/key", io.open("/dev/urandom", "rb"):read(80))
  end)

  -- Two of samples/sharing.lua; with a file of keys, whose sessions are in tickets.
  local function fleet(redis, key_file)
    local servers = {}
    for i = 1, 2 do
      local port = process.free_port()
      servers[i] = process.start({ "luajit", root .. "/samples/sharing.lua", port,
                                   pki.server.chain, pki.server.key, pki.root.cert,
                                   redis.port, key_file or secret, key_file and "tickets",
                                   port = port }):wait_port()
    end
    return servers
  end

  local function random_key(length)
    return process.write(process.folder() .. "/key", io.open("/dev/urandom", "rb"):read(length))
  end

  -- The server's greeting, whether the session was resumed, and a new session.
  local function visit(port, client, session)
    local conn = assert(ssl.wrap(assert(socket.connect("127.0.0.1", port)), client.context))
    assert(conn:setverifyname "localhost")
    conn:settimeout(ours.LIMIT)
    if session then assert(conn:setsession(session)) end
    assert(conn:dohandshake())
    local line = assert(conn:receive())
    local resumed = conn:resumed()
    assert.is_true(conn:getpeerverification())
    assert.is_truthy(conn:getpeercertificate())
    local fresh = conn:getsession() or session
    conn:close()
    return line, resumed, fresh
  end

  local FIRST, AGAIN = "Hello, client.", "Hello again, client."

  local function greeted(again, ...)
    local line, resumed, session = visit(...)
    assert.same({ again and AGAIN or FIRST, again }, { line, resumed })
    return session
  end

  for _, version in ipairs(pair.versions) do
    describe(version .. ",", function()
      local it = needs.each(it, limits.resumes[version], "sessions of " .. version)
      local function client() return sessions.client { protocol = version } end

      it("one server's is resumed by the other, through Redis", function()
        local redis = peers.redis()
        local servers = fleet(redis)
        local who, session = client(), nil
        for i = 1, house.scale(6, 3) do
          session = greeted(i > 1, servers[i % 2 + 1].port, who, session)
        end
        -- In a process that starts later, so in another context.
        local later = assert(ssl.importsession(session:export()))
        greeted(true, servers[1].port, client(), later)
        redis:stop()
        who = client()
        greeted(false, servers[1].port, who, greeted(false, servers[1].port, who))
      end)

      for _, length in ipairs { 48, 80 } do
        it(("one server's is resumed by the other, by a ticket under a key of %d bytes")
           :format(length), function()
          local servers = fleet({ port = 1 }, random_key(length))
          local who, session = client(), nil
          for i = 1, house.scale(4, 3) do
            session = greeted(i > 1, servers[i % 2 + 1].port, who, session)
          end
          local others = fleet({ port = 1 }, random_key(length))
          greeted(false, others[1].port, who, session)
        end)
      end
    end)
  end

  describe("openssl s_client", function()
    local function s_client(port, flag, ...)
      local child = process.start { "openssl", "s_client", "-connect", "127.0.0.1:" .. port,
        flag, "-CAfile", pki.root.cert, "-verify_return_error", "-cert", pki.client.cert,
        "-key", pki.client.key, ... }
      assert(child:wait_output "Hello[^\n]*%.\n")
      child:wait(ours.LIMIT)
      return child:output()
    end

    for _, flag in ipairs { "-tls1_2", "-tls1_3" } do
      it("resumes at either server, in the store and by ticket, " .. flag, function()
        for _, key_file in ipairs { false, random_key(80) } do
          local servers = fleet(peers.redis(), key_file or nil)
          local file = process.folder() .. "/session"
          assert.matches("\nNew, TLSv1", s_client(servers[1].port, flag, "-sess_out", file))
          for i = 1, 2 do
            local said = s_client(servers[i].port, flag, "-sess_in", file)
            assert.matches("\nReused, TLSv1", said)
            assert.matches("Hello again, client.\n", said, 1, true)
          end
        end
      end)
    end

    it("resumes when it reconnects", function()
      local servers = fleet(peers.redis())
      local said = s_client(servers[1].port, "-tls1_2", "-reconnect")
      assert(select(2, said:gsub("\nReused, TLSv1", "")) >= 1, said)
    end)
  end)

  for version, name in pairs { ["TLS 1.2"] = "VERS-TLS1.2", ["TLS 1.3"] = "VERS-TLS1.3" } do
    local priority = "NORMAL:-VERS-ALL:+" .. name
    local protocol = name:find "2$" and "tlsv1_2" or "tlsv1_3"

    it("gnutls-cli resumes in the store and by ticket, " .. version, function()
      for _, key_file in ipairs { false, random_key(80) } do
        local servers = fleet(peers.redis(), key_file or nil)
        local client = process.start { "gnutls-cli", "--port", servers[1].port, "--resume",
          "--priority", priority, "--x509cafile", pki.root.cert, "--x509certfile",
          pki.client.cert, "--x509keyfile", pki.client.key, "--waitresumption", "localhost" }
        assert(client:wait_output "This is a resumed session", client:output())
      end
    end)

    it("gnutls-serv takes a session of ours, " .. version, function()
      needs.resumption(protocol)
      local server = peers.gnutls(pki.server, { "--echo", "--priority", priority })
      local client = sessions.client { protocol = protocol, certificate = false, key = false }
      local function echo(session)
        local conn = assert(ssl.wrap(assert(socket.connect("127.0.0.1", server.port)),
                                     client.context))
        conn:settimeout(ours.LIMIT)
        if session then assert(conn:setsession(session)) end
        assert(conn:dohandshake())
        assert(conn:send "hello\n")
        assert.equal("hello", conn:receive())
        local resumed, fresh = conn:resumed(), conn:getsession() or session
        conn:close()
        return resumed, fresh
      end
      local resumed, session = echo()
      assert.is_false(resumed)
      for _ = 1, 3 do
        resumed, session = echo(session)
        assert.is_true(resumed)
      end
    end)

    it("openssl s_server takes a session of ours, " .. version, function()
      needs.resumption(protocol)
      for _, words in ipairs { {}, { "-no_ticket" } } do
        local server = peers.s_server(pki.server, words)
        local client = sessions.client { protocol = protocol, certificate = false, key = false }
        local function ask(session)
          local conn = assert(ssl.wrap(assert(socket.connect("127.0.0.1", server.port)),
                                       client.context))
          conn:settimeout(ours.LIMIT)
          if session then assert(conn:setsession(session)) end
          assert(conn:dohandshake())
          server:write "hello\n"
          assert.equal("hello", conn:receive())
          local resumed, fresh = conn:resumed(), conn:getsession() or session
          conn:close()
          return resumed, fresh
        end
        local resumed, session = ask()
        assert.is_false(resumed)
        for _ = 1, 2 do
          resumed, session = ask(session)
          assert.is_true(resumed)
        end
      end
    end)
  end

  it("ssl.connect offers a session that it is given, and does without", function()
    for _, protocol in ipairs(limits.resumed_versions) do
      local words = { protocol == "tlsv1_2" and "-tls1_2" or "-tls1_3" }
      local server = peers.s_server(pki.server, words)
      local function ask(given)
        local conn = assert(ours.connect(server.port, { protocol = protocol, session = given }))
        server:write "hello\n"
        assert.equal("hello", conn:receive())
        local session, resumed = conn:getsession(), conn:resumed()
        conn:close()
        return session, resumed
      end
      local session, resumed = ask()
      assert.is_false(resumed)
      local bytes = session:export()
      session, resumed = ask(session)
      assert.is_true(resumed)
      assert.is_truthy(session)
      -- Too old, and so not offered.
      session = assert(ssl.importsession(sessions.aged(bytes, 8000)))
      assert.is_false(select(2, ask(session)))
    end
    assert.has_error(function() ssl.connect("localhost", 1, { session = "x" }) end,
      "bad argument #3 to 'connect' (session: SSL:Session expected, got string)")
  end)

  describe("Python", function()
    local PROGRAM = [[
import socket, ssl, sys
port, ca, cert, key, version = sys.argv[1:]
ctx = ssl.create_default_context(cafile=ca)
ctx.load_cert_chain(cert, key)
ctx.minimum_version = ctx.maximum_version = getattr(ssl.TLSVersion, version)
session = None
for _ in range(3):
    raw = socket.create_connection(("127.0.0.1", int(port)))
    with ctx.wrap_socket(raw, server_hostname="localhost", session=session) as conn:
        line = conn.makefile().readline().strip()
        session = conn.session
        print(conn.session_reused, line)
]]

    local SERVER = [[
import socket, ssl, sys
port, cert, key, version = sys.argv[1:]
ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
ctx.load_cert_chain(cert, key)
ctx.minimum_version = ctx.maximum_version = getattr(ssl.TLSVersion, version)
listener = socket.create_server(("127.0.0.1", int(port)))
while True:
    raw, _ = listener.accept()
    try:
        with ctx.wrap_socket(raw, server_side=True) as conn:
            conn.sendall(b"%r\n" % conn.session_reused)
            conn.recv(1)
    except OSError:
        pass
]]

    for version, name in pairs { tlsv1_2 = "TLSv1_2", tlsv1_3 = "TLSv1_3" } do
      it("resumes at a server of ours, " .. version, function()
        local servers = fleet(peers.redis())
        local file = process.write(process.folder() .. "/client.py", PROGRAM)
        local child = process.start { process.python, file, servers[1].port, pki.root.cert,
                                      pki.client.cert, pki.client.key, name }
        assert.same({ "exit", 0 }, { child:wait(ours.LIMIT) }, child:output())
        assert.equal(("False %s\nTrue %s\nTrue %s\n"):format(FIRST, AGAIN, AGAIN),
                     child:output())
      end)

      it("lets a client of ours resume, " .. version, function()
        needs.resumption(version)
        local port = process.free_port()
        local file = process.write(process.folder() .. "/server.py", SERVER)
        process.start({ process.python, file, port, pki.server.chain, pki.server.key, name,
                        port = port }):wait_port()
        local client = sessions.client { protocol = version, certificate = false, key = false }
        local line, resumed, session = visit(port, client)
        assert.same({ "False", false }, { line, resumed })
        for _ = 1, 2 do
          line, resumed, session = visit(port, client, session)
          assert.same({ "True", true }, { line, resumed })
        end
      end)
    end
  end)
end)
