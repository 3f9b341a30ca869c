-- Every key of ssl.newcontext over a switch by server name: the server's first context has
-- one value, the context that the name chooses another one. What is seen has to be what a
-- server shows that has the chosen context from the beginning.

describe("over a switch by server name", function()
  local ssl      = require "ssl"
  local keys     = require "ssl.context.keys"
  local rooms    = require "ssl.context.rooms"
  local made     = require "spec.support.ocsp"
  local meeting  = require "spec.support.meeting"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local policies = require "spec.support.policies"
  local process  = require "spec.support.process"
  local sources  = require "spec.support.sources"
  local state    = require "ssl.io.state"
  local lib      = require "ssl.ffi.lib"

  setup(policies.begin)
  teardown(function()
    policies.finish()
    process.stop_all()
  end)

  local RECORDS = keys.known "newcontext".records

  -- What holds after a switch is what the first context has: the record says why.
  local STAYS = { mode = true, password = true, onclienthello = true, ticketkeys = true,
                  sessionkey = true, sessioncache = true }

  -- These need more than one connection. The spec named tries them.
  local ELSEWHERE = { sessiontimeout = "spec/session/server_spec.lua",
                      sessionid = "spec/session/switch_spec.lua",
                      sessionstore = "spec/session/store_spec.lua" }

  -- Two ends in memory. With `chosen` the server has it for the name of the client.
  local function meet(own, chosen, client, prepare)
    local server = assert(ssl.engine(own))
    client = assert(ssl.engine(client))
    if prepare then prepare(client:connection()) end
    client:connection():sni "some.test"
    if chosen then server:connection():sni({ ["some.test"] = chosen }, true) end
    return meeting.shake(server, client), server, client
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
      local config = pair.server_config { protocol = "tlsv1_3" }
      for name, one in pairs(case.base or {}) do config[name] = one end
      config[key] = value
      return assert(ssl.newcontext(config))
    end
    return context(case.one), context(case.other)
  end

  for key, case in pairs(CASES) do
    it("the chosen context's holds: " .. key, function()
      local client = assert(ssl.newcontext(pair.client_config(case.client)))
      local one, other = contexts_of(key, case)
      local function seen(own, chosen)
        local ok, server, peer = meet(own, chosen, client)
        assert.is_true(ok)
        return case.seen(server, peer, { client = client })
      end
      local first, second = seen(one), seen(other)
      assert.are_not.equal(first, second)
      assert.equal(first, seen(other, one))
      assert.equal(second, seen(one, other))
    end)
  end

  -- Of keys that belong to the policy: does a handshake go through?
  local function outcome(version, key)
    local entry = policies.server(version)[key]
    if type(entry) ~= "table" or entry.neutral then return nil end
    local base = policies.base.server(version)
    local client = assert(ssl.newcontext(policies.peers.server(version)[entry.peer]))
    local contexts = {}
    for _, which in ipairs { "lax", "strict" } do
      local config = policies.over(base, entry[which] or {})
      config.sessionid = nil
      -- OpenSSL begins no handshake without any version.
      if key == "options" then config.protocol = "any" end
      contexts[which] = assert(ssl.newcontext(config))
    end
    return function(own, chosen)
      return (meet(contexts[own], contexts[chosen], client, policies.prepare[entry.peer]))
    end
  end

  for _, record in ipairs(keys.own) do
    local key = record.key
    if record.policy == true and record.side ~= "client" and not CASES[key]
       and not STAYS[key] and not ELSEWHERE[key] then
      it("the chosen context's holds, and decides: " .. key, function()
        local decided = false
        for _, version in ipairs(pair.versions) do
          local of = outcome(version, key)
          if of then
            local lax, strict = of "lax", of "strict"
            decided = decided or lax ~= strict
            assert.equal(lax, of("strict", "lax"), version)
            assert.equal(strict, of("lax", "strict"), version)
          end
        end
        assert.is_true(decided)
      end)
    end
  end

  it("a key does something, or its record says why not", function()
    for _, record in ipairs(keys.own) do
      local key, room = record.key, rooms.of(record)
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
    for _, record in ipairs(keys.own) do
      if record.side == "client" then assert.is_string(record.switch, record.key) end
    end
  end)

  it("the keys that other specs try are in them", function()
    for key, path in pairs(ELSEWHERE) do
      assert.is_truthy(sources.read(path):find("%f[%w]" .. key .. "%f[%W]"), key)
      assert.is_truthy(sources.read(path):find "sni", key)
    end
  end)
end)
