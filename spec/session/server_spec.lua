-- A server's sessions: in tickets, under given keys, and which clients may resume.

describe("a server's tickets", function()
  local ssl      = require "ssl"
  local context  = require "ssl.context"
  local needs    = require "spec.support.needs"
  local limits   = require "spec.support.limits"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local sessions = require "spec.support.sessions"
  local shake    = require "spec.support.shake"
  local values   = require "spec.support.values"
  local session_module = require "ssl.session.object"
  local pack     = values.pack
  local key      = sessions.key

  for _, version in ipairs(pair.versions) do
    describe("in " .. version, function()
      local it = needs.each(it, limits.resumes[version], "sessions of " .. version)
      local client

      local function server(extra)
        extra.protocol = version
        return sessions.server(extra)
      end

      before_each(function() client = sessions.client { protocol = version } end)

      it("are as many as the key says, or none", function()
        for n = 0, 3 do
          local context_of_n = server { tickets = n }
          local _, session, out = sessions.visit(context_of_n, client)
          assert.equal(version == "tlsv1_2" and math.min(n, 1) or n, #out.got)
          if n > 0 then assert.is_true(sessions.visit(context_of_n, client, session)) end
        end
      end)

      it("are none that getsession would find, for 0", function()
        local out = sessions.connect(server { tickets = 0 }, client)
        assert.same(pack(nil, "no session"), pack(out.client:getsession()))
        out.client:close()
        out.server:close()
      end)

      for _, length in ipairs { 48, 80 } do
        it("are read by every owner of the key, of " .. length .. " bytes", function()
          local keys = { key("a", length) }
          local one = server { ticketkeys = keys, sessionid = "fleet" }
          local other = server { ticketkeys = keys, sessionid = "fleet" }
          local _, session = sessions.visit(one, client)
          local resumed
          for _ = 1, 3 do
            resumed, session = sessions.visit(other, client, session)
            assert.is_true(resumed)
            one, other = other, one
            if version == "tlsv1_2" then break end -- it goes on with the same one
          end
        end)
      end

      it("are not read without the key, and not with half of it", function()
        local one = server { ticketkeys = { key "a" }, sessionid = "fleet" }
        local half = ("a"):rep(16) .. ("b"):rep(64)
        for _, keys in ipairs { { key "b" }, { key("a", 48) }, { half } } do
          local _, session = sessions.visit(one, client)
          local other = server { ticketkeys = keys, sessionid = "fleet" }
          local resumed, fresh, out = sessions.visit(other, client, session)
          assert.same(pack(true), pack(unpack(out.set)))
          assert.is_false(resumed)
          assert.is_true(sessions.visit(other, client, fresh))
        end
      end)

      it("under an older key are renewed, under a dropped one refused", function()
        needs.that(limits.reports_renewed_tickets, "the ticket that a resumption renews")
        local old = server { ticketkeys = { key "a" }, sessionid = "fleet" }
        local both = server { ticketkeys = { key "b", key "a" }, sessionid = "fleet" }
        local new = server { ticketkeys = { key "b" }, sessionid = "fleet" }
        local _, session = sessions.visit(old, client)
        local bytes = session:export()
        local resumed, fresh = sessions.visit(both, client, session)
        assert.is_true(resumed)
        assert.is_truthy(fresh)
        assert.are_not.equal(session, fresh)
        assert.is_true(sessions.visit(new, client, fresh))
        assert.is_false(sessions.visit(new, client, ssl.importsession(bytes)))
      end)

      it("have their keys changed while connections are there", function()
        local changing = server { ticketkeys = { key "a" } }
        local _, session, _ = sessions.visit(changing, client)
        local bytes = session:export()
        local out = sessions.connect(changing, client)
        assert.is_true(context.setticketkeys(changing, { key "b", key "a" }))
        assert.is_true(sessions.visit(changing, client, ssl.importsession(bytes)))
        assert.is_true(context.setticketkeys(changing, { key "c" }))
        assert.is_false(sessions.visit(changing, client, ssl.importsession(bytes)))
        local a, b = pair.wrapped(changing, client.context)
        assert.is_true(context.setticketkeys(changing, { key "a" }))
        assert.is_true(b:setsession(ssl.importsession(bytes)))
        assert.same({ true, true }, { shake(a, b) })
        assert.is_true(b:resumed())
        for _, conn in ipairs { a, b, out.client, out.server } do conn:close() end
      end)

      it("may get keys later, if they were OpenSSL's own", function()
        local changing = server {}
        local _, session = sessions.visit(changing, client)
        assert.is_true(context.setticketkeys(changing, { key "a" }))
        local resumed, fresh = sessions.visit(changing, client, session)
        assert.is_false(resumed)
        assert.is_true(sessions.visit(changing, client, fresh))
      end)

      it("live on when the context is gone to the collector", function()
        local ctx = server { ticketkeys = { key "a" }, sessionid = "fleet" }
        local a, b = pair.wrapped(ctx, client.context)
        local other = server {}
        a:sni { ["other.test"] = other }
        b:sni "other.test"
        ctx = nil -- luacheck: ignore
        collectgarbage()
        collectgarbage()
        assert.same({ true, true }, { shake(a, b) })
        collectgarbage()
        collectgarbage()
        a:settimeout(20)
        b:settimeout(20)
        a:send "x"
        assert.equal("x", b:receive(1))
        assert.is_truthy(b:getsession())
        a:close()
        b:close()
      end)

      it("that were forged are none", function()
        local ctx = server { ticketkeys = { key "a" } }
        local _, session = sessions.visit(ctx, client)
        local policy, der = session_module.open(session:export())
        -- The last bytes of the ticket, its MAC, are somewhere in there.
        local at = assert(der:find(key("a", 16), 1, true)) + 40
        for _, where in ipairs { at, at + 100, at - 40 } do
          local other = string.char((der:byte(where) + 1) % 256)
          local forged = session_module.seal(policy,
            der:sub(1, where - 1) .. other .. der:sub(where + 1))
          local again = assert(ssl.importsession(forged))
          local resumed, _, out = sessions.visit(ctx, client, again)
          assert.same(pack(true), pack(unpack(out.set)))
          assert.is_false(resumed)
        end
        assert.is_true(sessions.visit(ctx, client, session))
      end)

      it("are for the context that made them", function()
        local keys = { key "a" }
        local one, other = server { ticketkeys = keys }, server { ticketkeys = keys }
        local _, session = sessions.visit(one, client)
        assert.is_false(sessions.visit(other, client, session))
      end)

      it("are for the policy that they were made under, with any shared keys", function()
        local keys = { key "a" }
        local strict = server { ticketkeys = keys, sessionid = "fleet" }
        for name, extra in pairs {
          ["nobody verifies"] = { verify = "none" },
          ["no certificate is demanded"] = { verify = "peer" },
          ["other authorities"] = { cafile = pki.root.with_crl },
          ["errors are passed over"] = { verifyext = "lsec_continue" },
          ["another id"] = { sessionid = "other" },
        } do
          extra.ticketkeys, extra.sessionid = keys, extra.sessionid or "fleet"
          local _, session = sessions.visit(server(extra), client)
          assert.is_false(sessions.visit(strict, client, session), name)
        end
        local _, session = sessions.visit(strict, client)
        assert.is_true(sessions.visit(server { ticketkeys = keys, sessionid = "fleet" },
                                      client, session))
      end)

      it("are for the function that judged, with any shared keys", function()
        local keys = { key "a" }
        local function judge() return true end
        local function config(onverify, name)
          return { ticketkeys = keys, sessionid = name .. version, onverify = onverify }
        end
        local function by(...) return server(config(...)) end
        local one, other = by(judge, "one"), by(function() return true end, "other")
        for _, from in ipairs { one, other } do
          local _, session = sessions.visit(from, client)
          local bytes = session:export()
          assert.is_true(sessions.visit(from, client, session))
          local to = from == one and other or one
          assert.is_false(sessions.visit(to, client, ssl.importsession(bytes)))
          assert.is_false(sessions.visit(by(nil, "one"), client, ssl.importsession(bytes)))
        end
        local _, session = sessions.visit(one, client)
        assert.is_true(sessions.visit(by(judge, "one"), client, session))
      end)

      it("are for one function of a name; another one is refused", function()
        -- Two functions of one place in the source differ in their upvalues.
        local function closure(known)
          return function(identity) return identity == known and key "a" or nil end
        end
        local function config(f)
          return pair.server_config { protocol = version, ticketkeys = { key "a" },
                                      sessionid = "closures " .. version, psk = f }
        end
        local first, second = closure "a key of ours", closure "another key"
        assert.is_truthy(ssl.newcontext(config(first)))
        assert.same(pack(nil, "invalid sessionid (another function has this name)"),
                    pack(ssl.newcontext(config(second))))
        local one, other = assert(ssl.newcontext(config(first))), assert(ssl.newcontext(config()))
        assert.is_true(context.setserverpskcb(other, second))
        local _, session = sessions.visit(one, client)
        local bytes = session:export()
        assert.is_false(sessions.visit(other, client, ssl.importsession(bytes)))
        assert.is_true(context.setserverpskcb(other, first))
        assert.is_true(sessions.visit(other, client, ssl.importsession(bytes)))
      end)

      it("end with a change of the policy, and of that alone", function()
        local ctx = server { verify = "none" }
        local _, session = sessions.visit(ctx, client)
        local bytes = session:export()
        assert.is_true(context.setoptions(ctx, "cipher_server_preference"))
        assert.is_true(sessions.visit(ctx, client, session))
        assert.is_true(context.setverify(ctx, "peer", "fail_if_no_peer_cert"))
        assert.is_false(sessions.visit(ctx, client, ssl.importsession(bytes)))
      end)

      it("hold when a name has switched the context, and for that name", function()
        local one, other = server {}, server {}
        local front = server {}
        local function ask(name)
          return function(a, b)
            a:sni { ["one.test"] = one, ["other.test"] = other }
            b:sni(name)
          end
        end
        local _, session = sessions.visit(front, client, nil, ask "one.test")
        local bytes = session:export()
        assert.is_true(sessions.visit(front, client, session, ask "one.test"))
        -- Our client would not offer it; another client may.
        local from = sessions.client { protocol = version }
        local resumed = sessions.visit(front, from, nil, function(a, b)
          ask "other.test"(a, b)
          local given = session_module.state(assert(ssl.importsession(bytes)))
          require("ssl.ffi.lib").C.SSL_set_session(require("ssl.io.state").of(b).conn.ssl,
                                                   given.handle.session)
        end)
        assert.is_false(resumed)
      end)

      it("last as long as the sessions of the context that a name chose", function()
        local lasts
        local store = { get = function() end,
                        put = function(_, _, _, seconds) lasts = seconds end }
        local function lasting(first, chosen, extra)
          local other = server { sessiontimeout = chosen, curveslist = extra }
          sessions.visit(server { sessiontimeout = first, sessionstore = store }, client, nil,
                         function(a, b)
            a:sni { ["other.test"] = other }
            b:sni "other.test"
          end)
          return lasts
        end
        assert.equal(77, lasting(nil, 77))
        assert.equal(7200, lasting(77, nil))
        -- In TLS 1.3 the client has to send a second ClientHello.
        assert.equal(77, lasting(nil, 77, "P-521"))
      end)

      it("are as many as those of the context that a name chose", function()
        local none = server { tickets = 0 }
        local out = sessions.connect(server { tickets = 3 }, client, nil, function(a, b)
          a:sni { ["none.test"] = none }
          b:sni "none.test"
        end)
        assert.equal(0, #out.got)
        out.client:close()
        out.server:close()
      end)
    end)
  end

  it("are the same before OpenSSL 3.0, which has another callback", function()
    local ffi, lib, shim = require "ffi", require "ssl.ffi.lib", require "ssl.ffi.shim"
    local pointer = require("spec.support.contexts").pointer
    for _, length in ipairs { 48, 80 } do
      local config = { ticketkeys = { key("a", length) }, sessionid = "fleet" }
      local old, new = sessions.server(config), sessions.server(config)
      if lib.has.SSL_CTX_set_tlsext_ticket_key_evp_cb then
        lib.C.SSL_CTX_set_tlsext_ticket_key_evp_cb(pointer(old), nil)
      end
      lib.C.SSL_CTX_callback_ctrl(pointer(old), lib.K.SSL_CTRL_SET_TLSEXT_TICKET_KEY_CB,
                                  ffi.cast("void *", shim.C.ticket_key))
      for _, version in ipairs(limits.resumed_versions) do
        local client = sessions.client { protocol = version }
        local _, session = sessions.visit(old, client)
        local resumed, fresh = sessions.visit(new, client, session)
        assert.is_true(resumed)
        assert.is_true(sessions.visit(old, client, fresh or session))
      end
    end
  end)

  it("that are too old are none", function()
    local server = sessions.server { sessiontimeout = 1 }
    local waiting = {}
    for _, version in ipairs(pair.versions) do
      local client = sessions.client { protocol = version }
      waiting[client] = select(2, sessions.visit(server, client))
    end
    sessions.second()
    sessions.second()
    for client, session in pairs(waiting) do
      assert.is_true(session:info "resumable")
      local resumed, _, out = sessions.visit(server, client, session)
      assert.same(pack(true), pack(unpack(out.set)))
      assert.is_false(resumed)
    end
  end)

  describe("and the keys of a configuration:", function()
    local NO_KEY = "anybody with write access could be any client: give sessionkey or ticketkeys, "
                .. "or sessionkey = false for a store that is trusted"
    local A_SECRET = "a secret of 32 bytes or more, or an array of 1 to 16 of them, expected"
    local WRONG = {
      { "tickets", -1, "a number from 0 to 64 expected" },
      { "tickets", 65, "a number from 0 to 64 expected" },
      { "tickets", 1.5, "a number from 0 to 64 expected" },
      { "tickets", true, "a number from 0 to 64 expected" },
      { "ticketkeys", {}, "an array of 1 to 16 strings expected" },
      { "ticketkeys", key "a", "an array of 1 to 16 strings expected" },
      { "ticketkeys", { key "a", key("b", 47) }, "key 2: a string of 48 or 80 bytes expected" },
      { "ticketkeys", { 7 }, "key 1: a string of 48 or 80 bytes expected" },
      { "ticketkeys", { key "a", key("a", 48) }, "keys 1 and 2 have the same name" },
      { "sessionid", "", "string expected" },
      { "sessionid", 7, "string expected" },
      { "sessiontimeout", 0, "a number of seconds from 1 to 604800 expected" },
      { "sessiontimeout", 604801, "a number of seconds from 1 to 604800 expected" },
      { "sessiontimeout", "7", "a number of seconds from 1 to 604800 expected" },
      { "sessionstore", {}, "a table with the functions get, put and perhaps remove expected" },
      { "sessionstore", print, "a table with the functions get, put and perhaps remove expected" },
      { "sessionstore", { get = print, put = print, remove = 1 },
        "a table with the functions get, put and perhaps remove expected" },
      { "sessionstore", sessions.store(), NO_KEY },
      { "sessionkey", "short", A_SECRET }, { "sessionkey", ("s"):rep(31), A_SECRET },
      { "sessionkey", true, A_SECRET }, { "sessionkey", {}, A_SECRET },
      { "sessionkey", { ("s"):rep(32), "short" }, A_SECRET },
      { "sessionkey", ("s"):rep(32), "there is no sessionstore" },
      { "sessioncache", 100, "there is no earlydata: nothing is cached" },
      { "sessioncache", 0, "a number from 1 to 1048576 expected" },
      { "sessioncache", 1048577, "a number from 1 to 1048576 expected" },
      { "sessioncache", "7", "a number from 1 to 1048576 expected" },
    }

    it("mistakes are reported", function()
      local many = {}
      for i = 1, 17 do many[i] = ("%048d"):format(i) end
      WRONG[#WRONG + 1] = { "ticketkeys", many, "an array of 1 to 16 strings expected" }
      for _, case in ipairs(WRONG) do
        local name, value, why = unpack(case)
        assert.same(pack(nil, ("invalid %s (%s)"):format(name, why)),
                    pack(ssl.newcontext(pair.server_config { [name] = value })))
      end
    end)

    it("a client has only the time and the name", function()
      for name, value in pairs { tickets = 1, ticketkeys = { key "a" },
                                 sessionkey = ("s"):rep(32), sessioncache = 7,
                                 sessionstore = sessions.store() } do
        assert.same(pack(nil, ("invalid %s (for servers only)"):format(name)),
                    pack(ssl.newcontext(pair.client_config { [name] = value })))
      end
      assert.is_truthy(ssl.newcontext(pair.client_config { sessiontimeout = 60,
                                                           sessionid = "x" }))
    end)

    it("false is none", function()
      assert.is_truthy(ssl.newcontext(pair.server_config {
        tickets = false, ticketkeys = false, sessionid = false, sessionstore = false,
        sessionkey = false,
        sessiontimeout = false, onsession = false }))
    end)

    it("setticketkeys reports them too, and changes nothing", function()
      local ctx = sessions.server { ticketkeys = { key "a" } }
      local client = sessions.client { protocol = limits.resuming }
      local _, session = sessions.visit(ctx, client)
      assert.same(pack(false, "invalid ticketkeys (key 1: a string of 48 or 80 bytes expected)"),
                  pack(context.setticketkeys(ctx, { "x" })))
      assert.same(pack(false, "invalid ticketkeys (for servers only)"),
                  pack(context.setticketkeys(client.context, { key "a" })))
      assert.has_error(function() context.setticketkeys(ctx, "x") end,
        "bad argument #2 to 'setticketkeys' (table expected, got string)")
      assert.has_error(function() context.setticketkeys({}, {}) end,
        "bad argument #1 to 'setticketkeys' (SSL:Context expected, got table)")
      assert.is_true(sessions.visit(ctx, client, session))
    end)

    it("can be asked for beforehand", function()
      assert.is_true(ssl.config.capabilities.ticketkeys)
      assert.equal(require("spec.support.refused").can "sessionstore" or nil,
                   ssl.config.capabilities.sessionstore)
    end)
  end)
end)
