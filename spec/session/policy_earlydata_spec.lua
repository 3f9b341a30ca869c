-- Early data goes by a session, so it is sent and taken under the policy of that
-- session alone.

describe("early data", function()
  local ssl      = require "ssl"
  local context  = require "ssl.context"
  local meeting  = require "spec.support.meeting"
  local policies = require "spec.support.policies"
  local process  = require "spec.support.process"
  local values   = require "spec.support.values"
  local needs = require "spec.support.needs"
  local it = needs.each(it, require("ssl.feature.earlydata").supported, "early data")
  local over, pack = policies.over, values.pack

  local VERSION, EARLY = "tlsv1_3", { earlydata = 1000 }

  setup(policies.begin)
  teardown(function()
    policies.finish()
    process.stop_all()
  end)

  local function client_of(...)
    return assert(ssl.newcontext(over(policies.base.client(VERSION), EARLY, ...)))
  end

  -- A client that accepts the session sends early data, and the server reads it.
  local function send(server_ctx, client_ctx, prepare, bytes)
    local server, client = assert(ssl.engine(server_ctx)), assert(ssl.engine(client_ctx))
    local a, b = server:connection(), client:connection()
    if prepare then prepare(b) end
    local out = { set = pack(b:setsession(assert(ssl.importsession(bytes)))),
                  sent = pack(b:sendearlydata "early") }
    if out.sent[1] ~= 5 then return out end
    server:feed(client:drain())
    out.received = pack(a:receiveearlydata())
    out.ok = meeting.shake(server, client)
    out.word = pack(b:earlydata())
    return out
  end

  it("of a client is not sent under another policy, and goes under its own", function()
    local peers, tried = policies.peers.client(VERSION), 0
    for key, entry in pairs(policies.client(VERSION)) do
      local peer = type(entry) == "table" and peers[entry.peer]
      local server = peer and assert(ssl.newcontext(over(peer, EARLY)))
      local lax = peer and client_of(entry.lax or {})
      local prepare = peer and policies.prepare[entry.peer]
      local first = peer and meeting.of(server, lax, prepare)
      if first and first.bytes then
        tried = tried + 1
        local other = send(server, client_of(entry.strict or {}), prepare, first.bytes)
        assert.same({ pack(nil, "session of another verification policy"),
                      pack(nil, "no session for early data") }, { other.set, other.sent }, key)
        local same = send(server, client_of(entry.lax or {}), prepare, first.bytes)
        assert.same({ pack(5), pack "early", true, pack "accepted" },
                    { same.sent, same.received, same.ok, same.word }, key)
      end
    end
    assert.is_true(tried > 15)
  end)

  local DEMAND = { "peer", "fail_if_no_peer_cert" }

  -- A server's context keeps its own sessions, so another policy is that of the same
  -- context, changed.
  local CHANGES = {
    ["another mode"]      = function(ctx) context.setverify(ctx, unpack(DEMAND)) end,
    ["another authority"] = function(ctx) context.locations(ctx, policies.files().other.cert) end,
    ["another depth"]     = function(ctx) context.setdepth(ctx, 5) end,
    ["other flags"]       = function(ctx) ctx:setverifyext "check_ss_signature" end,
    ["other ciphers"]     = function(ctx)
      context.setciphersuites(ctx, "TLS_AES_256_GCM_SHA384")
    end,
    ["a key's function"]  = function(ctx) context.setserverpskcb(ctx, function() end) end,
  }

  for name, change in pairs(CHANGES) do
    it("of a session is not taken by a context that has " .. name .. " now", function()
      local server = assert(ssl.newcontext(over(policies.base.server(VERSION), EARLY,
                                                { verify = "peer" })))
      local good = policies.peers.server(VERSION).good
      local client = assert(ssl.newcontext(over(good, EARLY)))
      local first, again = meeting.of(server, client), meeting.of(server, client)
      local same = send(server, client, nil, first.bytes)
      assert.same({ pack "early", true, pack "accepted" },
                  { same.received, same.ok, same.word })
      change(server)
      local other = send(server, client, nil, again.bytes)
      assert.same({ pack(5), pack(nil, "none"), true, pack "rejected" },
                  { other.sent, other.received, other.ok, other.word })
    end)
  end

  it("is not taken by the context that another name chooses", function()
    local function chosen(extra)
      return assert(ssl.newcontext(over(policies.base.server(VERSION), EARLY, extra)))
    end
    local strict, lax = chosen {}, chosen { verify = "none" }
    local front = chosen { verify = "none" }
    local client = assert(ssl.newcontext(over(policies.peers.server(VERSION).nobody, EARLY)))
    local target = lax
    -- The client cannot know that the server's policy has changed.
    local function meet(prepare)
      local server = assert(ssl.engine(front))
      server:connection():sni { ["some.test"] = target }
      local engine = assert(ssl.engine(client))
      engine:connection():sni "some.test"
      return server, engine, prepare and prepare(engine:connection())
    end
    local server, engine = meet()
    assert.is_true(meeting.shake(server, engine))
    local bytes = assert(meeting.session(server, engine))
    for _, case in ipairs { { lax, true }, { strict, false } } do
      target = case[1]
      server, engine = meet(function(conn)
        assert.is_true(conn:setsession(assert(ssl.importsession(bytes))))
        assert.equal(5, conn:sendearlydata "early")
      end)
      server:feed(engine:drain())
      local got = server:connection():receiveearlydata()
      assert.equal(case[2] and "early" or nil, got)
      assert.equal(case[2], meeting.shake(server, engine))
      if case[2] then bytes = assert(meeting.session(server, engine)) end
    end
  end)
end)
