-- Every key of ssl.newcontext over a switch by server name: the server's first context has
-- one value, the context that the name chooses another one. What is seen has to be what a
-- server shows that has the chosen context from the beginning, in the handshake and in the
-- resumption of its session. For a few keys it is what the first context has.

describe("over a switch by server name", function()
  local ssl      = require "ssl"
  local house    = require "spec.support.init"
  local keys     = require "ssl.context.keys"
  local rooms    = require "ssl.context.rooms"
  local limits   = require "spec.support.limits"
  local made     = require "spec.support.ocsp"
  local meeting  = require "spec.support.meeting"
  local needs    = require "spec.support.needs"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local policies = require "spec.support.policies"
  local sessions = require "spec.support.sessions"
  local process  = require "spec.support.process"
  local state    = require "ssl.io.state"
  local lib      = require "ssl.ffi.lib"

  setup(policies.begin)
  teardown(function()
    policies.finish()
    process.stop_all()
  end)

  local RECORDS = {}
  for _, record in ipairs(keys) do RECORDS[record.key] = record end

  -- Not every OpenSSL has them, and their own specs try it.
  local ELSEWHERE = { certcompression = "feature/certcompression_spec.lua",
                      rawkey = "feature/rawkey_spec.lua", rawkeys = "feature/rawkey_spec.lua" }

  -- What holds after a switch is what the first context has: the record says why.
  local STAYS = { mode = true, password = true, onclienthello = true, ticketkeys = true,
                  sessionkey = true, sessioncache = true, echkeys = true }

  -- Two ends in memory. With `chosen` the server has it for the name of the client, which
  -- offers a session, if there is one.
  local function meet(own, chosen, client, prepare, bytes)
    local server = assert(ssl.engine(own))
    client = assert(ssl.engine(client))
    local conn = client:connection()
    if prepare then prepare(conn) end
    conn:sni "some.test"
    if bytes then conn:setsession(assert(ssl.importsession(bytes))) end
    if chosen then server:connection():sni({ ["some.test"] = chosen }, true) end
    return meeting.shake(server, client), server, client
  end

  -- Is a session resumed there? The handshake may fail, too.
  local function resumed(bytes, own, chosen, client, prepare)
    local ok, server, at_client = meet(own, chosen, client, prepare, bytes)
    if not ok then return false end
    local both = server:connection():resumed()
    assert.equal(both, at_client:connection():resumed())
    return both
  end

  -- A field of the server's connection.
  local function field(name)
    return function(server) return state.of(server:connection())[name] end
  end

  -- The message with which a client refuses to send so much early data in its next
  -- connection.
  local function early(server, client, case)
    local found = assert(ssl.importsession(assert(meeting.session(server, client))))
    local again = assert(ssl.engine(case.client))
    local conn = again:connection()
    conn:sni "some.test"
    assert(conn:setsession(found))
    return select(2, conn:sendearlydata(("x"):rep(1000)))
  end

  -- Does the server resume a session that is 100 seconds old?
  local function resumes_old(server, client, case)
    local bytes = sessions.aged(assert(meeting.session(server, client)), 100)
    return resumed(bytes, case.own, case.chosen, case.client)
  end

  local function sent(server)
    server:write "x"
    return #server:drain()
  end

  local function renegotiates(server)
    local st = state.of(server:connection())
    local options = lib.C.SSL_get_options(st.conn.ssl)
    local off = lib.options.no_renegotiation
    return ("%s %d"):format(bit.band(options, off) ~= 0, st.conn.posthandshake.once)
  end

  local logged = 0
  local function log() logged = logged + 1 end

  local function response(till)
    return made.make { cert = pki.server.cert, issuer = pki.root.cert, till = till,
                       signer = { cert = pki.root.cert, key = pki.root.key } }
  end

  local PREFERENCE = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"
  local OTHER_WAY  = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"

  -- Of keys that are no part of the policy: two configurations of a server, the client's,
  -- and what tells them apart when the handshake is done.
  local CASES = {
    cipherpreference = {
      base = { protocol = "tlsv1_2", ciphers = PREFERENCE, key = pki.ec_server.key,
               certificate = pki.ec_server.cert },
      one = "server", other = "client", client = { ciphers = OTHER_WAY, verify = false },
      seen = function(server) return server:connection():info "cipher" end,
    },
    renegotiation  = { one = true, other = "once", seen = renegotiates },
    padding        = { one = 1000, seen = sent },
    earlydata      = { one = 7, other = 50, client = { earlydata = 1000 }, seen = early },
    alpn           = { one = { "a" }, other = { "b" }, client = { alpn = { "a", "b" } },
                       seen = function(server) return server:connection():getalpn() end },
    ocspresponse   = { one = response(3600), other = response(7200),
                       client = { ocsp = "request" },
                       seen = function(_, client)
                         return client:connection():getocspresponse()
                       end },
    keylog         = { one = log, seen = function()
                         local count = logged
                         logged = 0
                         return count > 0
                       end },
    tickets        = { one = 1, other = 3, client = { onsession = log },
                       seen = function(server, client)
                         meeting.session(server, client)
                         local count = logged
                         logged = 0
                         return count
                       end },
    sessiontimeout = { one = 60, other = 600, seen = resumes_old },
    eof            = { one = "strict", other = "lenient", seen = field "eof" },
    explain        = { one = true, seen = field "explain" },
    maxline        = { one = 10, other = 20, seen = field "maxline" },
    maxall         = { one = 10, other = 20, seen = field "maxall" },
  }

  -- Neutral in a policy: no handshake fails because of them.
  CASES.clientca = {
    base = { verify = "peer", cafile = pki.root.cert },
    one = pki.root.cert, other = pki.other.cert,
    seen = function(_, client) return table.concat(client:connection():getclientcas(), ";") end,
  }

  local function contexts_of(key, case)
    local function context(value)
      local versions = limits.resumed_versions
      local config = pair.server_config { protocol = versions[#versions] }
      for name, one in pairs(case.base or {}) do config[name] = one end
      config[key] = value
      return assert(ssl.newcontext(config))
    end
    return context(case.one), context(case.other)
  end

  for key, case in pairs(CASES) do
    it("the chosen context's holds: " .. key, function()
      -- Their number, and the age that a client tells.
      if key == "tickets" or key == "sessiontimeout" then needs.resumption "tlsv1_3" end
      local client = assert(ssl.newcontext(pair.client_config(case.client)))
      local one, other = contexts_of(key, case)
      local function seen(own, chosen)
        local ok, server, peer = meet(own, chosen, client)
        assert.is_true(ok)
        return case.seen(server, peer, { client = client, own = own, chosen = chosen })
      end
      local first, second = seen(one), seen(other)
      assert.are_not.equal(first, second)
      assert.equal(first, seen(other, one))
      assert.equal(second, seen(one, other))
    end)
  end

  -- Of keys that belong to the policy: two contexts, a client that tells them apart, and what
  -- `policies.prepare` has for its connection.
  local function ends_of(version, key)
    local entry = policies.server(version)[key]
    if type(entry) ~= "table" then return nil end
    local base = policies.over(policies.base.server(version),
                               { ticketkeys = { sessions.key "s" } })
    local contexts = {}
    for _, which in ipairs { "lax", "strict" } do
      local config = policies.over(base, entry[which] or {})
      -- OpenSSL begins no handshake without any version.
      if key == "options" then config.protocol = "any" end
      contexts[which] = assert(ssl.newcontext(config))
    end
    local client = assert(ssl.newcontext(policies.peers.server(version)[entry.peer]))
    return contexts.lax, contexts.strict, client, policies.prepare[entry.peer]
  end

  -- Does a handshake under the one go through, and fail under the other?
  local function decides(version, key)
    local lax, strict, client, prepare = ends_of(version, key)
    if not lax then return false end
    local fine, refused = meet(lax, nil, client, prepare), not meet(strict, nil, client, prepare)
    assert.equal(fine, meet(strict, lax, client, prepare), version)
    assert.equal(refused, not meet(lax, strict, client, prepare), version)
    return fine and refused
  end

  -- The session of a context is resumed where a name chooses that context, and under no other.
  local function keeps_apart(version, key)
    local lax, strict, client, prepare = ends_of(version, key)
    if not lax then return false end
    local ok, server, at_client = meet(lax, nil, client, prepare)
    local bytes = ok and meeting.session(server, at_client)
    if not bytes then return false end
    assert.is_true(resumed(bytes, lax, nil, client, prepare), version)
    assert.is_true(resumed(bytes, strict, lax, client, prepare), version)
    assert.is_false(resumed(bytes, strict, nil, client, prepare), version)
    assert.is_false(resumed(bytes, lax, strict, client, prepare), version)
    return true
  end

  -- In each version; where everything is slow, in the first one that can show it.
  local function in_versions(show, key)
    local shown = false
    for _, version in ipairs(pair.versions) do
      if not (shown and house.slow) then shown = show(version, key) or shown end
    end
    return shown
  end

  for _, record in ipairs(keys) do
    local key = record.key
    if record.policy == true and record.side ~= "client" and not STAYS[key]
       and not ELSEWHERE[key] then
      it("the chosen context's holds for resumption: " .. key, function()
        assert.is_true(in_versions(keeps_apart, key))
      end)

      local neutral = CASES[key] or key == "sessionid"
      if not neutral then
        it("the chosen context's holds, and decides: " .. key, function()
          assert.is_true(in_versions(decides, key))
        end)
      end
    end
  end

  -- Keys of the place of sessions: that of the first context holds. Which of the two places is
  -- used, by a session that a handshake gives and the next one resumes?
  local PLACES = {
    ticketkeys = {
      values = { { sessions.key "1" }, { sessions.key "2" } },
      used = function(values, bytes, client, base)
        for i, value in ipairs(values) do
          local again = assert(ssl.newcontext(policies.over(base, { ticketkeys = value })))
          if resumed(bytes, again, nil, client) then return i end
        end
      end,
    },
    sessionstore = {
      values = { sessions.store(), sessions.store() },
      used = function(values)
        for i, value in ipairs(values) do
          local used = value.puts > 0 and value.gets > 0
          value.puts, value.gets = 0, 0
          if used then return i end
        end
      end,
    },
  }

  for key, place in pairs(PLACES) do
    for _, version in ipairs(pair.versions) do
      it(("the first context's holds in %s: %s"):format(version, key), function()
        needs.resumption(version)
        local client = assert(ssl.newcontext(pair.client_config { protocol = version }))
        local base = pair.server_config { protocol = version, sessionid = "place of " .. key }
        local function context(i)
          local extra = { [key] = place.values[i] }
          if extra.sessionstore then extra.sessionkey = sessions.SECRET end
          return assert(ssl.newcontext(policies.over(base, extra)))
        end
        local contexts = { context(1), context(2), context(3) } -- the third has none

        local function used(own, chosen)
          own, chosen = contexts[own], contexts[chosen]
          local ok, server, at_client = meet(own, chosen, client)
          assert.is_true(ok)
          local bytes = meeting.session(server, at_client)
          local again = bytes and resumed(bytes, own, chosen, client)
          local which = bytes and place.used(place.values, bytes, client, base)
          assert.is_true(which == nil or again)
          return which
        end

        assert.same({ 1, 2 }, { used(1), used(2) })
        assert.same({ 1, 2 }, { used(1, 2), used(2, 1) })
        assert.equal(1, used(1, 3))
        assert.is_nil(used(3, 1))
      end)
    end
  end

  it("a key does something, or its record says why not", function()
    for _, record in ipairs(keys) do
      local key, room = record.key, rooms.of(record.key)
      local does = room.apply or room.switch
      assert.equal(does ~= nil, record.switch == nil, key)
      assert.equal(room.begin ~= nil, record.begins == true, key)
      if record.begins then assert.is_table(record.state, key) end
      if record.switch then
        local with = record.switch:match "^with (%w+)$"
        assert.is_true(with ~= nil or #record.switch > 10, key)
        if with then assert.is_nil(RECORDS[with].switch, key) end
      end
    end
  end)

  it("a key that keeps the value of the first context says why", function()
    for key in pairs(STAYS) do assert.is_string(RECORDS[key].switch, key) end
    for _, record in ipairs(keys) do
      if record.side == "client" then assert.is_string(record.switch, record.key) end
    end
  end)

  it("each key of a server is tried here, or has a reason", function()
    for _, record in ipairs(keys) do
      local key = record.key
      assert.is_truthy(record.policy == true or record.side == "client" or CASES[key]
                       or PLACES[key] or STAYS[key] or ELSEWHERE[key], key)
    end
  end)
end)
