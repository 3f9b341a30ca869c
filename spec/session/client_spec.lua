-- A client's sessions: their origin, where they may be used, and their properties.

describe("a client's session", function()
  local needs    = require "spec.support.needs"
  local limits   = require "spec.support.limits"
  local certs    = require "spec.support.certs"
  local ffi      = require "ffi"
  local process  = require "spec.support.process"
  local ssl      = require "ssl"
  local house    = require "spec.support.init"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local sessions = require "spec.support.sessions"
  local shake    = require "spec.support.shake"
  local values   = require "spec.support.values"
  local pack     = values.pack

  teardown(process.stop_all)

  local WRONG_POLICY = pack(nil, "session of another verification policy")

  for _, version in ipairs(pair.versions) do
    local new = version == "tlsv1_2"

    describe("of " .. version, function()
      local it = needs.each(it, limits.resumes[version], "sessions of " .. version)
      local server, client

      before_each(function()
        server = sessions.server { protocol = version }
        client = sessions.client { protocol = version }
      end)

      it("comes to onsession, with the connection", function()
        local seen
        client = sessions.client { protocol = version, onsession = function(...)
          seen = seen or pack(...)
        end }
        local _, _, out = sessions.visit(server, client)
        assert.equal(2, seen.n)
        assert.equal(out.client, seen[1])
        assert.matches("^SSL session: 0x%x+$", tostring(seen[2]))
        assert.equal("userdata", type(seen[2]))
      end)

      it("comes without being asked for: one, or with TLS 1.3 two", function()
        local _, _, out = sessions.visit(server, client)
        assert.equal(new and 1 or 2, #out.got)
        assert.is_false(out.resumed)
      end)

      it("is resumed, with the server's certificate and the verdict on it", function()
        local _, session = sessions.visit(server, client)
        local out = sessions.connect(server, client, session)
        assert.same(pack(true), pack(unpack(out.set)))
        assert.is_true(out.resumed)
        assert.equal(new and "TLSv1.2" or "TLSv1.3", out.client:info "protocol")
        assert.is_true(out.client:getpeerverification())
        assert.is_true(out.client:getpeercertificate():pem() == ssl.loadcertificate(
                         assert(io.open(pki.server.cert)):read "*a"):pem())
        assert.is_true(out.server:getpeerverification())
        assert.matches("BEGIN CERTIFICATE", out.server:getpeercertificate():pem())
        out.client:close()
        out.server:close()
      end)

      -- OpenSSL voids the session of a connection that it frees without close_notify.
      it("outlives a connection that was dropped", function()
        local function dropped()
          local out = sessions.connect(server, client)
          return out.got[#out.got]
        end
        local session = dropped()
        for _ = 1, 3 do collectgarbage() end
        local out = sessions.connect(server, client, session)
        assert.same(pack(true), pack(unpack(out.set)))
        assert.is_true(out.resumed)
        out.client:close()
        out.server:close()
      end)

      it("is resumed with a name to verify, and under that name alone", function()
        local function localhost(_, conn)
          conn:setverifyname "localhost"
          conn:sni "localhost"
        end
        local _, session = sessions.visit(server, client, nil, localhost)
        local bytes = session:export()
        for _, prepare in pairs {
          none = function() end,
          other = function(_, conn) conn:setverifyname "x.wild.test" conn:sni "localhost" end,
          sent = function(_, conn) conn:setverifyname "localhost" conn:sni "x.wild.test" end,
        } do
          local resumed, _, out = sessions.visit(server, client, session, prepare)
          assert.is_false(resumed)
          assert.same(WRONG_POLICY, pack(unpack(out.set, 1, 2)))
        end
        assert.is_true(sessions.visit(server, client, session, localhost))
        assert.is_true(sessions.visit(server, client, ssl.importsession(bytes), localhost))
      end)

      it("is what getsession answers, from when there is one", function()
        local a, b = pair.wrapped(server, client.context)
        assert.same(pack(nil, "closed"), pack(b:getsession()))
        assert.same(pack(nil, "closed"), pack(b:resumed()))
        assert.same({ true, true }, { shake(a, b) })
        a:settimeout(20)
        b:settimeout(20)
        if not new then assert.same(pack(nil, "no session"), pack(b:getsession())) end
        assert.same(pack(nil, "sessions are for clients"), pack(a:getsession()))
        a:send "x"
        assert.equal("x", b:receive(1))
        local session = assert(b:getsession())
        assert.equal(session, b:getsession())
        assert.equal(client.got[#client.got], session)
        b:close()
        a:close()
        assert.same(pack(nil, "closed"), pack(b:getsession()))
        assert.same(pack(nil, "closed"), pack(b:resumed()))
        assert.is_true(sessions.visit(server, client, session))
      end)

      it("needs no onsession", function()
        client = sessions.client { protocol = version, onsession = false }
        local out = sessions.connect(server, client)
        local session = assert(out.client:getsession())
        assert.is_true(sessions.visit(server, client, session))
        out.client:close()
        out.server:close()
      end)

      it("shows its kind, and nothing secret", function()
        local before = os.time()
        local _, session = sessions.visit(server, client)
        local info = session:info()
        assert.equal(new and "TLSv1.2" or "TLSv1.3", info.protocol)
        assert.is_true(info.time >= before and info.time <= os.time())
        assert.equal(7200, info.timeout)
        assert.equal("string", type(info.id))
        assert.is_true(info.ticket)
        assert.equal(not new, info.singleuse)
        assert.is_true(info.resumable)
        assert.equal(7200, session:info "timeout")
        assert.is_nil(session:info "master_key")
      end)

      it("can be exported and imported, here or elsewhere", function()
        local _, session = sessions.visit(server, client)
        local bytes = assert(session:export())
        local other = sessions.client { protocol = version }
        local again = assert(ssl.importsession(bytes))
        assert.same(session:info(), again:info())
        assert.is_true(sessions.visit(server, other, again))
      end)

      it("is bytes of which none may change", function()
        local _, session = sessions.visit(server, client)
        local bytes = session:export()
        local malformed = pack(nil, "malformed session")
        for i = 1, #bytes, house.scale(7, 97) do
          local other = string.char((bytes:byte(i) + 1) % 256)
          assert.same(malformed, pack(ssl.importsession(
            bytes:sub(1, i - 1) .. other .. bytes:sub(i + 1))))
        end
        for i = 0, #bytes - 1, house.scale(13, 131) do
          assert.same(malformed, pack(ssl.importsession(bytes:sub(1, i))))
        end
        assert.same(malformed, pack(ssl.importsession(bytes .. "x")))
        assert.same(malformed, pack(ssl.importsession(bytes .. bytes)))
        assert.same(malformed, pack(ssl.importsession(("\0"):rep(2000))))
        assert.is_true(sessions.visit(server, client, ssl.importsession(bytes)))
      end)

      it("stays with the policy that it was made under", function()
        local function with(extra)
          extra.protocol = version
          return sessions.client(extra)
        end
        local others = {
          ["nobody verifies"] = with { verify = "none" },
          ["another authority"] = with { cafile = pki.root.with_crl },
          ["a folder of authorities"] = with { capath = pki.root.capath },
          ["another depth"] = with { depth = 5 },
          ["errors are passed over"] = with { verifyext = "lsec_continue" },
          ["nobody in particular"] = with { certificate = false, key = false },
          ["a function that judges"] = with { onverify = function() return true end },
          ["another certificate of our own"] = with { certificate = pki.ec_client.cert,
                                                      key = pki.ec_client.key },
        }
        local server_too = sessions.server { protocol = version, verify = "peer" }
        for name in pairs(others) do
          if house.slow and #name % 3 > 0 then others[name] = nil end
        end
        for name, from in pairs(others) do
          local _, session = sessions.visit(server_too, from)
          local _, _, out = sessions.visit(server_too, client, session)
          assert.same(WRONG_POLICY, pack(unpack(out.set, 1, 2)), name)
          assert.is_false(out.resumed, name)
          -- It is resumed at its origin.
          assert.is_true(sessions.visit(server_too, from, session), name)
        end
      end)

      it("of a policy with a function is for that function alone", function()
        local function judge() return true end
        local function with(onverify)
          return sessions.client { protocol = version, onverify = onverify }
        end
        local function closure(answer) return function() return answer end end
        local one = with(judge)
        local _, session = sessions.visit(server, one)
        assert.is_false(sessions.visit(server, with(function() return true end), session))
        assert.is_true(sessions.visit(server, with(judge), session))
        -- Two functions of one place in the source differ in their upvalues.
        local lax, strict = with(closure(true)), with(closure(1 == 1))
        _, session = sessions.visit(server, lax)
        local _, _, out = sessions.visit(server, strict, session)
        assert.same(WRONG_POLICY, pack(unpack(out.set, 1, 2)))
      end)

      it("is void for a context that has changed", function()
        local context = require "ssl.context"
        local _, session = sessions.visit(server, client)
        assert.is_true(context.setverify(client.context, "none"))
        local _, _, out = sessions.visit(server, client, session)
        assert.same(WRONG_POLICY, pack(unpack(out.set, 1, 2)))
        assert.is_true(context.setverify(client.context, "peer"))
        assert.is_true(sessions.visit(server, client, session))
      end)

      it("does not come under a policy that was changed on the way", function()
        local context = require "ssl.context"
        local a, b = pair.wrapped(server, client.context)
        assert.is_true(context.locations(client.context, pki.other.cert))
        assert.same({ true, true }, { shake(a, b) })
        a:send "x"
        b:settimeout(20)
        b:receive(1)
        local session = assert(b:getsession())
        a:close()
        b:close()
        local _, _, out = sessions.visit(server, client, session)
        assert.same(WRONG_POLICY, pack(unpack(out.set, 1, 2)))
      end)

      it("fails the handshake when a name is demanded after it was set", function()
        local _, session = sessions.visit(server, client)
        local a, b = pair.wrapped(server, client.context)
        assert.is_true(b:setsession(session))
        b:setverifyname "localhost"
        local message = "session of another verification policy"
        assert.same(pack(false, message), pack(b:dohandshake()))
        assert.same(pack(false, message), pack(b:dohandshake()))
        assert.same(pack(nil, message, ""), pack(b:receive()))
        a:close()
        b:close()
      end)

      it("may not be set where it has no place", function()
        local _, session = sessions.visit(server, client)
        local a, b = pair.wrapped(server, client.context)
        assert.same(pack(nil, "sessions are for clients"), pack(a:setsession(session)))
        b:settimeout(0)
        b:dohandshake()
        assert.same(pack(nil, "not before the handshake"), pack(b:setsession(session)))
        b:close()
        assert.same(pack(nil, "not before the handshake"), pack(b:setsession(session)))
        for _, nothing in ipairs { "x", 1, true, {}, b } do
          assert.has_error(function() b:setsession(nothing) end,
            "bad argument #1 to 'setsession' (SSL:Session expected, got " .. type(nothing) .. ")")
        end
        a:close()
      end)

      it("with a cipher that is not offered any more is not, and the handshake is a full one",
         function()
        local _, session = sessions.visit(server, client)
        local other = sessions.client { protocol = version,
                                        ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256",
                                        ciphersuites = "TLS_AES_128_GCM_SHA256" }
        local resumed, _, out = sessions.visit(server, other, session)
        assert.same(WRONG_POLICY, pack(unpack(out.set, 1, 2)))
        assert.is_false(resumed)
      end)

      it("expires", function()
        client = sessions.client { protocol = version, sessiontimeout = 50 }
        local _, session = sessions.visit(server, client)
        assert.equal(50, session:info "timeout")
        local bytes = sessions.aged(session:export(), 51)
        session = assert(ssl.importsession(bytes))
        local expired = pack(nil, "this session has expired")
        assert.same(expired, pack(session:export()))
        assert.is_false(session:info "resumable")
        local resumed, _, out = sessions.visit(server, client, session)
        assert.is_false(resumed)
        assert.same(expired, pack(unpack(out.set, 1, 2)))
        _, _, out = sessions.visit(server, client, assert(ssl.importsession(bytes)))
        assert.same(expired, pack(unpack(out.set, 1, 2)))
      end)

      it("is not taken by a server that does not know it", function()
        local _, session = sessions.visit(server, client)
        local stranger = sessions.server { protocol = version }
        local out = sessions.connect(stranger, client, session)
        assert.same(pack(true), pack(unpack(out.set)))
        assert.is_false(out.resumed)
        assert.is_true(out.client:getpeerverification())
        out.client:close()
        out.server:close()
      end)

      it("reaches a function that raises, and nothing is lost", function()
        local times = 0
        client = sessions.client { protocol = version, onsession = function()
          times = times + 1
          error("no", 0)
        end }
        local a, b = pair.wrapped(server, client.context)
        if new then
          assert.same({ false, "no" }, { pcall(shake, a, b) })
        end
        assert.same({ true, true }, { shake(a, b) })
        a:settimeout(20)
        b:settimeout(20)
        a:send "hello\n"
        if not new then
          assert.same({ false, "no" }, { pcall(b.receive, b) })
        end
        assert.equal("hello", (b:receive()))
        assert.equal(1, times)
        b:close()
        assert.equal(new and 1 or 2, times)
        a:close()
      end)

      it("reaches a function that yields, or closes the connection", function()
        local thread, conn
        local n = 0
        client = sessions.client { protocol = version, onsession = function(c)
          n = n + 1
          if coroutine.yield "told" == "close" then c:close() end
        end }
        for _, how in ipairs { "go on", "close" } do
          local a
          a, conn = pair.wrapped(server, client.context)
          thread = coroutine.create(function()
            local ok, word = shake(a, conn)
            assert(ok == true and word == true)
            a:settimeout(20)
            conn:settimeout(20)
            a:send "hello\n"
            return conn:receive()
          end)
          local results
          n = 0
          repeat results = pack(coroutine.resume(thread, how)) until results[2] ~= "told"
          if how == "go on" then
            assert.same(pack(true, "hello", nil, nil), results)
            assert.equal(new and 1 or 2, n)
          elseif new then
            assert.is_false(results[1]) -- the handshake says "closed"
          else
            assert.same({ true, "closed" }, { results[1], results[3] })
          end
          conn:close()
          a:close()
        end
      end)

      it("comes at the close, when nothing was received", function()
        local a, b = pair.wrapped(server, client.context)
        assert.same({ true, true }, { shake(a, b) })
        a:send "hello\n"
        b:settimeout(20)
        local buffer = require("ffi").new "char[6]"
        assert.equal(6, (b:receiveinto(buffer, 6)))
        b:close()
        a:close()
        assert.equal(new and 1 or 2, #client.got)
      end)
    end)
  end

  it("of TLS 1.3 is used once", function()
    needs.resumption "tlsv1_3"
    local server = sessions.server { protocol = "tlsv1_3" }
    local client = sessions.client { protocol = "tlsv1_3" }
    local _, session, first = sessions.visit(server, client)
    assert.is_true(sessions.visit(server, client, session))
    local used = pack(nil, "this session was used before")
    local resumed, _, out = sessions.visit(server, client, session)
    assert.is_false(resumed)
    assert.same(used, pack(unpack(out.set, 1, 2)))
    assert.same(used, pack(session:export()))
    assert.is_false(session:info "resumable")
    -- The other one is still good.
    assert.is_true(sessions.visit(server, client, first.got[1]))
  end)

  it("of TLS 1.3 that was used is not what getsession answers, imported or not", function()
    needs.resumption "tlsv1_3"
    local server = sessions.server { protocol = "tlsv1_3" }
    local client = sessions.client { protocol = "tlsv1_3" }
    local _, session = sessions.visit(server, client)
    local bytes = session:export()
    for _, given in ipairs { session, assert(ssl.importsession(bytes)) } do
      local a, b = pair.wrapped(server, client.context)
      assert.is_true(b:setsession(given))
      assert.same({ true, true }, { shake(a, b) })
      assert.is_true(b:resumed())
      assert.same(pack(nil, "no session"), pack(b:getsession()))
      a:send "x"
      b:settimeout(20)
      b:receive(1)
      assert.is_true(assert(b:getsession()):info "resumable")
      a:close()
      b:close()
    end
  end)

  it("of TLS 1.2 is used often", function()
    local server = sessions.server { protocol = "tlsv1_2" }
    local client = sessions.client { protocol = "tlsv1_2" }
    local _, session = sessions.visit(server, client)
    for _ = 1, 3 do assert.is_true(sessions.visit(server, client, session)) end
  end)

  it("is reported, for any number of them", function()
    needs.resumption "tlsv1_3"
    local server = sessions.server { protocol = "tlsv1_3", tickets = 40 }
    local client = sessions.client { protocol = "tlsv1_3" }
    local out = sessions.connect(server, client)
    assert.equal(40, #out.got)
    out.client:close()
    out.server:close()
  end)

  it("is one of a few that are kept while it cannot be reported", function()
    needs.resumption "tlsv1_3"
    local server = sessions.server { protocol = "tlsv1_3", tickets = 40 }
    local client = sessions.client { protocol = "tlsv1_3" }
    local s, c = pair.wrapped(server, client.context)
    assert.same({ true, true }, { shake(s, c) })
    s:send "hello\n"
    c:settimeout(20)
    local buffer = ffi.new "char[6]"
    assert.equal(6, (c:receiveinto(buffer, 6)))
    assert.equal(0, #client.got)
    s:send "hello\n"
    assert.equal("hello", (c:receive()))
    assert.equal(8, #client.got)
    assert.is_true(sessions.visit(server, client, client.got[8]))
    c:close()
    s:close()
  end)

  -- A self-signed server is passed over; visited a second time, with the session of the first.
  local function passed_over(server, client)
    needs.has("SSL_SESSION_set1_ticket_appdata", "errors in a session")
    local _, session = sessions.visit(server, client)
    local out = sessions.connect(server, client, session)
    assert.is_true(out.resumed)
    local ok, why = out.client:getpeerverification()
    assert.is_false(ok)
    assert.matches("self[- ]signed certificate", why[1][1])
    out.client:close()
    out.server:close()
  end

  it("keeps the verdict that errors were passed over", function()
    for _, version in ipairs(pair.versions) do
      passed_over(sessions.server { protocol = version, verify = "none",
                    certificate = pki.selfsigned.cert, key = pki.selfsigned.key },
                  sessions.client { protocol = version, verifyext = "lsec_continue" })
    end
  end)

  it("keeps it also where another error was excused behind them", function()
    -- The name is in the common name alone, which is looked at last.
    local cert = process.write(process.folder() .. "/cn.pem",
                               certs.make { subject = "CN = localhost" })
    for _, version in ipairs(pair.versions) do
      passed_over(sessions.server { protocol = version, verify = "none",
                    certificate = cert, key = certs.key() },
                  sessions.client { protocol = version, verifyext = "lsec_continue",
                                    servername = "localhost" })
    end
  end)

  it("has a function to come to, on a client", function()
    assert.same(pack(nil, "invalid onsession (function expected)"),
                pack(ssl.newcontext(pair.client_config { onsession = true })))
    assert.same(pack(nil, "invalid onsession (for clients only)"),
                pack(ssl.newcontext(pair.server_config { onsession = print })))
  end)

  it("does not come from a value that is no string", function()
    assert.has_error(function() ssl.importsession {} end,
                     "bad argument #1 to 'importsession' (string expected, got table)")
    assert.same(pack(nil, "malformed session"), pack(ssl.importsession ""))
    assert.same(pack(nil, "malformed session"), pack(ssl.importsession(7)))
  end)
end)
