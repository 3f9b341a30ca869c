-- Sessions, where a server's handshake goes on with another context, and where contexts
-- change while connections are there.

describe("a session", function()
  local ssl      = require "ssl"
  local context  = require "ssl.context"
  local lib      = require "ssl.ffi.lib"
  local needs    = require "spec.support.needs"
  local limits   = require "spec.support.limits"
  local house    = require "spec.support.init"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local sessions = require "spec.support.sessions"
  local shake    = require "spec.support.shake"
  local values   = require "spec.support.values"

  local STORE = "authorities of a connection's own"

  local DEMAND = { "peer", "fail_if_no_peer_cert" }
  local NAME = "one.test"

  -- How a server may get from one context to another. `given` goes into its configuration.
  local SWITCHES = {
    ["by a map of names"] = function(behind)
      return {}, function(conn) conn:sni { [NAME] = behind } end
    end,
    ["by a function"] = function(behind)
      return {}, function(conn) conn:sni(function() return behind end) end
    end,
    ["by a function that yields"] = function(behind)
      return {}, function(conn)
        conn:sni(function()
          coroutine.yield()
          return behind
        end)
      end
    end,
    ["by onclienthello"] = function(behind, state)
      return { onclienthello = function() return state.on and behind or nil end }, function() end
    end,
    ["by onclienthello that yields"] = function(behind, state)
      return { onclienthello = function()
        coroutine.yield()
        return state.on and behind or nil
      end }, function() end
    end,
  }

  -- The places of sessions.
  local PLACES = {
    ["in tickets"] = function() return {} end,
    ["in tickets under keys"] = function() return { ticketkeys = { sessions.key "a" } } end,
    ["in a store"] = function()
      return { sessionstore = sessions.store() }
    end,
    ["in OpenSSL's cache"] = function() return { earlydata = 1000 } end,
  }

  -- The handshakes run on a coroutine, because a function of the server may yield.
  local function run(server, client)
    local thread = coroutine.create(shake)
    local results
    repeat
      results = { coroutine.resume(thread, server, client) }
      assert(results[1], results[2])
    until coroutine.status(thread) == "dead"
    return results[2], results[3]
  end

  local opened

  before_each(function() opened = {} end)

  after_each(function()
    for _, conn in ipairs(opened) do conn:close() end
  end)

  local function connection(server, client)
    local a, b = pair.wrapped(server, client.context)
    opened[#opened + 1], opened[#opened + 2] = a, b
    b:sni(NAME)
    return a, b
  end

  -- A handshake that succeeds; the session that the client has then.
  local function session_of(client, a, b)
    local at_server, at_client = run(a, b)
    assert.same({ true, true }, { at_server, at_client })
    a:settimeout(20)
    b:settimeout(20)
    a:send "hello\n"
    assert.equal("hello", b:receive())
    return client.got[#client.got]
  end

  local function offer(session, a, b)
    assert.is_true(b:setsession(session))
    local at_server = run(a, b)
    return at_server
  end

  for _, version in ipairs(pair.versions) do
    for at, place in ipairs(values.some(PLACES, 1)) do
      for i, switch in ipairs(values.some(SWITCHES, 1)) do
        local keys_of, make = PLACES[place], SWITCHES[switch]
        -- Where everything is slow, each place and each way in both versions, not each pair.
        local it = house.crossed(at, i + (version == "tlsv1_2" and 1 or 0)) and it
                   or function() end
        it = needs.each(it, limits.resumes[version], "sessions of " .. version)
        local function contexts(state, behind_extra)
          local extra = { protocol = version, verify = DEMAND }
          for key, value in pairs(behind_extra or {}) do extra[key] = value end
          local behind = sessions.server(extra)
          local given, prepare = make(behind, state)
          for key, value in pairs(keys_of()) do given[key] = value end
          given.protocol, given.verify, given.sessionid = version, "none", "fleet"
          return sessions.server(given), prepare, behind
        end

        local function strangers()
          return sessions.client { protocol = version, key = false, certificate = false,
                                   verify = "none" }
        end

        it(("%s, %s, does not get to a context that demands more, %s")
           :format(place, version, switch), function()
          for _, change in ipairs {
            function() end,
            function(ctx) assert(context.loadcert(ctx, pki.cn_only.cert)) end,
            function(ctx) assert(context.locations(ctx, pki.other.cert)) end,
          } do
            local state = { on = false }
            local client, front, prepare = strangers(), contexts(state)
            local a, b = connection(front, client)
            local early, its_client = connection(front, client)
            local session = session_of(client, a, b)
            change(front)
            connection(front, client)
            state.on = true
            prepare(early)
            assert.equal("peer did not return a certificate", offer(session, early, its_client))
          end
        end)

        it(("%s, %s, comes back where the same context is chosen, %s")
           :format(place, version, switch), function()
          local state = { on = true }
          local client, front, prepare = sessions.client { protocol = version }, contexts(state)
          local a, b = connection(front, client)
          local early, its_client = connection(front, client)
          prepare(a)
          local session = session_of(client, a, b)
          assert(context.loadcert(front, pki.cn_only.cert))
          connection(front, client)
          prepare(early)
          assert.is_true(offer(session, early, its_client))
          assert.is_true(early:resumed())
          assert.is_true((early:getpeerverification()))
        end)
      end
    end

    describe("and a context that changes, in " .. version .. ":", function()
      local it = needs.each(it, limits.resumes[version], "sessions of " .. version)
      local function server(extra)
        extra = extra or {}
        extra.protocol = version
        return sessions.server(extra)
      end

      it("existing connections keep their authorities", function()
        needs.that(lib.K.SSL_CTRL_SET_VERIFY_CERT_STORE, STORE)
        local ctx = server { verifyext = "lsec_ignore_purpose" }
        local client = sessions.client { protocol = version, key = pki.ec_server.key,
                                         certificate = pki.ec_server.cert }
        local early, its_client = connection(ctx, client)
        assert(context.locations(ctx, pki.ec_root.cert))
        local later, later_client = connection(ctx, client)
        assert.equal("certificate verify failed", (run(early, its_client)))
        assert.is_true((run(later, later_client)))
      end)

      it("and go on with the flags of then", function()
        needs.that(lib.K.SSL_CTRL_SET_VERIFY_CERT_STORE, STORE)
        local ctx = server { cafile = pki.root.with_crl }
        local client = sessions.client { protocol = version, key = pki.revoked.key,
                                         certificate = pki.revoked.cert }
        local early, its_client = connection(ctx, client)
        assert(ctx:setverifyext "crl_check")
        local later, later_client = connection(ctx, client)
        assert.is_true((run(early, its_client)))
        assert.equal("certificate verify failed", (run(later, later_client)))
      end)

      it("and go on asking the function for PSK of then", function()
        local key, asked = ("k"):rep(32), {}
        local function answer(name)
          return function()
            asked[#asked + 1] = name
            return key
          end
        end
        local ctx = server { verify = "none", psk = answer "first" }
        local client = sessions.client { protocol = version, key = false, certificate = false,
                                         psk = function() return "me", key end,
                                         ciphers = "PSK-AES128-GCM-SHA256" }
        local early, its_client = connection(ctx, client)
        assert(context.setserverpskcb(ctx, answer "second"))
        local later, later_client = connection(ctx, client)
        assert.same({ true, true }, { run(early, its_client) })
        assert.same({ true, true }, { run(later, later_client) })
        assert.equal("first", asked[1])
        assert.equal("second", asked[#asked])
      end)

      it("a copy of its store keeps folder, lists and flags", function()
        local ctx = server { cafile = false, capath = pki.root.capath, verifyext = "x509_strict" }
        local client = sessions.client { protocol = version }
        connection(ctx, client)
        assert(context.locations(ctx, pki.other.cert))
        assert.is_true((run(connection(ctx, client))))
        local contexts = require "spec.support.contexts"
        local flags = contexts.store_flags(ctx)
        assert.equal(0x20, bit.band(flags, 0x20))
      end)

      it("an older connection resumes no session, and its own are not resumed", function()
        local ctx = server()
        local client = sessions.client { protocol = version }
        local a, b = connection(ctx, client)
        local early, its_client = connection(ctx, client)
        local session = session_of(client, a, b)
        local another, another_client = connection(ctx, client)
        assert(context.locations(ctx, pki.other.cert))
        local later, later_client = connection(ctx, client)
        local bytes = session:export()
        for _, ends in ipairs { { early, its_client }, { later, later_client } } do
          assert.is_true(offer(assert(ssl.importsession(bytes)), unpack(ends)))
          assert.is_false(ends[1]:resumed())
        end
        early:send "hello\n"
        its_client:settimeout(20)
        assert.equal("hello", its_client:receive())
        assert.is_true(offer(client.got[#client.got], another, another_client))
        assert.is_false(another:resumed())
      end)

      it("one that was set to its old value is the same", function()
        local ctx = server()
        local client = sessions.client { protocol = version }
        local a, b = connection(ctx, client)
        local early, its_client = connection(ctx, client)
        local session = session_of(client, a, b)
        assert(context.setverify(ctx, "none"))
        assert(context.setverify(ctx, "peer", "fail_if_no_peer_cert"))
        assert.is_true(offer(session, early, its_client))
        assert.is_true(early:resumed())
      end)

      it("one that was made for clients meanwhile has no part in its old sessions", function()
        local ticketkeys = { sessions.key "a" }
        local ctx = server { ticketkeys = ticketkeys, verify = DEMAND }
        local stranger = sessions.client { protocol = version, key = false, certificate = false }
        local early, its_client = connection(ctx, stranger)
        assert(context.setmode(ctx, "client"))
        assert(context.setverify(ctx, "none"))
        local front, b = connection(server { ticketkeys = ticketkeys, verify = "none" }, stranger)
        front:sni { [NAME] = ctx }
        local session = session_of(stranger, front, b)
        assert.equal("peer did not return a certificate", offer(session, early, its_client))
      end)

      it("cipher suites that are looked up in it lead to no resumption either", function()
        local ctx = server { sessionid = "suites" }
        local client = sessions.client { protocol = version }
        local a, b = connection(ctx, client)
        local early, its_client = connection(ctx, client)
        local session = session_of(client, a, b)
        assert(context.setcipher(ctx, "ECDHE-ECDSA-AES128-GCM-SHA256"))
        assert(context.setciphersuites(ctx, "TLS_AES_128_GCM_SHA256"))
        assert.is_true(offer(session, early, its_client))
        assert.is_false(early:resumed())
      end)
    end)
  end

  it("needs no session id context of a context that is made for clients", function()
    local front = sessions.server { verify = "none" }
    local behind = sessions.client { certificate = pki.server.cert, key = pki.server.key,
                                     onsession = false, verify = "none" }.context
    local client = sessions.client()
    local a, b = connection(front, client)
    a:sni { [NAME] = behind }
    assert.same({ true, true }, { run(a, b) })
  end)
end)
