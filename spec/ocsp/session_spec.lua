-- A stapled response vouches for a certificate until its next update, and a session that
-- was made with it does so no longer.

describe("a session made with a stapled response", function()
  local ssl       = require "ssl"
  local pair      = require "spec.support.pair"
  local pki       = require "spec.support.pki"
  local responses = require "spec.support.ocsp"
  local sessions  = require "spec.support.sessions"
  local can_staple = require("ssl.feature.stapling").supported
  local it = require("spec.support.needs").each(it, can_staple, "OCSP in the handshake")

  local DAY = 86400
  local real_time, later = os.time, 0

  before_each(function()
    later = 0
    os.time = function(...) -- luacheck: ignore
      return real_time(...) + later
    end
  end)

  after_each(function()
    os.time = real_time -- luacheck: ignore
  end)

  local function response(more)
    local recipe = { cert = pki.server.cert, issuer = pki.root.cert, signer = pki.root }
    for key, value in pairs(more) do recipe[key] = value end
    return responses.make(recipe)
  end

  local function ends(session)
    return session:info "time" + session:info "timeout"
  end

  for _, version in ipairs(pair.versions) do
    describe("in " .. version, function()
      local client

      local function server(staple)
        return sessions.server { protocol = version, sessionid = "stapled", verify = "none",
                                 ticketkeys = { sessions.key "a" }, ocspresponse = staple }
      end

      local function visits(wish)
        client = sessions.client { protocol = version, ocsp = wish }
      end

      before_each(function() if can_staple then visits "require" end end)

      for _, wish in ipairs { "require", "request" } do
        it("ends with the next update, under " .. wish, function()
          visits(wish)
          local now = real_time()
          local _, session, out = sessions.visit(server(response { till = 1000 }), client)
          for _, each in ipairs(out.got) do
            assert.is_true(ends(each) <= now + 1010)
            assert.is_true(ends(each) >= now + 990)
          end
          assert.is_true(session:info "resumable")
          later = 1010
          assert.is_false(session:info "resumable")
          assert.same({ nil, "this session has expired" }, { session:export() })
        end)

        it("ends at its own time where that comes first, under " .. wish, function()
          visits(wish)
          local _, session = sessions.visit(server(response { till = DAY }), client)
          assert.equal(7200, session:info "timeout")
        end)

        it("ends a day after a response that names no next update, under " .. wish, function()
          visits(wish)
          local now = real_time()
          local staple = response { from = 100 - DAY, till = false }
          local _, session = sessions.visit(server(staple), client)
          assert.is_true(ends(session) <= now + 110)
        end)
      end

      it("is found by getsession with the same end", function()
        local now = real_time()
        local out = sessions.connect(server(response { till = 1000 }), client)
        assert.is_true(ends(assert(out.client:getsession())) <= now + 1010)
        out.client:close()
        out.server:close()
      end)

      it("is not offered afterwards: what the server staples then counts", function()
        local good, revoked = response { till = 1000 }, response { status = "revoked" }
        local ctx = server(good)
        local _, session = sessions.visit(ctx, client)
        local bytes = session:export()
        later = 1010
        local a, b = pair.wrapped(server(revoked), client.context)
        for _, each in ipairs { session, (ssl.importsession(bytes)) } do
          assert.same({ nil, "this session has expired" }, { b:setsession(each) })
        end
        local at_server, at_client = require("spec.support.shake")(a, b)
        assert.is_string(at_server)
        assert.equal("OCSP: the certificate was revoked (keyCompromise)", at_client)
        a:close()
        b:close()
      end)

      it("that was to be offered and has expired since leads to a full handshake", function()
        local ctx = server(response { till = 1000 })
        local _, session = sessions.visit(ctx, client)
        local resumed = sessions.visit(ctx, client, nil, function(_, conn)
          assert.is_true(conn:setsession(session))
          later = 1010
        end)
        assert.is_false(resumed)
      end)

      it("does not get a later end by being resumed, here or in another process", function()
        local ctx = server(response { till = 1000 })
        local _, session = sessions.visit(ctx, client)
        -- The session is changed as if half of its time were over.
        local old = assert(ssl.importsession(sessions.aged(session:export(), 500)))
        local limit = ends(old)
        local resumed, fresh = sessions.visit(ctx, client, old)
        assert.is_true(resumed)
        if version == "tlsv1_3" then
          assert.is_true(ends(fresh) <= limit)
          local imported = assert(ssl.importsession(fresh:export()))
          resumed, fresh = sessions.visit(ctx, client, imported)
          assert.is_true(resumed)
          assert.is_true(ends(fresh) <= limit)
        end
      end)

      it("whose ticket is renewed keeps its end", function()
        local _, session = sessions.visit(server(response { till = 1000 }), client)
        local old = assert(ssl.importsession(sessions.aged(session:export(), 500)))
        local limit = ends(old)
        local newer = sessions.server { protocol = version, sessionid = "stapled",
          verify = "none", ticketkeys = { sessions.key "b", sessions.key "a" },
          ocspresponse = response { till = DAY } }
        local resumed, fresh = sessions.visit(newer, client, old)
        assert.is_true(resumed)
        assert.is_true(ends(fresh) <= limit)
      end)

      it("is as long as ever where no response was asked for, or none given", function()
        visits(nil)
        local _, session = sessions.visit(server(response { till = 1000 }), client)
        assert.equal(7200, session:info "timeout")
        visits "request"
        _, session = sessions.visit(server(nil), client)
        assert.equal(7200, session:info "timeout")
      end)
    end)
  end

  it("reports its end, as ssl.ocsp.check does", function()
    local function load(path) return ssl.loadcertificate(io.open(path):read "*a") end
    local cert, issuer, now = load(pki.server.cert), load(pki.root.cert), real_time()
    local function till(more, options)
      local _, details = assert(ssl.ocsp.check(response(more), cert, issuer, options))
      return details.validtill - now
    end
    local function near(expected, actual)
      assert.is_true(math.abs(expected - actual) <= 10, actual)
    end
    near(1000, till { till = 1000 })
    near(DAY - 50, till { from = -50, till = false })
    near(550, till({ from = -50, till = false }, { maxage = 600 }))
    near(1000, till { status = "revoked", till = 1000 })
  end)
end)
