-- An attacker who can write to a session store cannot pass for a client.

describe("an entry of a session store", function()
  local ffi      = require "ffi"
  local ssl      = require "ssl"
  local C        = require("ssl.ffi.lib").C
  local context  = require "ssl.context"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local sessions = require "spec.support.sessions"
  local session  = require "ssl.session.object"
  local seal     = require "ssl.session.seal"
  local needs = require "spec.support.needs"
  local it = needs.each(it, require("ssl.session.store").supported, "stores of sessions")

  local SECRET, OTHER = sessions.SECRET, ("o"):rep(32)

  describe("as ssl.session.seal has it", function()
    local OF, DER = ("c"):rep(32), "bytes \0 of a session"

    local function closed(id, secret)
      return seal.close(seal.keys { secret or SECRET }, id or "id", OF, 12345, DER)
    end

    it("opens to its contents", function()
      local of, expires, der = seal.open(seal.keys { SECRET }, "id", closed())
      assert.same({ OF, 12345, DER }, { of, expires, der })
    end)

    it("opens under every current key, and is closed under the first", function()
      local both = seal.keys { OTHER, SECRET }
      assert.equal(OF, (seal.open(both, "id", closed())))
      local entry = seal.close(both, "id", OF, 12345, DER)
      assert.equal(OF, (seal.open(seal.keys { OTHER }, "id", entry)))
      assert.is_nil(seal.open(seal.keys { SECRET }, "id", entry))
      seal.replace(both, { SECRET })
      assert.is_nil(seal.open(both, "id", entry))
    end)

    it("does not open with any byte changed, cut off or added, nor by another id", function()
      local keys, entry = seal.keys { SECRET }, closed()
      for i = 1, #entry do
        local other = string.char(bit.bxor(entry:byte(i), 1))
        assert.is_nil(seal.open(keys, "id", entry:sub(1, i - 1) .. other .. entry:sub(i + 1)))
        assert.is_nil(seal.open(keys, "id", entry:sub(1, i - 1)))
        assert.is_nil(seal.open(keys, "id", entry:sub(i + 1)))
      end
      assert.is_nil(seal.open(keys, "id", entry .. "x"))
      for _, id in ipairs { "", "i", "idL", "di", "id\0" } do
        assert.is_nil(seal.open(keys, id, entry))
      end
    end)

    it("has a MAC with a key derived by RFC 5869", function()
      -- HMAC-SHA256 as RFC 2104 writes it, over the library's SHA-256.
      local digest = require("ssl.session.fingerprint").digest
      local function hmac(key, text)
        if #key > 64 then key = digest(key) end
        key = key .. ("\0"):rep(64 - #key)
        local function pad(byte)
          return (key:gsub(".", function(c) return string.char(bit.bxor(c:byte(), byte)) end))
        end
        return digest(pad(0x5c) .. digest(pad(0x36) .. text))
      end
      local key = hmac(hmac(("\0"):rep(32), SECRET), "luasec-ffi sessionstore entry 2\1")
      local entry = closed()
      local text = "luasec-ffi sessionstore entry 2" .. "00000002" .. "id" .. entry:sub(1, -33)
      assert.equal(hmac(key, text), entry:sub(-32))
    end)

    it("leaves no key behind when the keys are collected or replaced", function()
      local keys = seal.keys { SECRET, OTHER }
      local size = ffi.sizeof(keys)
      local before = ffi.string(keys, size)
      seal.replace(keys, {})
      assert.are_not.equal(before, ffi.string(keys, size))
      assert.equal(("\0"):rep(size), ffi.string(keys, size))
    end)
  end)

  for _, version in ipairs(pair.versions) do
    describe("in " .. version, function()
      local store, client

      local function server(extra)
        extra = extra or {}
        extra.protocol, extra.sessionid = version, extra.sessionid or "fleet"
        if extra.sessionstore == nil then extra.sessionstore = store end
        return sessions.server(extra)
      end

      before_each(function()
        store, client = sessions.store(), sessions.client { protocol = version }
      end)

      local function counts(ctx, ...)
        local stats, out = context.sessionstats(ctx), {}
        for i, name in ipairs { ... } do out[i] = stats[name] end
        return unpack(out)
      end

      -- The changes of an attacker to the entries between a session's making and its use.
      local function visit(ctx, tamper)
        local _, offered = sessions.visit(ctx, client)
        local rows = {}
        for id, entry in pairs(store.rows) do rows[id] = tamper(id, entry) end
        store.rows = rows
        return (sessions.visit(ctx, client, offered))
      end

      -- The session in an entry, as the server stores it, sealed again in the older form.
      local function forged(_, entry)
        local der = entry:sub(5 + 32 + 16 + 1, -33)
        local pointer = session.decode(der)
        assert(pointer)
        C.SSL_SESSION_free(pointer)
        return session.seal(("\0"):rep(32), der)
      end

      local TAMPERED = {
        ["forged in the form of old"] = forged,
        ["sealed under another key"] = function(id, entry)
          local of, expires, der = seal.open(seal.keys { SECRET }, id, entry)
          return seal.close(seal.keys { OTHER }, id, of, expires, der)
        end,
        ["with a later expiry"] = function(_, entry)
          return entry:sub(1, 37) .. ("f"):rep(16) .. entry:sub(54)
        end,
        ["with a byte of the session changed"] = function(_, entry)
          return entry:sub(1, 99) .. string.char((entry:byte(100) + 1) % 256) .. entry:sub(101)
        end,
        ["cut"] = function(_, entry) return entry:sub(1, -2) end,
        ["empty"] = function() return "" end,
        ["a number"] = function() return 7 end,
      }

      for name, tamper in pairs(TAMPERED) do
        it(name .. " is no session, and is counted", function()
          local ctx = server()
          assert.is_false(visit(ctx, tamper))
          assert.same({ 0, 1 }, { counts(ctx, "found", "refused") })
        end)
      end

      it("is one as it is, and that is counted", function()
        local ctx = server()
        assert.is_true(visit(ctx, function(_, entry) return entry end))
        assert.same({ 1, 0, 0, 0, 0 },
                    { counts(ctx, "found", "absent", "expired", "foreign", "refused") })
        assert.is_false(visit(ctx, function() return nil end))
        assert.equal(1, counts(ctx, "absent"))
        assert.is_false(visit(ctx, function(id, entry)
          return sessions.aged_entry(id, entry, 8000)
        end))
        assert.equal(1, counts(ctx, "expired"))
        assert.equal(store.puts, counts(ctx, "kept"))
      end)

      it("moved to another id is no session, and is counted", function()
        local ctx = server()
        local _, first = sessions.visit(ctx, client)
        local entry
        for id in pairs(store.rows) do entry = store.rows[id] end
        local _, second = sessions.visit(ctx, client)
        store.get = function() return entry end
        assert.is_false(sessions.visit(ctx, client, second))
        assert.equal(1, counts(ctx, "refused"))
        assert.is_truthy(first)
      end)

      it("of another policy is no session, and is counted apart", function()
        local lax, strict = server { verify = "none" }, server()
        local _, offered = sessions.visit(lax, client)
        assert.is_false(sessions.visit(strict, client, offered))
        assert.same({ 1, 0 }, { counts(strict, "foreign", "refused") })
      end)

      it("is one to servers that have the key, however it was given", function()
        local _, offered = sessions.visit(server(), client)
        assert.is_true(sessions.visit(server { sessionkey = { OTHER, SECRET } }, client, offered))
        _, offered = sessions.visit(server(), client)
        local other = server { sessionkey = OTHER }
        assert.is_false(sessions.visit(other, client, offered))
        assert.equal(1, counts(other, "refused"))
      end)

      it("is trusted without a key by request, damage apart", function()
        local ctx = server { sessionkey = false }
        assert.is_true(visit(ctx, function(id, entry)
          local of, expires, der = seal.open(seal.keys { "" }, id, entry)
          return seal.close(seal.keys { "" }, id, of, expires, der)
        end))
        assert.is_false(visit(ctx, TAMPERED.cut))
        local _, offered = sessions.visit(ctx, client)
        assert.is_false((sessions.visit(server(), client, offered)))
      end)
    end)
  end

  it("is authenticated by the keys of tickets, which may change", function()
    local key = sessions.key
    local store = sessions.store()
    local client = sessions.client { protocol = "tlsv1_2", options = "no_ticket" }
    local ctx = sessions.server { protocol = "tlsv1_2", sessionstore = store,
                                  ticketkeys = { key "a" } }
    local _, offered = sessions.visit(ctx, client)
    assert.is_true(sessions.visit(ctx, client, offered))
    assert.is_true(context.setticketkeys(ctx, { key "b", key "a" }))
    assert.is_true(sessions.visit(ctx, client, offered))
    assert.is_false(context.setticketkeys(ctx, { "wrong" }))
    assert.is_true(sessions.visit(ctx, client, offered))
    assert.is_true(context.setticketkeys(ctx, { key "b" }))
    assert.is_false(sessions.visit(ctx, client, offered))
    assert.equal(1, context.sessionstats(ctx).refused)
    _, offered = sessions.visit(ctx, client)
    assert.is_true(sessions.visit(ctx, client, offered))
  end)

  it("has a key of its own beside tickets where one is given", function()
    local store = sessions.store()
    local ctx = sessions.server { protocol = "tlsv1_2", sessionstore = store,
                                  ticketkeys = { sessions.key "a" }, sessionkey = SECRET }
    local client = sessions.client { protocol = "tlsv1_2", options = "no_ticket" }
    local _, offered = sessions.visit(ctx, client)
    assert.is_true(context.setticketkeys(ctx, { sessions.key "b" }))
    assert.is_true(sessions.visit(ctx, client, offered))
  end)

  it("has a key that may change, and is no longer that of tickets then", function()
    local store = sessions.store()
    local client = sessions.client { protocol = "tlsv1_2", options = "no_ticket" }
    local ctx = sessions.server { protocol = "tlsv1_2", sessionstore = store,
                                  ticketkeys = { sessions.key "a" } }
    assert.is_true(context.setsessionkey(ctx, SECRET))
    local _, offered = sessions.visit(ctx, client)
    assert.is_true(context.setticketkeys(ctx, { sessions.key "b" }))
    assert.is_true(context.setsessionkey(ctx, { OTHER, SECRET }))
    assert.is_true(sessions.visit(ctx, client, offered))
    assert.is_true(context.setsessionkey(ctx, OTHER))
    assert.is_false(sessions.visit(ctx, client, offered))
    for why, key in pairs { ["a secret of 32 bytes or more, or an array of 1 to 16 of them, "
                             .. "expected"] = "short", ["there is no sessionstore"] = SECRET } do
      local of = key == SECRET and sessions.server() or ctx
      assert.same({ false, ("invalid sessionkey (%s)"):format(why) },
                  { context.setsessionkey(of, key) })
    end
    assert.has_error(function() context.setsessionkey({}, SECRET) end,
      "bad argument #1 to 'setsessionkey' (SSL:Context expected, got table)")
  end)

  it("is not changed in a context that was finalized", function()
    local ctx = sessions.server { sessionstore = sessions.store(), sessionkey = SECRET }
    getmetatable(ctx).__gc(ctx)
    assert.has_error(function() context.setsessionkey(ctx, OTHER) end,
      "bad argument #1 to 'setsessionkey' (invalid context)")
    assert.has_error(function() context.setticketkeys(ctx, { sessions.key "a" }) end,
      "bad argument #1 to 'setticketkeys' (invalid context)")
    assert.has_error(function() context.sessionstats(ctx) end,
      "bad argument #1 to 'sessionstats' (invalid context)")
  end)

  it("that nobody can forge: a context without a key refuses the store", function()
    local config = pair.server_config { cafile = pki.root.cert, sessionstore = sessions.store() }
    local ctx, why = ssl.newcontext(config)
    assert.is_nil(ctx)
    assert.matches("sessionkey", why)
  end)

  it("counts nothing where there is no store", function()
    assert.same({}, context.sessionstats(sessions.server()))
    assert.has_error(function() context.sessionstats {} end,
      "bad argument #1 to 'sessionstats' (SSL:Context expected, got table)")
  end)
end)
