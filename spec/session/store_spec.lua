-- Sessions in a store of the program: looked up in the middle of a handshake, put there
-- when it is done, and taken out when they are bad.

describe("a server's store of sessions", function()
  local ffi       = require "ffi"
  local pair      = require "spec.support.pair"
  local questions = require "spec.support.questions"
  local sessions  = require "spec.support.sessions"
  local shake     = require "spec.support.shake"
  local values    = require "spec.support.values"
  local needs = require "spec.support.needs"
  local it = needs.each(it, require("ssl.session.store").supported, "stores of sessions")
  local pack      = values.pack

  ffi.cdef 'ssize_t spec_store_write(int, const void *, size_t) __asm__("write");'

  after_each(function() assert.equal(0, questions.paused()) end)

  for _, version in ipairs(pair.versions) do
    describe("in " .. version, function()
      local new = version == "tlsv1_2" and 1 or 2
      local again = new - 1
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

      local function counts()
        return { store.gets, store.puts, store.removes }
      end

      it("is asked for its entries, by any context of the fleet", function()
        local _, session = sessions.visit(server(), client)
        assert.same({ 0, new, 0 }, counts())
        local other = server()
        local resumed, fresh = sessions.visit(other, client, session)
        assert.is_true(resumed)
        assert.same({ 1, new + again, 0 }, counts())
        assert.is_true(sessions.visit(server(), client, fresh or session))
        assert.same({ 2, new + 2 * again, 0 }, counts())
      end)

      it("gets ids of 32 bytes, text that it may keep, the connection, and a time", function()
        local calls = { get = {}, put = {} }
        for name, list in pairs(calls) do
          local f = store[name]
          store[name] = function(...)
            list[#list + 1] = pack(...)
            return f(...)
          end
        end
        local _, session, first = sessions.visit(server { sessiontimeout = 77 }, client)
        local _, _, second = sessions.visit(server(), client, session)
        local put, get = calls.put[new], calls.get[1]
        assert.equal(4, put.n)
        assert.equal(32, #put[1])
        assert.equal("string", type(put[2]))
        assert.equal(first.server, put[3])
        assert.equal(77, put[4])
        assert.same(pack(put[1], second.server), get)
      end)

      it("knows that an entry is gone", function()
        local _, session = sessions.visit(server(), client)
        store.rows = {}
        assert.is_false(sessions.visit(server(), client, session))
        assert.same({ 1, 2 * new, 0 }, counts())
      end)

      it("may answer nonsense, and the handshake is a full one", function()
        local ctx = server()
        local _, _, out = sessions.visit(ctx, client)
        local bytes = out.got[1]:export()
        local one = next(store.rows)
        local good = store.rows[one]
        for name, answer in pairs {
          ["nothing"] = function() end, ["false"] = function() return false end,
          ["a number"] = function() return 5 end, ["a table"] = function() return {} end,
          ["no text"] = function() return "" end,
          ["text"] = function() return ("x"):rep(1000) end,
          ["half of it"] = function() return good:sub(1, 500) end,
          ["more than it"] = function() return good .. "x" end,
          ["a client's session"] = function() return bytes end,
        } do
          store.get = answer
          local _, session = sessions.visit(ctx, client)
          assert.is_false(sessions.visit(ctx, client, session), name)
        end
      end)

      it("may mix sessions up, and none is taken for another", function()
        local ctx = server()
        local _, session = sessions.visit(ctx, client)
        local wrong
        for id in pairs(store.rows) do wrong = store.rows[id] end
        local _, other = sessions.visit(ctx, client)
        store.get = function() return wrong end
        assert.is_false(sessions.visit(ctx, client, other))
        assert.is_truthy(session)
      end)

      it("gets expired entries to remove", function()
        local ctx = server { sessiontimeout = 100 }
        local _, session = sessions.visit(ctx, client)
        for id, entry in pairs(store.rows) do
          store.rows[id] = sessions.aged_entry(id, entry, 101)
        end
        assert.is_false(sessions.visit(ctx, client, session))
        assert.same({ 1, 2 * new, 1 }, counts())
      end)

      it("need not remove anything", function()
        store.remove = nil
        local ctx = server()
        local _, session = sessions.visit(ctx, client)
        for id, entry in pairs(store.rows) do
          store.rows[id] = sessions.aged_entry(id, entry, 7201)
        end
        assert.is_false(sessions.visit(ctx, client, session))
      end)

      it("is asked to remove what ended badly", function()
        local ctx = server()
        local out = sessions.connect(ctx, client)
        -- The client sends bytes that are no record.
        assert.equal(16, tonumber(ffi.C.spec_store_write(out.client:getfd(),
                                                         "no record at all", 16)))
        assert.is_nil(out.server:receive())
        local kept = store.puts
        out.server:close()
        assert.same({ 0, kept, kept }, counts())
        out.client:close()
      end)

      it("is not asked to remove what ended well, or by itself", function()
        local ctx = server()
        local _, session = sessions.visit(ctx, client)
        local out = sessions.connect(ctx, client, session)
        out.server:close()
        out.client:close()
        assert.equal(0, store.removes)
      end)

      it("keeps policies apart", function()
        local lax = server { verify = "none" }
        local _, session = sessions.visit(lax, client)
        assert.is_false(sessions.visit(server(), client, session))
        _, session = sessions.visit(server(), client)
        assert.is_false(sessions.visit(server { sessionid = "other" }, client, session))
      end)

      it("may take its time, on the caller's coroutine", function()
        local _, session = sessions.visit(server(), client)
        local get, put = store.get, store.put
        store.get = function(...) coroutine.yield "get" return get(...) end
        store.put = function(...) coroutine.yield "put" return put(...) end
        local a, b = pair.wrapped(server(), client.context)
        assert.is_true(b:setsession(session))
        local thread = coroutine.create(function() return shake(a, b) end)
        local words, results = {}
        repeat
          results = pack(coroutine.resume(thread))
          words[#words + 1] = results[2]
        until coroutine.status(thread) == "dead"
        assert.same(pack(true, true, true), results)
        assert.equal("get", words[1])
        assert.equal(again, #words - 2)
        assert.is_true(a:resumed())
        a:close()
        b:close()
      end)

      it("may raise while it looks, and the handshake is refused", function()
        local _, session = sessions.visit(server(), client)
        store.get = function() error("no store", 0) end
        local a, b = pair.wrapped(server(), client.context)
        assert.is_true(b:setsession(session))
        assert.same({ false, "no store" }, { pcall(shake, a, b) })
        local at_server, at_client = shake(a, b)
        assert.equal("callback failed", at_server)
        assert.equal("tlsv1 alert internal error", at_client)
        a:close()
        b:close()
      end)

      it("may raise while it keeps, and the connection goes on", function()
        store.put = function() error("no room", 0) end
        local a, b = pair.wrapped(server(), client.context)
        assert.same({ false, "no room" }, { pcall(shake, a, b) })
        assert.same({ true, true }, { shake(a, b) })
        a:settimeout(20)
        b:settimeout(20)
        b:send "hello\n"
        -- The second session of TLS 1.3.
        if new > 1 then assert.same({ false, "no room" }, { pcall(a.receive, a) }) end
        assert.equal("hello", (a:receive()))
        assert.equal(6, (a:send "hello\n"))
        assert.equal("hello", (b:receive()))
        a:close()
        b:close()
      end)

      it("may close the connection, while it looks or keeps", function()
        for _, name in ipairs { "get", "put" } do
          store = sessions.store()
          local _, session = sessions.visit(server(), client)
          if version == "tlsv1_2" and name == "put" then session = nil end
          local f = store[name]
          store[name] = function(...)
            local conn = select(name == "get" and 2 or 3, ...)
            conn:close()
            return f(...)
          end
          local a, b = pair.wrapped(server(), client.context)
          if session then assert.is_true(b:setsession(session)) end
          assert.equal("closed", (shake(a, b)))
          assert.equal("closed", select(2, a:receive()))
          b:close()
        end
      end)

      it("serves contexts that a name has switched to", function()
        local front, behind = server(), server { sessionstore = false }
        local function ask(a, b)
          a:sni { ["one.test"] = behind }
          b:sni "one.test"
        end
        local _, session = sessions.visit(front, client, nil, ask)
        assert.same({ 0, new, 0 }, counts())
        assert.is_true(sessions.visit(front, client, session, ask))
        assert.same({ 1, new + again, 0 }, counts())
      end)

      it("leaves tickets to a context that has keys for them", function()
        local keys = { sessions.key "a" }
        local _, session = sessions.visit(server { ticketkeys = keys }, client)
        assert.is_true(sessions.visit(server { ticketkeys = keys }, client, session))
        assert.same({ 0, 0, 0 }, counts())
      end)

      it("gives as many sessions as it is to give tickets", function()
        local _, session = sessions.visit(server { tickets = 1 }, client)
        assert.same({ 0, 1, 0 }, counts())
        assert.is_true(sessions.visit(server(), client, session))
        local out = sessions.connect(server { tickets = 0 }, client)
        assert.equal(version == "tlsv1_2" and 1 or 0, #out.got)
        out.client:close()
        out.server:close()
      end)

      it("is not asked about tickets of others", function()
        local _, session = sessions.visit(sessions.server { protocol = version }, client)
        assert.is_false(sessions.visit(server(), client, session))
        assert.is_true(store.gets <= 1)
      end)
    end)
  end

  it("serves clients of TLS 1.2 that know no tickets, beside keys", function()
    local store = sessions.store()
    local function server()
      return sessions.server { protocol = "tlsv1_2", sessionid = "fleet", sessionstore = store,
                               ticketkeys = { sessions.key "a" } }
    end
    local client = sessions.client { protocol = "tlsv1_2", options = "no_ticket" }
    local _, session = sessions.visit(server(), client)
    assert.is_false(session:info "ticket")
    assert.equal(1, store.puts)
    assert.is_true(sessions.visit(server(), client, session))
    assert.equal(1, store.gets)
  end)

  it("holds no connection, and no secret in its ids", function()
    local store = sessions.store()
    local weak = setmetatable({}, { __mode = "k" })
    local client = sessions.client()
    local server = sessions.server { sessionstore = store }
    local put = store.put
    store.put = function(id, bytes, conn)
      weak[conn] = true
      put(id, bytes)
    end
    do
      local _, session = sessions.visit(server, client)
      assert.is_truthy(session)
    end
    client.got[1], client.got[2] = nil, nil
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(weak))
  end)

  it("has no session for a connection without a job", function()
    local store = sessions.store()
    local contexts = require "spec.support.contexts"
    local server = sessions.server { sessionstore = store, verify = "none" }
    local client = sessions.client()
    -- A foreign SSL on a context of ours: no transport of ours, no struct, no job.
    local first = contexts.connect(server, client.context)
    assert.is_true(first.ok, first.reason)
    local second = contexts.connect(server, client.context, first.session)
    assert.is_true(second.ok, second.reason)
    assert.is_false(second.reused)
    assert.equal(0, store.gets)
  end)
end)
