-- Failures in parts: conn:lasterror(), ssl.lasterror(), and messages for a person.

describe("a failure", function()
  local https      = require "ssl.https"
  local fresh      = require "spec.support.fresh"
  local limits     = require "spec.support.limits"
  local needs      = require "spec.support.needs"
  local ours       = require "spec.support.ours"
  local pair       = require "spec.support.pair"
  local peers      = require "spec.support.peers"
  local pki        = require "spec.support.pki"
  local process    = require "spec.support.process"
  local python_end = require "spec.support.python_end"
  local shake      = require "spec.support.shake"
  local socket     = require "socket"
  local ssl        = require "ssl"
  local transports = require "spec.support.transports"
  local values     = require "spec.support.values"
  local wording    = require "spec.support.wording"
  local pack       = values.pack

  local ECONNRESET = 104
  local UNKNOWN_CA = 48
  local NO_ISSUER, MISMATCH, SELF_SIGNED = 20, 62, 18

  after_each(process.stop_all)

  -- Where OpenSSL tells it.
  local function alert(version, direction, code, text)
    local told = direction == "received" or limits.tells_own_alerts[version]
    return told and { direction = direction, code = code, text = text } or nil
  end

  local function refused(version, client, server)
    client = client or { cafile = pki.other.cert }
    server = server or {}
    client.protocol, server.protocol = version, version
    local s, c = pair.wrapped(server, client)
    return s, c, shake(s, c)
  end

  for _, version in ipairs(pair.versions) do
    local label = " (" .. version .. ")"

    it("of verification has the certificate, the reason and the alert" .. label,
       function()
      local server, client, _, why = refused(version)
      assert.equal("certificate verify failed", why)
      local problem = client:lasterror()
      assert.same({
        message = why, reason = why, library = "SSL routines", code = problem.code,
        queue = { { code = problem.code, library = "SSL routines", reason = why } },
        alert = alert(version, "sent", UNKNOWN_CA, "unknown CA"),
        verify = { code = NO_ISSUER, text = "unable to get local issuer certificate",
                   depth = 0, subject = "CN=localhost,O=luasec-ffi specs", misnamed = false,
                   untrusted = true },
      }, problem)
      assert.is_true(problem.code > 0)
      client:close()
      assert.same(problem, client:lasterror())
      -- The table belongs to the caller: a change has no effect elsewhere.
      problem.queue[1].reason, problem.verify.code = "other", 5
      assert.equal(why, client:lasterror().queue[1].reason)
      assert.equal(NO_ISSUER, client:lasterror().verify.code)

      server:settimeout(10)
      local heard = select(2, server:dohandshake()) or select(2, server:receive())
      assert.equal("tlsv1 alert unknown ca", heard)
      problem = server:lasterror()
      assert.equal(heard, problem.message)
      assert.same(alert(version, "received", UNKNOWN_CA, "unknown CA"), problem.alert)
      assert.is_nil(problem.verify)
      server:close()
    end)

    it("to be the right host is called so" .. label, function()
      local server, client = pair.wrapped({ protocol = version }, { protocol = version })
      client:setverifyname "other.test"
      shake(server, client)
      local problem = client:lasterror()
      assert.same({ MISMATCH, wording "hostname mismatch", true },
                  { problem.verify.code, problem.verify.text, problem.verify.misnamed })
      local sent = limits.misnamed_alert
      assert.same(alert(version, "sent", sent.code, sent.text), problem.alert)
      client:close()
      server:close()
    end)

    it("is reported on the server, too" .. label, function()
      local server, client, why = refused(version,
        { key = pki.selfsigned.key, certificate = pki.selfsigned.cert },
        { verify = { "peer", "fail_if_no_peer_cert" }, cafile = pki.root.cert })
      assert.equal("certificate verify failed", why)
      assert.same({ SELF_SIGNED, 0 }, { server:lasterror().verify.code,
                                        server:lasterror().verify.depth })
      assert.equal(limits.tells_own_alerts[version] and "sent",
                   (server:lasterror().alert or { direction = false }).direction)
      server:close()
      client:close()
    end)

    it("of OpenSSL's s_client is in its alert" .. label, function()
      local server = ours.listen { protocol = version }
      process.start { "openssl", "s_client", "-connect", "127.0.0.1:" .. server.port,
                      "-CAfile", pki.other.cert, "-verify_return_error" }
      local conn = server:wrap()
      conn:settimeout(10)
      local why = select(2, conn:dohandshake()) or select(2, conn:receive())
      assert.equal(limits.openssl_refuses[version], why)
      -- LibreSSL's server in TLS 1.3 does not understand the alert, and sends one of its own.
      local heard = why:find "unknown ca$"
      assert.same(heard and alert(version, "received", UNKNOWN_CA, "unknown CA") or nil,
                  conn:lasterror().alert)
      conn:close()
    end)

    it("has the result of verification in its message, with explain" .. label, function()
      local server, client, _, why = refused(version,
                                             { cafile = pki.other.cert, explain = true })
      local text = "certificate verify failed: unable to get local issuer certificate "
                   .. "(depth 0, CN=localhost,O=luasec-ffi specs)"
      assert.equal(text, why)
      assert.same(pack(false, text), pack(client:dohandshake()))
      assert.same({ nil, text, "" }, { client:receive() })
      assert.equal(text, client:lasterror().message)
      assert.equal("certificate verify failed", client:lasterror().reason)
      client:close()
      server:close()

      server, client, why = refused(version,
        { key = pki.selfsigned.key, certificate = pki.selfsigned.cert },
        { verify = { "peer", "fail_if_no_peer_cert" }, cafile = pki.root.cert, explain = true })
      assert.matches("^certificate verify failed: self[- ]signed certificate %(depth 0, CN=", why)
      client:close()
      server:close()

      local function all_but_one(_, _, _, depth) return depth ~= 1 end
      server, client, _, why = refused(version, { explain = true, onverify = all_but_one })
      assert.matches("^certificate verify failed: application verification failure "
                     .. "%(depth 1, CN=", why)
      client:close()
      server:close()
    end)

    it("of s_server's certificate is explained by ssl.connect as well" .. label, function()
      local child = peers.s_server(pki.other_server)
      local function attempt(explain)
        return { ours.connect(child.port, { protocol = version, explain = explain }) }
      end
      local where = ("handshake with localhost port %d: certificate verify failed")
                    :format(child.port)
      assert.same({ nil, where .. " (unable to get local issuer certificate)" }, attempt())
      local _, why = unpack(attempt(true), 1, 2)
      assert.equal(where .. ": unable to get local issuer certificate (depth 0, ",
                   why:match "^.-%(depth 0, ")
      assert.equal(NO_ISSUER, ssl.lasterror().verify.code)

      local function request(explain)
        return select(2, https.request { url = "https://localhost:" .. child.port,
                                         cafile = pki.root.cert, explain = explain })
      end
      assert.matches("^certificate verify failed %(unable to get local issuer certificate%): name",
                     request())
      assert.matches("^certificate verify failed: unable to get local issuer certificate "
                     .. "%(depth 0, CN=[^)]*%): name", request(true))
      assert.equal(NO_ISSUER, ssl.lasterror().verify.code)
    end)

    it("of the transport has the system's number, and none over a stream" .. label, function()
      local child = python_end("reset", pki.server)
      local conn = assert(ours.connect(child.port, { protocol = version }))
      assert.equal("tail", conn:receive(4))
      conn:send "go"
      assert.same({ nil, "closed", "" }, { conn:receive() })
      assert.same({ message = "closed", errno = ECONNRESET }, conn:lasterror())
      assert.same({ message = "closed", errno = ECONNRESET }, ssl.lasterror())
      conn:close()

      local a, b = transports.pipe()
      local server = assert(ssl.wrap(a, pair.server_config { protocol = version }))
      local client = assert(ssl.wrap(b, pair.client_config { protocol = version }))
      pair.handshake(server, client)
      b.receive = function() return nil, "cable cut" end
      assert.same({ nil, "cable cut", "" }, { client:receive() })
      assert.same({ message = "cable cut" }, client:lasterror())
    end)
  end

  describe("before the ServerHello", function()
    local WARNING = "\21\3\3\0\2\1\112"                -- unrecognized_name

    local function meets(words, ...)
      local a, b = pair.tcp()
      local conn = assert(ssl.wrap(a, pair.client_config()))
      b:send(WARNING .. table.concat { ... })
      conn:settimeout(10)
      assert.same(pack(false, words), pack(conn:dohandshake()))
      conn:close()
      b:close()
      local last = conn:lasterror().alert
      return { last.direction, last.code }
    end

    it("has the alert that ended it, and not a warning before", function()
      local FAILURE, CANCELED = "\21\3\3\0\2\2\40", "\21\3\3\0\2\2\90"
      assert.same({ "received", 40 },
                  meets(wording "sslv3 alert handshake failure", FAILURE, CANCELED))
    end)

    it("has its own alert, and not a warning before", function()
      needs.own_alerts "tlsv1_3"
      local FINISHED = "\22\3\3\0\4\20\0\0\0"           -- of no handshake
      assert.same({ "sent", 10 }, meets("unexpected message", FINISHED))
    end)
  end)

  it("to send the last bytes of a handshake is one, too", function()
    needs.resumption "tlsv1_3" -- the last bytes are the server's tickets
    local EPIPE = 32
    local socks = { pair.tcp() }
    local server = assert(ssl.wrap(socks[1], pair.server_config { protocol = "tlsv1_3" }))
    local client = assert(ssl.wrap(socks[2], pair.client_config { protocol = "tlsv1_3" }))
    server:settimeout(0)
    client:settimeout(0)
    while not client:dohandshake() do server:dohandshake() end
    socks[1]:setfd(server:getfd()) -- behind its back
    socks[1]:shutdown "send"
    socks[1]:setfd(-1)
    server:settimeout(10)
    assert.same(pack(false, "closed"), pack(server:dohandshake()))
    assert.same({ message = "closed", errno = EPIPE }, server:lasterror())
    assert.same({ message = "closed", errno = EPIPE }, ssl.lasterror())
    server:close()
    client:close()
  end)

  -- The server of a pair whose client's system has reset the connection.
  local function left_alone(make)
    local server, client = make()
    pair.reset(client)
    server:settimeout(10)
    return server
  end

  it("to send is one, though the connection can still be read", function()
    local server = left_alone(pair.connected)
    assert.is_nil(server:lasterror())
    local word
    repeat word = select(2, server:send "x") until word
    local problem = server:lasterror()
    assert.equal(word, problem.message)
    assert.is_number(problem.errno)
    assert.same(problem, ssl.lasterror())
    server:close()
  end)

  it("of the transport has its number also at the handshake's last bytes", function()
    needs.resumption "tlsv1_3" -- the server sends its tickets into the reset connection
    local server = left_alone(function()
      local server, client = pair.wrapped({ protocol = "tlsv1_3" }, { protocol = "tlsv1_3" })
      server:settimeout(0)
      client:settimeout(0)
      while not client:dohandshake() do server:dohandshake() end
      return server, client
    end)
    assert.same(pack(false, "closed"), pack(server:dohandshake()))
    assert.same({ message = "closed", errno = ECONNRESET }, server:lasterror())
    assert.same({ message = "closed", errno = ECONNRESET }, ssl.lasterror())
    server:close()
  end)

  it("to speak TLS at all has OpenSSL's reason, and its whole queue", function()
    local a, b = pair.tcp()
    local conn = assert(ssl.wrap(a, pair.client_config()))
    b:send "HTTP/1.0 400 What?\r\n\r\n"
    conn:settimeout(10)
    assert.same(pack(false, limits.no_tls_long), pack(conn:dohandshake()))
    local problem = conn:lasterror()
    assert.equal(limits.no_tls_long, problem.queue[1].reason)
    assert.same({ problem.queue[1].code, "SSL routines", limits.no_tls_long },
                { problem.code, problem.library, problem.reason })
    assert.is_nil(problem.verify)
    conn:close()
    b:close()
  end)

  it("is none where nothing failed", function()
    local server, client = pair.connected()
    client:settimeout(0)
    client:receive()
    assert.is_nil(client:lasterror())
    server:close()
    client:settimeout(10)
    assert.same({ nil, "closed", "" }, { client:receive() })
    assert.is_nil(client:lasterror())
    client:close()
    assert.is_nil(client:lasterror())
  end)

  it("of a user's function has the message alone", function()
    local server, client = pair.wrapped(nil, { explain = true,
                                               onverify = function() error("mine", 0) end })
    client:settimeout(0)
    repeat
      server:settimeout(0)
      server:dohandshake()
      local ok, word = pcall(client.dohandshake, client)
    until not ok and word == "mine"
    assert.equal("callback failed", client:lasterror().message)
    client:close()
    server:close()
  end)

  it("is the newest one for ssl.lasterror, of any kind", function()
    local output = fresh.luajit(([[
      local ssl = require "ssl"
      print(ssl.lasterror())
      assert(not ssl.newcontext { mode = "client", protocol = "any", cafile = "/nowhere" })
      local problem = ssl.lasterror()
      print(problem.message, problem.reason, #problem.queue > 1)
      assert(ssl.newcontext { mode = "client", protocol = "any" })
      print(ssl.lasterror().message)
      assert(not ssl.newcontext { mode = "client", protocol = "any", ciphers = "nonsense" })
      print(ssl.lasterror().message, ssl.lasterror().library)
    ]]))
    assert.equal("nil\nNo such file or directory\tNo such file or directory\ttrue\n"
                 .. "No such file or directory\nno cipher match\tSSL routines\n", output)
  end)

  it("is not an earlier one's where OpenSSL has no text", function()
    local function fails(f, ...)
      assert.is_nil((ssl.newcontext(pair.client_config { ciphers = "nonsense" })))
      assert.equal("no cipher match", ssl.lasterror().message)
      local made, why = f(...)
      assert.is_nil(made)
      assert.same({ message = why }, ssl.lasterror())
    end
    for _, cfg in ipairs {
      pair.client_config { mode = "neither" }, pair.client_config { cafile = "a\0b" },
      pair.client_config { servername = "*" }, pair.client_config { tickets = 5 },
      pair.server_config { key = pki.client.key },
    } do
      fails(ssl.newcontext, cfg)
    end
    fails(ssl.connect, "127.0.0.1", process.free_port(), {})
    fails(ssl.connect, "*.test", 443)
    fails(ssl.importsession, "no session")
    fails(ssl.loadkey, { store = "\0" })
    fails(ssl.loadkey, "store:x")
  end)

  it("has the message of the call, for ssl.lasterror too", function()
    -- The client's handshake ends first, and the server does not know that.
    for _, wish in ipairs {
      { ocsp = "require" }, { cafile = pki.other.cert, explain = true },
    } do
      local server, client = pair.wrapped({}, wish)
      client:settimeout(0)
      server:settimeout(0)
      local word
      repeat
        server:dohandshake()
        word = select(2, client:dohandshake())
      until word ~= "wantread"
      assert.matches(wish.ocsp and "^OCSP: " or "^certificate verify failed: ", word)
      assert.equal(word, ssl.lasterror().message)
      assert.same(client:lasterror(), ssl.lasterror())
      client:close()
      server:close()
    end
    local server, client = pair.wrapped({ onclienthello = function() error("mine", 0) end })
    client:settimeout(0)
    client:dohandshake()
    assert.is_false((pcall(server.dohandshake, server)))
    assert.same({ message = "callback failed" }, ssl.lasterror())
    server:close()
    client:close()
  end)

  it("has the alert by its name, also those that OpenSSL has none for", function()
    local server, client = refused("tlsv1_3", {}, {
      verify = { "peer", "fail_if_no_peer_cert" }, cafile = pki.root.cert })
    client:settimeout(20)
    assert.is_nil((client:receive()))
    local CERTIFICATE_REQUIRED = 116
    for conn, direction in pairs { [server] = "sent", [client] = "received" } do
      assert.same(alert("tlsv1_3", direction, CERTIFICATE_REQUIRED, "certificate required"),
                  conn:lasterror().alert)
    end
    client:close()
    server:close()
  end)

  it("of a handshake is found there too, when the connection is gone", function()
    local server, client = refused("tlsv1_2")
    client:close()
    server:close()
    collectgarbage()
    local listener = assert(socket.bind("127.0.0.1", 0))
    local _, port = listener:getsockname()
    listener:close()
    assert.is_nil((ssl.connect("127.0.0.1", port, {})))
    local newest = ssl.lasterror()
    assert.is_string(newest.message)
    newest.message = "mine"
    assert.is_not.equal("mine", ssl.lasterror().message)
  end)

  it("is explained by a boolean", function()
    for _, wrong in ipairs { "yes", 1, {} } do
      assert.same(pack(nil, "invalid explain (boolean expected)"),
                  pack(ssl.newcontext(pair.client_config { explain = wrong })))
    end
  end)

  -- No descriptor is left, for example, and the files of failures are loaded with the first.
  it("is a message also where the files of failures cannot be read", function()
    local output = fresh.luajit [[
      local pair = require "spec.support.pair"
      local ssl  = require "ssl"
      local NAMES = { "ssl.base.queue", "ssl.io.failure" }
      for _, name in ipairs(NAMES) do
        assert(not package.loaded[name])
        package.preload[name] = function() error("too many open files", 0) end
      end
      local function refused()
        local ctx = assert(ssl.newcontext(pair.client_config { cafile = false, verify = "peer" }))
        local s, c = pair.wrapped(ssl.newcontext(pair.server_config {}), ctx)
        local _, why = pair.handshake(s, c)
        local ok, again = c:send "x"
        return why[1], why[2], ok, again
      end
      print(refused())
      for _, name in ipairs(NAMES) do package.preload[name] = nil end
      print(refused())
    ]]
    assert.equal("false\tunknown error\tnil\tunknown error\n"
              .. "false\tcertificate verify failed\tnil\tcertificate verify failed\n", output)
  end)
end)
