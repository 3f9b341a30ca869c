-- conn:requestcertificate: a client's certificate, asked for in the middle of a session.

describe("requestcertificate", function()
  local ssl        = require "ssl"
  local house      = require "spec.support.init"
  local ours       = require "spec.support.ours"
  local pair       = require "spec.support.pair"
  local pki        = require "spec.support.pki"
  local process    = require "spec.support.process"
  local questions  = require "spec.support.questions"
  local transports = require "spec.support.transports"
  local values     = require "spec.support.values"
  local needs = require "spec.support.needs"
  local it = needs.each(it, require("ssl.ffi.lib").has.SSL_CTX_set_cert_cb,
                        "authentication after the handshake")
  local pack, raised = values.pack, values.raised

  after_each(function()
    process.stop_all()
    assert.equal(0, questions.paused())
  end)

  local function over(base, extra)
    for key, value in pairs(extra or {}) do base[key] = value end
    return base
  end

  local function server_keys(extra)
    return over({ protocol = "tlsv1_3", cafile = pki.root.cert }, extra)
  end

  local function client_keys(entry, extra)
    entry = entry or pki.client
    return over({ posthandshakeauth = true, key = entry.key,
                  certificate = entry.chain or entry.cert }, extra)
  end

  local BARE = { key = false, certificate = false, posthandshakeauth = true }

  local function connected(server, client)
    local s, c = pair.connected(server_keys(server), client or client_keys())
    s:settimeout(0)
    c:settimeout(0)
    return s, c
  end

  local function waits(word)
    return word == "wantread" or word == "wantwrite"
  end

  -- Ask, with the client's steps between. The client's received data is gathered.
  local function ask(s, c, optional)
    local late, got, at_client = house.patience(), "", nil
    while true do
      local result = pack(s:requestcertificate(optional))
      if not waits(result[2]) then return result, got, at_client end
      local data, word = c:receiveany()
      got, at_client = got .. (data or ""), word
      assert(not late(), "no end")
    end
  end

  -- Read at the client until it has received the alert.
  local function alert(c)
    local late = house.patience()
    while true do
      local _, word = c:receive()
      if not waits(word) then return word end
      assert(not late(), "no end")
    end
  end

  local function name_of(conn)
    local cert = conn:getpeercertificate()
    local subject = cert and cert:subject()
    return subject and subject[#subject].value
  end

  -- All bytes, both ways.
  local function talk(s, c)
    s:settimeout(20)
    c:settimeout(20)
    c:send "there\n"
    assert.equal("there", (s:receive()))
    s:send "and back\n"
    assert.equal("and back", (c:receive()))
    s:close()
    c:close()
  end

  for name, make in pairs(transports.kinds) do
    it("brings the certificate, verified, over " .. name, function()
      local s, c = make(server_keys(), client_keys())
      assert.same({ { true }, { true } }, { pair.handshake(s, c) })
      assert.is_nil(s:getpeercertificate())
      assert.same(pack(true), (ask(s, c)))
      assert.equal("client", name_of(s))
      assert.equal(2, #s:getpeerchain())
      assert.is_true(s:getpeerverification())
      c:send "there\n"
      local line, word, partial
      repeat
        line, word, partial = s:receive("*l", partial)
        assert(line or waits(word), word)
      until line
      assert.equal("there", line)
      s:close()
      c:close()
    end)
  end

  it("is answered once by a client that does it once, and again by one that just does it",
     function()
    for _, how in ipairs { "once", true } do
      local s, c = connected(nil, client_keys(nil, { posthandshakeauth = how }))
      assert.same(pack(true), (ask(s, c)))
      if how == "once" then
        assert.same(pack(nil, "tlsv1 alert internal error"), (ask(s, c)))
        assert.equal("the server asks for the certificate again", alert(c))
        assert.same(pack(nil, "the server asks for the certificate again", 0),
                    pack(c:send "x"))
        assert.equal("the server asks for the certificate again", c:lasterror().message)
      else
        assert.same(pack(true), (ask(s, c)))
        talk(s, c)
      end
      s:close()
      c:close()
    end
  end)

  it("is no second time where the handshake has asked already", function()
    local s, c = connected({ verify = "peer" }, client_keys(nil, { posthandshakeauth = "once" }))
    assert.equal("client", name_of(s))
    assert.same(pack(true), (ask(s, c)))
    talk(s, c)
  end)

  it("lets the client's other bytes wait, in order", function()
    local s, c = connected()
    c:send "first\nsecond "
    assert.equal("first", (s:receive()))
    assert.same(pack(nil, "wantread"), pack(s:requestcertificate()))
    c:send "half\nthird\n"
    -- Data before the request may be delivered.
    assert.same(pack(nil, "busy", "second "), pack(s:receive(100)))
    assert.same(pack(nil, "busy", 0), pack(s:send "x"))
    assert.same(pack(nil, "busy"), pack(s:keyupdate()))
    assert.is_nil(s:lasterror())
    assert.same(pack(true), (ask(s, c)))
    assert.equal("half", (s:receive()))
    assert.equal("third", (s:receive()))
    talk(s, c)
  end)

  it("waits for the time limit, and can be continued", function()
    local s, c = connected()
    s:settimeout(0.01)
    assert.same(pack(nil, "wantread"), pack(s:requestcertificate()))
    assert.same(pack(nil, "wantread"), pack(s:requestcertificate()))
    assert.same(pack(true), (ask(s, c)))
    talk(s, c)
  end)

  it("may be repeated, and finds another certificate then or the same", function()
    local s, c = connected()
    assert.same(pack(true), (ask(s, c)))
    assert.same(pack(true), (ask(s, c)))
    assert.equal("client", name_of(s))
    talk(s, c)
  end)

  it("asks where the handshake has asked once", function()
    local s, c = connected { verify = { "peer", "client_once" } }
    assert.equal("client", name_of(s))
    assert.same(pack(true), (ask(s, c)))
    talk(s, c)
  end)

  it("and key updates do not disturb each other", function()
    local s, c = connected()
    assert.is_true(c:keyupdate(true))
    assert.same(pack(true), (ask(s, c)))
    assert.is_true(s:keyupdate(true))
    talk(s, c)
  end)

  it("leaves a session that resumes with the certificate, also from a store", function()
    local kept = {}
    local store = { get = function(id) return kept[id] end,
                    put = function(id, bytes) kept[id] = bytes end }
    for _, extra in ipairs { {}, { sessionstore = store, sessionkey = ("s"):rep(32) } } do
      extra.verify = "post_handshake"
      local sctx = assert(ssl.newcontext(pair.server_config(server_keys(extra))))
      local cctx = assert(ssl.newcontext(pair.client_config(client_keys())))
      local s, c = pair.connected(sctx, cctx)
      s:settimeout(0)
      c:settimeout(0)
      assert.is_nil(s:getpeercertificate())
      assert.same(pack(true), (ask(s, c)))
      s:send "ticket\n"
      c:settimeout(20)
      assert.equal("ticket", (c:receive()))
      local found = assert(c:getsession())
      talk(s, c)
      s, c = pair.wrapped(sctx, cctx)
      assert.is_true(c:setsession(found))
      assert.same({ { true }, { true } }, { pair.handshake(s, c) })
      assert.is_true(s:resumed())
      assert.equal("client", name_of(s))
      talk(s, c)
    end
    assert.is_truthy(next(kept))
  end)

  it("with verify = 'post_handshake' asks TLS 1.2 clients in the handshake", function()
    local s, c = pair.connected(
      { protocol = "tlsv1_2", cafile = pki.root.cert, verify = "post_handshake" },
      client_keys())
    assert.equal("client", name_of(s))
    talk(s, c)
  end)

  it("does not take the place of a receive that waits", function()
    local a, b = transports.pipe()
    local receive, waiting = a.receive, false
    function a.receive(object, n)
      local data, word, partial = receive(object, n)
      if waiting and not data and partial == "" then coroutine.yield "waits" end
      return data, word, partial
    end
    local s = assert(ssl.wrap(a, pair.server_config(server_keys())))
    local c = assert(ssl.wrap(b, pair.client_config(client_keys())))
    assert.same({ { true }, { true } }, { pair.handshake(s, c) })
    waiting = true
    local thread = coroutine.create(function() return s:receive() end)
    assert.same({ true, "waits" }, { coroutine.resume(thread) })
    assert.same(pack(nil, "busy"), pack(s:requestcertificate()))
    c:send "a line\n"
    assert.same({ true, nil, "wantread", "" }, { coroutine.resume(thread) })
    waiting = false
    assert.same(pack(true), (ask(s, c)))
    assert.equal("a line", (s:receive()))
    s:close()
    c:close()
  end)

  describe("refuses, and ends the session for", function()
    local function refused(entry, words, server)
      local s, c = connected(server, entry and client_keys(entry) or BARE)
      assert.same(pack(nil, words), (ask(s, c)))
      -- The refusal is final.
      c:send "let me in\n"
      assert.same(pack(nil, words), pack(s:requestcertificate()))
      assert.same(pack(nil, words, ""), pack(s:receive()))
      assert.same(pack(nil, words, 0), pack(s:send "x"))
      assert.equal(words, s:lasterror().message)
      assert.same(s:lasterror(), ssl.lasterror())
      assert.matches("alert", alert(c))
      local verify = s:lasterror().verify
      s:close()
      c:close()
      return verify
    end

    it("an untrusted certificate", function()
      local verify = refused(pki.selfsigned, "certificate verify failed")
      assert.matches("self[- ]signed certificate", verify.text)
    end)

    it("a certificate that is none for clients", function()
      refused(pki.wrong_usage, "certificate verify failed")
    end)

    it("a revoked one", function()
      local verify = refused(pki.revoked, "certificate verify failed",
                             { cafile = pki.root.with_crl, verifyext = "crl_check" })
      assert.equal("certificate revoked", verify.text)
    end)

    it("the certificate, in the message with explain", function()
      refused(pki.revoked, "certificate verify failed: certificate revoked (depth 0, "
              .. "CN=revoked client,O=luasec-ffi specs)",
              { cafile = pki.root.with_crl, verifyext = "crl_check", explain = true })
    end)

    it("none at all", function()
      refused(nil, "peer did not return a certificate")
    end)

    it("what was received before it, when it is refused", function()
      local s, c = connected({}, client_keys(pki.selfsigned))
      assert.same(pack(nil, "wantread"), pack(s:requestcertificate()))
      c:send "pay\n"
      assert.same(pack(nil, "certificate verify failed"), (ask(s, c)))
      assert.same(pack(nil, "certificate verify failed", ""), pack(s:receive()))
      s:close()
      c:close()
    end)

    it("a client that ends the session instead of answering", function()
      local s, c = connected()
      assert.same(pack(nil, "wantread"), pack(s:requestcertificate()))
      c:close()
      s:settimeout(20)
      local ok, word = s:requestcertificate()
      assert.is_nil(ok)
      assert.is_string(word)
      assert.same(pack(nil, word, ""), pack(s:receive()))
      s:close()
    end)

    it("a client that sends without end and does not answer", function()
      local s, c = connected()
      local word
      repeat
        c:send(("x"):rep(65536))
        word = select(2, s:requestcertificate())
      until not waits(word)
      assert.equal("too much data before the certificate", word)
      assert.same(pack(nil, word, ""), pack(s:receive()))
      assert.same({ message = word }, ssl.lasterror())
      s:close()
      c:close()
    end)
  end)

  it("goes on without a certificate where it is optional", function()
    local s, c = connected({}, BARE)
    assert.same(pack(true), (ask(s, c, true)))
    assert.is_nil(s:getpeercertificate())
    talk(s, c)
    s, c = connected()
    assert.same(pack(true), (ask(s, c, true)))
    assert.equal("client", name_of(s))
    talk(s, c)
    s, c = connected({}, client_keys(pki.selfsigned))
    assert.same(pack(nil, "certificate verify failed"), (ask(s, c, true)))
    s:close()
    c:close()
  end)

  it("collects errors with lsec_continue", function()
    local s, c = connected({ verifyext = "lsec_continue", verify = "post_handshake" },
                           client_keys(pki.selfsigned))
    assert.same(pack(true), (ask(s, c)))
    local ok, errors = s:getpeerverification()
    assert.is_false(ok)
    assert.matches("self[- ]signed certificate", errors[1][1])
    talk(s, c)
  end)

  it("has the errors of the last certificate alone", function()
    local s, c = connected({ verifyext = "lsec_continue", verify = "post_handshake" },
                           client_keys(pki.selfsigned))
    for _ = 1, 2 do
      assert.same(pack(true), (ask(s, c)))
      local ok, errors = s:getpeerverification()
      assert.is_false(ok)
      assert.equal(1, #errors[1])
    end
    local raw, lib = getmetatable(c).conn.ssl, require "ssl.ffi.lib"
    local source = getmetatable(assert(ssl.newcontext(pair.client_config {
      key = pki.client.key, certificate = pki.client.chain }))).handle
    assert(lib.C.SSL_set_SSL_CTX(raw, source.raw) ~= nil)
    assert.same(pack(true), (ask(s, c)))
    assert.equal("client", name_of(s))
    assert.is_true((s:getpeerverification()))
    talk(s, c)
  end)

  it("has the errors of the certificate before until there is an answer", function()
    local s, c = connected({ verifyext = "lsec_continue", verify = "post_handshake" },
                           client_keys(pki.selfsigned))
    assert.same(pack(true), (ask(s, c)))
    assert.is_true(waits((select(2, s:requestcertificate()))))
    assert.is_false((s:getpeerverification()))
    s:close()
    c:close()
  end)

  describe("is impossible, and the session goes on,", function()
    it("for a client that did not offer it", function()
      local s, c = connected({}, { key = pki.client.key, certificate = pki.client.cert })
      assert.same(pack(nil, "the client does no post-handshake authentication"),
                  pack(s:requestcertificate()))
      talk(s, c)
    end)

    it("up to TLS 1.2", function()
      local s, c = pair.connected({ protocol = "tlsv1_2" }, client_keys())
      assert.same(pack(nil, "post-handshake authentication needs TLS 1.3"),
                  pack(s:requestcertificate()))
      talk(s, c)
    end)

    it("for a client", function()
      local s, c = connected()
      assert.same(pack(nil, "only a server asks for certificates"),
                  pack(c:requestcertificate()))
      talk(s, c)
    end)
  end)

  it("is closed before the handshake and after close", function()
    local s, c = pair.wrapped()
    assert.same(pack(nil, "closed"), pack(s:requestcertificate()))
    s:close()
    assert.same(pack(nil, "closed"), pack(s:requestcertificate()))
    c:close()
    assert.matches("boolean expected, got string", raised(function() s:requestcertificate "x" end))
  end)

  it("is closed behind a close_notify of its own, and leaves the end in order", function()
    local s, c = connected()
    assert.same(pack(nil, "wantread"), pack(s:tlsshutdown()))
    assert.same(pack(nil, "closed"), pack(s:requestcertificate()))
    assert.is_true(c:tlsshutdown())
    assert.is_true(s:tlsshutdown())
    s:close()
    c:close()
  end)

  describe("accepts nobody where the Finished message", function()
    local C = require("ssl.ffi.lib").C
    local real = C.SSL_get_peer_finished
    after_each(function() C.SSL_get_peer_finished = real end)

    it("cannot be read before the request", function()
      local s, c = connected()
      C.SSL_get_peer_finished = function() return 0 end
      assert.same(pack(nil, "the client's Finished message cannot be read"),
                  pack(s:requestcertificate()))
      C.SSL_get_peer_finished = real
      assert.same(pack(true), (ask(s, c)))
      talk(s, c)
    end)

    it("cannot be read behind it", function()
      local s, c = connected()
      assert.equal("wantread", select(2, s:requestcertificate()))
      C.SSL_get_peer_finished = function() return 0 end
      for _ = 1, 3 do assert.same(pack(nil, "wantread"), pack(s:requestcertificate())) end
      C.SSL_get_peer_finished = real
      assert.is_nil((s:getpeercertificate()))
      assert.same(pack(true), (ask(s, c)))
      talk(s, c)
    end)

    it("is another one without an answer", function()
      local s, c = connected()
      assert.equal("wantread", select(2, s:requestcertificate()))
      C.SSL_get_peer_finished = function(own, bytes, size)
        local length = real(own, bytes, size)
        bytes[0] = bit.bxor(bytes[0], 1)
        return length
      end
      local none = "peer did not return a certificate"
      assert.same(pack(nil, none), pack(s:requestcertificate()))
      C.SSL_get_peer_finished = real
      assert.same(pack(nil, none, ""), pack(s:receive(1)))
      s:close()
      c:close()
    end)
  end)

  it("does not keep a connection from being closed", function()
    local s, c = connected()
    assert.same(pack(nil, "wantread"), pack(s:requestcertificate()))
    s:close()
    assert.same(pack(nil, "closed"), pack(s:requestcertificate()))
    c:close()
  end)

  describe("asks onverify", function()
    local function judged(f, entry)
      return connected({ verify = "post_handshake", onverify = f }, client_keys(entry))
    end

    it("about each certificate, and not before", function()
      local calls, s = {}, nil
      local c
      s, c = judged(function(conn, preverified, _, depth, reason)
        assert.equal(s, conn)
        calls[#calls + 1] = ("%d %s %s"):format(depth, tostring(preverified), tostring(reason))
        return true
      end)
      assert.same({}, calls)
      assert.same(pack(true), (ask(s, c)))
      assert.same({ "2 true nil", "1 true nil", "0 true nil" }, calls)
      assert.is_true(s:getpeerverification())
      talk(s, c)
    end)

    it("which may accept what verification refused", function()
      local s, c = judged(function() return true end, pki.selfsigned)
      assert.same(pack(true), (ask(s, c)))
      assert.is_truthy(s:getpeercertificate())
      talk(s, c)
    end)

    for what, answer in pairs {
      ["false"] = function() return false end, ["nothing"] = function() end,
      ["1"] = function() return 1 end,
      ["its own opinion"] = function(_, preverified) return preverified end,
    } do
      it("and refuses an unknown peer when it returns " .. what, function()
        local s, c = judged(answer, pki.selfsigned)
        assert.same(pack(nil, "certificate verify failed"), (ask(s, c)))
        assert.matches("alert", alert(c))
        assert.same(pack(nil, "certificate verify failed", ""), pack(s:receive()))
        s:close()
        c:close()
      end)
    end

    it("and refuses when it raises", function()
      local s, c = judged(function() error("no", 0) end)
      local ok, problem = pcall(ask, s, c)
      assert.same({ false, "no" }, { ok, problem })
      assert.same(pack(nil, "callback failed"), pack(s:requestcertificate()))
      assert.same(pack(nil, "callback failed", ""), pack(s:receive()))
      assert.matches("alert", alert(c))
      s:close()
      c:close()
    end)

    it("which may yield; nothing else goes on meanwhile", function()
      local s, c = judged(function() return coroutine.yield "asked" end)
      c:send "left over\n"
      assert.equal("left", (s:receive(4)))
      local thread = coroutine.create(ask)
      local _, word = coroutine.resume(thread, s, c)
      local asked = 0
      while word == "asked" do
        asked = asked + 1
        assert.same(pack(nil, "busy"), pack(s:requestcertificate()))
        assert.same(pack(nil, "busy", 0), pack(s:send "x"))
        assert.same(pack(nil, "busy"), pack(s:keyupdate()))
        assert.same(pack(nil, "busy"), pack(s:unwrap()))
        assert.equal(asked == 1, s:dirty())
        if asked == 1 then assert.equal(" over", (s:receive(5))) end
        assert.same("busy", (select(2, s:receive(100))))
        c:send "more"
        _, word = coroutine.resume(thread, true)
      end
      assert.equal(3, asked)
      assert.same(pack(true), word)
      assert.equal("client", name_of(s))
      s:settimeout(20)
      s:receive(4)
      s:close()
      c:close()
    end)

    for how, stop in pairs {
      ["closes the connection"] = function(s) s:close() return true end,
      ["yields, and another closes"] = function(s)
        coroutine.yield "asked"
        return s.close
      end,
    } do
      it("which " .. how, function()
        local s, c
        s, c = judged(function() return stop(s) end)
        local thread = coroutine.create(ask)
        local _, word = coroutine.resume(thread, s, c)
        if word == "asked" then
          assert.equal(1, questions.paused())
          s:close()
          assert.equal(0, questions.paused())
          _, word = coroutine.resume(thread, true)
        end
        assert.same(pack(nil, "closed"), word)
        assert.same(pack(nil, "closed", ""), pack(s:receive()))
        c:close()
      end)
    end

    it("and a connection that is dropped while it yields is freed", function()
      for _ = 1, house.scale(20, 3) do
        local s, c = judged(function() return coroutine.yield "asked" end)
        local thread = coroutine.create(ask)
        assert.equal("asked", (select(2, coroutine.resume(thread, s, c))))
        c:close()
      end
      collectgarbage()
      collectgarbage()
      assert.equal(0, questions.paused())
    end)
  end)

  describe("and programs of others:", function()
    local CLIENT = [[
import socket, ssl, sys
port, ca, cert, key, pha = sys.argv[1:6]
context = ssl.create_default_context(cafile=ca)
context.post_handshake_auth = pha == "yes"
if cert != "none":
    context.load_cert_chain(cert, key)
with context.wrap_socket(socket.create_connection(("127.0.0.1", int(port))),
                         server_hostname="localhost") as tls:
    try:
        tls.sendall(b"GET /\n")
        print("got", tls.recv(100).decode().strip())
    except (ssl.SSLError, ConnectionError) as problem:
        print("failed", getattr(problem, "reason", problem))
]]

    local SERVER = [[
import socket, ssl, sys
port, ca, cert, key = sys.argv[1:5]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
context.load_verify_locations(ca)
context.verify_mode = ssl.CERT_REQUIRED
context.post_handshake_auth = True
listener = socket.create_server(("127.0.0.1", int(port)))
while True:
    raw, _ = listener.accept()
    try:
        with context.wrap_socket(raw, server_side=True) as tls:
            tls.recv(100)
            before = tls.getpeercert()
            tls.verify_client_post_handshake()
            tls.sendall(b"who are you?\n")
            try:
                tls.recv(100)
            except ssl.SSLError:
                # The alert is sent. A close before unread data would reset the connection,
                # and the system might drop the alert.
                socket.socket.recv(tls, 65536)
                raise
            names = dict(field[0] for field in tls.getpeercert()["subject"])
            tls.sendall(("%s, not %s\n" % (names["commonName"], before)).encode())
    except (ssl.SSLError, OSError) as problem:
        print("failed", getattr(problem, "reason", problem), flush=True)
]]

    local function python_client(server, entry, pha)
      local script = process.write(process.folder() .. "/client.py", CLIENT)
      return process.start { process.python, script, server.port, pki.root.cert,
                             entry and entry.cert or "none", entry and entry.key or "none", pha }
    end

    it("a client in Python is asked, and answers", function()
      local server = ours.listen(server_keys())
      local client = python_client(server, pki.client, "yes")
      local conn = assert(server:accept())
      assert.equal("GET /", (conn:receive()))
      assert.is_nil(conn:getpeercertificate())
      assert.is_true(conn:requestcertificate())
      conn:send("hello " .. name_of(conn) .. "\n")
      assert.equal("got hello client", client:wait_output "got [^\n]*")
      conn:close()
    end)

    it("a client in Python is refused for the wrong certificate, and for none", function()
      for _, case in ipairs { { pki.selfsigned, "certificate verify failed" },
                              { nil, "peer did not return a certificate" } } do
        local server = ours.listen(server_keys())
        local client = python_client(server, case[1], "yes")
        local conn = assert(server:accept())
        assert.equal("GET /", (conn:receive()))
        assert.same(pack(nil, case[2]), pack(conn:requestcertificate()))
        conn:close()
        assert.matches("ALERT", client:wait_output "failed [^\n]*")
      end
    end)

    it("a client in Python that does not offer it goes on", function()
      local server = ours.listen(server_keys())
      local client = python_client(server, pki.client, "no")
      local conn = assert(server:accept())
      assert.equal("GET /", (conn:receive()))
      assert.same(pack(nil, "the client does no post-handshake authentication"),
                  pack(conn:requestcertificate()))
      conn:send "sorry\n"
      assert.equal("got sorry", client:wait_output "got [^\n]*")
      conn:close()
    end)

    it("openssl s_client answers, and gnutls-cli does", function()
      local server = ours.listen(server_keys())
      local client = process.start { "openssl", "s_client", "-quiet", "-enable_pha", "-cert",
                                     pki.client.cert, "-key", pki.client.key, "-connect",
                                     "127.0.0.1:" .. server.port }
      local conn = assert(server:accept())
      assert.is_true(conn:requestcertificate())
      assert.equal("client", name_of(conn))
      conn:close()
      client:stop()

      server = ours.listen(server_keys())
      process.start { "gnutls-cli", "--port", server.port, "--x509cafile", pki.root.cert,
                      "--post-handshake-auth", "--x509certfile", pki.client.cert,
                      "--x509keyfile", pki.client.key, "localhost" }
      conn = assert(server:accept())
      assert.is_true(conn:requestcertificate())
      assert.equal("client", name_of(conn))
      conn:close()
    end)

    it("a server in Python asks our client", function()
      local port = process.free_port()
      local script = process.write(process.folder() .. "/server.py", SERVER)
      local server = process.start { process.python, script, port, pki.root.cert,
                                     pki.server.cert, pki.server.key, port = port }
      server:wait_port()
      local conn = assert(ours.connect(port, client_keys({ key = pki.client.key,
                                                           cert = pki.client.cert })))
      conn:send "GET /\n"
      assert.equal("who are you?", (conn:receive()))
      conn:send "me\n"
      assert.equal("client, not None", (conn:receive()))
      conn:close()
      -- A client that does not offer post-handshake authentication.
      conn = assert(ours.connect(port, { key = pki.client.key,
                                         certificate = pki.client.cert }))
      conn:send "GET /\n"
      assert.is_nil((conn:receive()))
      assert.equal("EXTENSION_NOT_RECEIVED", server:wait_output "failed (EXTENSION[%u_]*)")
      conn:close()
      -- A client with an untrusted certificate.
      conn = assert(ours.connect(port, client_keys(pki.selfsigned)))
      conn:send "GET /\n"
      assert.equal("who are you?", (conn:receive()))
      assert.matches("alert", (select(2, conn:receive())))
      conn:close()
    end)
  end)

  it("is that of the context that a server name chose", function()
    local own = pair.server_config(server_keys { cafile = pki.other.cert })
    local s, c = pair.wrapped(own, client_keys())
    s:sni { ["some.test"] = assert(ssl.newcontext(pair.server_config(server_keys()))) }
    c:sni "some.test"
    assert.same({ { true }, { true } }, { pair.handshake(s, c) })
    s:settimeout(0)
    c:settimeout(0)
    assert.same(pack(true), (ask(s, c)))
    assert.equal("client", name_of(s))
    talk(s, c)
  end)
end)
