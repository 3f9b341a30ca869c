-- Early data: sent by a client before the handshake is done, and read by a server.

describe("early data", function()
  local ssl        = require "ssl"
  local context    = require "ssl.context"
  local house      = require "spec.support.init"
  local pair       = require "spec.support.pair"
  local shake      = require "spec.support.shake"
  local transports = require "spec.support.transports"
  local values     = require "spec.support.values"
  local needs = require "spec.support.needs"
  local it = needs.each(it, require("ssl.feature.earlydata").supported, "early data")
  local pack, raised = values.pack, values.raised

  local MOST = 20000

  local function contexts(server, client)
    local s = pair.server_config { protocol = "tlsv1_3", earlydata = MOST }
    local c = pair.client_config { earlydata = MOST }
    for key, value in pairs(server or {}) do s[key] = value end
    for key, value in pairs(client or {}) do c[key] = value end
    return assert(ssl.newcontext(s)), assert(ssl.newcontext(c))
  end

  local function close(...)
    for _, conn in ipairs { ... } do conn:close() end
  end

  -- A session with tickets that allow early data.
  local function session(sctx, cctx, prepare)
    local s, c = pair.wrapped(sctx, cctx)
    if prepare then prepare(s, c) end
    assert.same({ { true }, { true } }, { pair.handshake(s, c) })
    s:settimeout(20)
    c:settimeout(20)
    s:send "ticket\n"
    assert.equal("ticket", (c:receive()))
    local found = assert(c:getsession())
    close(s, c)
    return found
  end

  local function waits(word)
    return word == "wantread" or word == "wantwrite"
  end

  -- Call f until it returns neither wantread nor wantwrite, with the other end's steps between.
  local function drive(f, other)
    local late = house.patience()
    while true do
      local result = pack(f())
      if not waits(result[2]) then return result end
      if other then other() end
      assert(not late(), "no end")
    end
  end

  local function wrapped(sctx, cctx)
    local s, c = pair.wrapped(sctx, cctx)
    s:settimeout(0)
    c:settimeout(0)
    return s, c
  end

  -- A pair whose client has such a session.
  local function ready(server, client)
    local sctx, cctx = contexts(server, client)
    local found = session(sctx, cctx)
    local s, c = wrapped(sctx, cctx)
    assert.is_true(c:setsession(found))
    return s, c
  end

  local function received(s)
    return drive(function() return s:receiveearlydata() end)
  end

  local function talk(s, c)
    s:settimeout(20)
    c:settimeout(20)
    c:send "there\n"
    assert.equal("there", (s:receive()))
    s:send "and back\n"
    assert.equal("and back", (c:receive()))
    close(s, c)
  end

  it("is received before the handshake is done, and answered", function()
    local s, c = ready()
    assert.same(pack(nil, "wantread"), pack(c:earlydata()))
    assert.same(pack(5), pack(c:sendearlydata "early"))
    assert.same(pack(nil, "wantread"), pack(c:earlydata()))
    assert.same(pack "early", received(s))
    assert.same(pack "accepted", pack(s:earlydata()))
    assert.same(pack(7), pack(s:sendearlydata "answer\n"))
    assert.same(pack(6), pack(c:sendearlydata " again"))
    assert.same(pack " again", received(s))
    assert.same({ true, true }, { shake(s, c) })
    assert.equal("answer", (c:receive()))
    for _, conn in ipairs { s, c } do
      assert.same({ "accepted", true, true },
                  { conn:earlydata(), conn:resumed(), conn:info "resumed" })
    end
    local counted, answered = s:getstats()
    assert.same({ 11, 7 }, { counted, answered })
    assert.same(pack(nil, "none"), pack(s:receiveearlydata()))
    talk(s, c)
  end)

  it("does not shorten what is sent after the handshake", function()
    local s, c = ready()
    assert.same(pack(5), pack(c:sendearlydata "early"))
    assert.same(pack "early", received(s))
    assert.same({ true, true }, { shake(s, c) })
    s:settimeout(20)
    c:settimeout(20)
    -- Header, type and tag of one record.
    local conn, full = getmetatable(c).conn, ("x"):rep(16384)
    local before = conn.out_total
    assert.same(pack(#full, nil, nil), pack(c:send(full)))
    assert.equal(#full + 5 + 1 + 16, conn.out_total - before)
    assert.equal(full, (s:receive(#full)))
    local text = ("0123456789"):rep(4000)
    assert.same(pack(#text, nil, nil), pack(c:send(text)))
    c:close()
    assert.is_true(s:receive "*a" == text)
    s:close()
  end)

  for name, make in pairs(transports.kinds) do
    it("goes over " .. name, function()
      local sctx, cctx = contexts()
      local s, c = make({}, {})
      close(s, c)
      local found = session(sctx, cctx)
      -- `make` takes configurations, so its contexts are made from these.
      local wrap, engine = ssl.wrap, ssl.engine
      local function chosen(f)
        return function(object, cfg)
          if cfg then return f(object, cfg.mode == "server" and sctx or cctx) end
          return f(object.mode == "server" and sctx or cctx)
        end
      end
      local ok, problem = pcall(function()
        s, c = make({}, {})
        if name ~= "TLS in TLS" then
          close(s, c)
          ssl.wrap, ssl.engine = chosen(wrap), chosen(engine)
          s, c = make({}, {})
        end
      end)
      ssl.wrap, ssl.engine = wrap, engine
      assert(ok, problem)
      if name == "TLS in TLS" then -- the layer below has contexts of its own
        local a, b = s, c
        assert.same({ true, true }, { shake(a, b) })
        s, c = assert(ssl.wrap(a, sctx)), assert(ssl.wrap(b, cctx))
      end
      s:settimeout(0)
      c:settimeout(0)
      assert.is_true(c:setsession(found))
      -- OpenSSL's server takes early data that are ten seconds old at most.
      local text = ("0123456789"):rep(house.scale(1500, 50))
      assert.same(pack(#text), drive(function() return c:sendearlydata(text) end))
      local got = ""
      while #got < #text do
        local data = drive(function() return s:receiveearlydata() end)
        got = got .. assert(data[1], data[2])
      end
      assert.equal(text, got)
      assert.same({ true, true }, { shake(s, c) })
      assert.same({ "accepted", "accepted" }, { s:earlydata(), c:earlydata() })
      close(s, c)
    end)
  end

  -- A transport of the client's that takes nothing while `gate.closed`.
  local function gated()
    local sctx, cctx = contexts()
    local found = session(sctx, cctx)
    local a, b = transports.pipe()
    local gate, real = { closed = true }, b.send
    function b.send(object, data)
      if gate.closed then return nil, "wantwrite", 0 end
      return real(object, data)
    end
    local s, c = assert(ssl.wrap(a, sctx)), assert(ssl.wrap(b, cctx))
    assert.is_true(c:setsession(found))
    return s, c, gate
  end

  it("is sent once where the transport has to be waited for", function()
    local s, c, gate = gated()
    for _ = 1, 3 do
      assert.same(pack(nil, "wantwrite"), pack(c:sendearlydata "early"))
    end
    assert.same(pack(nil, "the same data expected"), pack(c:sendearlydata "other"))
    gate.closed = false
    assert.same(pack(5), pack(c:sendearlydata "early"))
    assert.same(pack "early", received(s))
    assert.same({ true, true }, { shake(s, c) })
    assert.same(pack(nil, "none"), pack(s:receiveearlydata()))
    talk(s, c)
  end)

  it("is sent all the same where the handshake goes on meanwhile", function()
    local s, c, gate = gated()
    assert.same(pack(nil, "wantwrite"), pack(c:sendearlydata "early"))
    assert.same(pack(false, "wantwrite"), pack(c:dohandshake()))
    gate.closed = false
    c:dohandshake()
    assert.same(pack "early", received(s))
    assert.same({ true, true }, { shake(s, c) })
    assert.same(pack(5), pack(c:sendearlydata "early"))
    assert.same(pack(nil, "not after the handshake"), pack(c:sendearlydata "early"))
    assert.same(pack(nil, "none"), pack(s:receiveearlydata()))
    talk(s, c)
  end)

  it("that was not read before the handshake goes on waits, and comes by no receive",
     function()
    local s, c = ready()
    assert.equal(4, c:sendearlydata "read")
    assert.same(pack "read", received(s))
    assert.equal(6, c:sendearlydata "unread")
    assert.same({ true, true }, { shake(s, c) })
    c:send "late\n"
    s:settimeout(20)
    assert.equal("late", (s:receive()))
    assert.same(pack "unread", pack(s:receiveearlydata()))
    assert.same(pack(nil, "none"), pack(s:receiveearlydata()))
    talk(s, c)
  end)

  it("is up to its limit, and not a byte more", function()
    local s, c = ready()
    assert.same(pack(nil, "at most 20000 bytes of early data"),
                pack(c:sendearlydata(("x"):rep(MOST + 1))))
    assert.equal(MOST, c:sendearlydata(("x"):rep(MOST)))
    assert.same(pack(nil, "at most 20000 bytes of early data"), pack(c:sendearlydata "x"))
    local got = 0
    while got < MOST do got = got + #assert(received(s)[1]) end
    assert.same({ true, true }, { shake(s, c) })
    assert.equal("accepted", c:earlydata())
    talk(s, c)
  end)

  it("is as much as both ends allow", function()
    local _, c = ready({}, { earlydata = 10 })
    assert.same(pack(nil, "at most 10 bytes of early data"), pack(c:sendearlydata "12345678901"))
    _, c = ready { earlydata = 8 }
    assert.same(pack(nil, "at most 8 bytes of early data"), pack(c:sendearlydata "123456789"))
  end)

  it("is nothing where nothing is sent", function()
    local s, c = ready()
    assert.same(pack(0), pack(c:sendearlydata ""))
    assert.same(pack(nil, "none"), drive(function() return s:receiveearlydata() end,
                                         function() c:dohandshake() end))
    assert.same(pack "none", pack(s:earlydata()))
    assert.same({ true, true }, { shake(s, c) })
    assert.same({ "none", "none" }, { s:earlydata(), c:earlydata() })
    talk(s, c)
  end)

  describe("is rejected, and the handshake goes on,", function()
    local function rejected(s, c)
      assert.same({ true, true }, { shake(s, c) })
      assert.same({ "rejected", "rejected" }, { s:earlydata(), c:earlydata() })
      assert.same(pack(nil, "none"), pack(s:receiveearlydata()))
      talk(s, c)
    end

    it("where the server does not ask for it", function()
      local s, c = ready()
      assert.equal(5, c:sendearlydata "early")
      rejected(s, c)
    end)

    it("where the session was made by another server", function()
      local _, cctx = contexts()
      local sctx = contexts()
      local found = session((contexts()), cctx)
      local s, c = wrapped(sctx, cctx)
      assert.is_true(c:setsession(found))
      assert.equal(5, c:sendearlydata "early")
      assert.same(pack(nil, "none"),
                  drive(function() return s:receiveearlydata() end,
                        function() c:dohandshake() end))
      assert.is_nil((s:sendearlydata "answer"))
      rejected(s, c)
      assert.is_nil((s:resumed()))
    end)

    it("where the server has a group of its own", function()
      for _, text in ipairs { "early", ("e"):rep(MOST) } do
        local s, c = ready({ groups = "P-384" }, { groups = "X25519:P-384" })
        assert.equal(#text, c:sendearlydata(text))
        assert.same(pack(nil, "none"),
                    drive(function() return s:receiveearlydata() end,
                          function() c:dohandshake() end))
        rejected(s, c)
      end
    end)

    it("where the context that a server name chooses has none", function()
      local other = assert(ssl.newcontext(pair.server_config { protocol = "tlsv1_3" }))
      local sctx, cctx = contexts()
      local name = function(_, c) c:sni "some.test" end
      local found = session(sctx, cctx, name)
      local s, c = wrapped(sctx, cctx)
      s:sni { ["some.test"] = other }
      name(s, c)
      assert.is_true(c:setsession(found))
      assert.equal(5, c:sendearlydata "early")
      assert.same(pack(nil, "none"),
                  drive(function() return s:receiveearlydata() end,
                        function() c:dohandshake() end))
      rejected(s, c)
    end)
  end)

  it("is accepted by the rules of the context that a server name chooses", function()
    local sctx, cctx = contexts()
    local other = assert(ssl.newcontext(pair.server_config { protocol = "tlsv1_3",
                                                             earlydata = 10 }))
    local function prepare(s, c)
      s:sni { ["some.test"] = other }
      c:sni "some.test"
    end
    local found = session(sctx, cctx, prepare)
    local s, c = wrapped(sctx, cctx)
    prepare(s, c)
    assert.is_true(c:setsession(found))
    assert.same(pack(nil, "at most 10 bytes of early data"), pack(c:sendearlydata "12345678901"))
    assert.equal(5, c:sendearlydata "early")
    assert.same(pack "early", received(s))
    assert.same({ true, true }, { shake(s, c) })
    assert.equal("accepted", c:earlydata())
    talk(s, c)
  end)

  -- A client's first flight, as an attacker on the way sees it.
  local function recorded(text)
    local sctx, cctx = contexts()
    local found = session(sctx, cctx)
    local client = assert(ssl.engine(cctx))
    assert.is_true(client:connection():setsession(found))
    assert.equal(#text, client:connection():sendearlydata(text))
    return client:drain(), sctx, client
  end

  -- The server's result for it.
  local function played(flight, sctx)
    local server = assert(ssl.engine(sctx))
    server:feed(flight)
    local conn = server:connection()
    return pack(conn:receiveearlydata()), conn, server
  end

  describe("a flight that is sent again", function()
    it("is rejected", function()
      local flight, sctx = recorded "pay"
      local first, conn = played(flight, sctx)
      assert.same({ pack "pay", "accepted" }, { first, conn:earlydata() })
      for _ = 1, 3 do
        local again, replayed = played(flight, sctx)
        assert.same(pack(nil, "none"), again)
        assert.equal("rejected", replayed:earlydata())
        assert.same(pack(nil, "no early data was received"), pack(replayed:sendearlydata "ok"))
        local done, word = replayed:dohandshake()
        assert.same({ false, "wantread" }, { done, word })
      end
    end)

    it("is rejected while the first is still being read", function()
      local flight, sctx = recorded "pay"
      local half = #flight - 2
      local server = assert(ssl.engine(sctx))
      server:feed(flight:sub(1, half))
      assert.same(pack(nil, "wantread"), pack(server:connection():receiveearlydata()))
      assert.same(pack(nil, "none"), (played(flight, sctx)))
      server:feed(flight:sub(half + 1))
      assert.same(pack "pay", pack(server:connection():receiveearlydata()))
    end)

    it("is rejected by another process or context", function()
      local flight = recorded "pay"
      assert.same(pack(nil, "none"), (played(flight, (contexts()))))
    end)
  end)

  it("in a session that is used twice is accepted once", function()
    local sctx, cctx = contexts()
    local bytes = assert(session(sctx, cctx):export())
    local results = {}
    for i = 1, 2 do
      local s, c = wrapped(sctx, cctx)
      assert.is_true(c:setsession(assert(ssl.importsession(bytes))))
      assert.equal(3, c:sendearlydata "pay")
      results[i] = drive(function() return s:receiveearlydata() end,
                         function() c:dohandshake() end)
      assert.same({ true, true }, { shake(s, c) })
      results[i].c = c:earlydata()
      close(s, c)
    end
    assert.same({ { "pay", n = 1, c = "accepted" }, { nil, "none", n = 2, c = "rejected" } },
                results)
  end)

  it("that was changed on its way, or made up, is not delivered", function()
    local flight, sctx = recorded "pay"
    local offered = 0
    -- Each byte of the data's record, and some of the ClientHello.
    for at = 1, #flight, house.scale(3, 29) do
      local byte = flight:byte(at)
      local wrong = flight:sub(1, at - 1) .. string.char((byte + 1) % 256) .. flight:sub(at + 1)
      local result, conn = played(wrong, sctx)
      assert.are_not.equal("pay", result[1])
      assert.is_nil(result[1])
      if result[2] ~= "none" then assert.is_string(result[2]) end
      offered = offered + 1
      conn:close()
    end
    assert.is_true(offered > 10)
    -- Random bytes behind a valid ClientHello.
    local hello = flight:sub(1, 5 + flight:byte(4) * 256 + flight:byte(5))
    local result = played(hello .. "\23\3\3\0\32" .. ("x"):rep(32), sctx)
    assert.is_nil(result[1])
  end)

  describe("is refused before anything is sent", function()
    it("without a session, and with one that allows none", function()
      local sctx, cctx = contexts()
      local s, c = wrapped(sctx, cctx)
      assert.same(pack(nil, "no session for early data"), pack(c:sendearlydata "early"))
      assert.same({ true, true }, { shake(s, c) })
      talk(s, c)
      s, c = ready { earlydata = false }
      assert.same(pack(nil, "no session for early data"), pack(c:sendearlydata "early"))
      assert.same({ true, true }, { shake(s, c) })
      assert.is_true(c:resumed())
      talk(s, c)
    end)

    it("where it is off", function()
      local OFF = "early data is off: see earlydata"
      local s, c = ready({}, { earlydata = false })
      assert.same(pack(nil, OFF), pack(c:sendearlydata "early"))
      assert.same({ true, true }, { shake(s, c) })
      talk(s, c)
      s, c = ready { earlydata = false }
      assert.same(pack(nil, OFF), pack(s:receiveearlydata()))
      assert.same({ true, true }, { shake(s, c) })
      talk(s, c)
    end)

    it("in TLS 1.2", function()
      local sctx, cctx = contexts { protocol = "tlsv1_2" }
      local s, c = wrapped(sctx, cctx)
      assert.same(pack(nil, "no session for early data"), pack(c:sendearlydata "early"))
      assert.same(pack(nil, "none"), drive(function() return s:receiveearlydata() end,
                                           function() c:dohandshake() end))
      assert.same({ true, true }, { shake(s, c) })
      assert.same({ "none", "none" }, { s:earlydata(), c:earlydata() })
      talk(s, c)
    end)

    it("when it is too late, or too early", function()
      local s, c = ready()
      assert.same(pack(nil, "no early data was received"), pack(s:sendearlydata "x"))
      assert.same(pack(nil, "only a server receives early data"), pack(c:receiveearlydata()))
      c:dohandshake()
      assert.same(pack(nil, "not after the handshake has begun"), pack(c:sendearlydata "x"))
      assert.same({ true, true }, { shake(s, c) })
      assert.same(pack(nil, "not after the handshake"), pack(c:sendearlydata "x"))
      assert.same(pack(nil, "not after the handshake"), pack(s:sendearlydata "x"))
      assert.same(pack(nil, "none"), pack(s:receiveearlydata()))
      talk(s, c)
      assert.same(pack(nil, "closed"), pack(c:sendearlydata "x"))
      assert.same(pack(nil, "closed"), pack(s:receiveearlydata()))
      assert.same(pack(nil, "closed"), pack(s:earlydata()))
      assert.matches("string expected, got table", raised(function() c:sendearlydata {} end))
    end)
  end)

  it("and a session for another protocol do not go together", function()
    local sctx, cctx = contexts({ alpn = { "one", "other" } }, { alpn = "one" })
    local found = session(sctx, cctx)
    local _, elsewhere = contexts({}, { alpn = "other" })
    local s, c = wrapped(sctx, elsewhere)
    assert.is_true(c:setsession(found))
    assert.same(pack(nil, "inconsistent early data alpn"), pack(c:sendearlydata "early"))
    assert.is_false((c:dohandshake()))
    close(s, c)
  end)

  it("waits for functions of the user's, which may yield", function()
    local asked = {}
    local s, c = ready {
      onclienthello = function()
        local thread, main = coroutine.running()
        asked[#asked + 1] = thread and not main and coroutine.yield "hello" or "straight"
      end,
    }
    assert.equal(5, c:sendearlydata "early")
    local thread = coroutine.create(function() return s:receiveearlydata() end)
    assert.same({ true, "hello" }, { coroutine.resume(thread) })
    assert.same(pack(nil, "busy"), pack(s:receiveearlydata()))
    assert.same({ true, "early" }, { coroutine.resume(thread, "asked") })
    assert.same({ true, true }, { shake(s, c) })
    assert.equal("accepted", s:earlydata())
    assert.equal("asked", asked[#asked])
    talk(s, c)
  end)

  it("ends where such a function raises", function()
    local fail = false
    local s, c = ready { onclienthello = function() if fail then error("no", 0) end end }
    fail = true
    assert.equal(5, c:sendearlydata "early")
    assert.same({ false, "no" }, { pcall(received, s) })
    assert.same(pack(nil, "callback failed"), pack(s:receiveearlydata()))
    assert.same(pack(nil, "callback failed"), pack(s:earlydata()))
    assert.is_false((s:dohandshake()))
    close(s, c)
  end)

  describe("is a key", function()
    local function refused(extra)
      extra.protocol = "any"
      local ctx, message = ssl.newcontext(extra)
      assert.is_nil(ctx)
      return message
    end

    it("of a number of bytes", function()
      for value, said in pairs { [0] = "0", [-1] = "-1", [1.5] = "1.5", [2097152] = "2097152",
                                 ["9"] = "string", [true] = "boolean" } do
        for _, mode in ipairs { "client", "server" } do
          assert.equal(("invalid earlydata (1 to 1048576 expected, got %s)"):format(said),
                       refused { mode = mode, earlydata = value })
        end
      end
    end)

    it("that does not go together with sessions of other processes, or replays", function()
      assert.equal("earlydata contradicts options no_anti_replay",
                   refused { mode = "server", earlydata = 10, options = "no_anti_replay" })
      assert.equal("earlydata contradicts ticketkeys: each process knows its own sessions only",
                   refused { mode = "server", earlydata = 10,
                             ticketkeys = { ("k"):rep(80) } })
      assert.equal("earlydata contradicts sessionstore: each process knows its own sessions only",
                   refused { mode = "server", earlydata = 10, sessionstore = {
                     get = function() end, put = function() end } })
    end)

    it("that is no option behind its back", function()
      local ctx = contexts()
      assert.same(pack(false, "invalid option (no_anti_replay: the context has early data)"),
                  pack(context.setoptions(ctx, "no_anti_replay")))
    end)
  end)
end)
