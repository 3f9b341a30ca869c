-- The method send: its arguments, and its count of sent bytes.

describe("send", function()
  local narrow = require "spec.support.narrow"
  local pair   = require "spec.support.pair"
  local values = require "spec.support.values"
  local pack, raised = values.pack, values.raised

  local RECORD = 16384

  local function everything(conn)
    conn:settimeout(10)
    local text, word, rest = conn:receive "*a"
    return text or rest, word
  end

  for _, version in ipairs(pair.versions) do
    describe("over " .. version, function()
      local server, client
      before_each(function()
        server, client = pair.connected { protocol = version }
      end)
      after_each(function()
        server:close()
        client:close()
      end)

      -- { data, i, j }, the result, and the bytes that the peer gets.
      for _, vector in ipairs {
        { { "abcdef", 2, 4 }, 4, "bcd" },      { { "abcdef", -2 }, 6, "ef" },
        { { "abcdef", -3, -2 }, 5, "de" },     { { "abcdef", 5, 3 }, 4, "" },
        { { "abcdef", 10 }, 9, "" },           { { "abcdef", 0 }, 6, "abcdef" },
        { { "ab", 1, 100 }, 2, "ab" },         { { 12 }, 2, "12" },
        { { "abc", "2" }, 3, "bc" },           { { "abc", -100 }, 3, "abc" },
        { { "abc", 1, -100 }, 0, "" },         { { "abc", 2, 0 }, 1, "" },
        { { "abc", 3, -5 }, 2, "" },           { { "abc", 1.7, 2.9 }, 2, "ab" },
        { { "abc", nil, nil }, 3, "abc" },     { { "" }, 0, "" },
        { { "abc", nil, 2 }, 2, "ab" },        { { "abc", "-2", "-1" }, 3, "bc" },
        { { "abc", -1.9 }, 3, "c" },           { { 1.5, 2 }, 3, ".5" },
        { { "nul\0x\n" }, 6, "nul\0x\n" },     { { "abc", 1, 0 }, 0, "" },
        { { "abc", 0 / 0 }, 3, "abc" },        { { "abc", 1, 0 / 0 }, 0, "" },
      } do
        local args, last, arrives = unpack(vector)
        local data, i, j = args[1], args[2], args[3]
        it(("sends %q of (%q, %s, %s)"):format(arrives, data, i, j), function()
          assert.same(pack(last, nil, nil), pack(server:send(data, i, j)))
          assert.equal(#arrives, select(2, server:getstats()))
          server:close()
          assert.equal(arrives, (everything(client)))
        end)
      end

      it("raises for a value that is no text, and sends none of it", function()
        for got, value in pairs { table = {}, boolean = true } do
          assert.equal("bad argument #1 to 'send' (string expected, got " .. got .. ")",
                       raised(function() server:send(value) end))
        end
        assert.equal("bad argument #1 to 'send' (string expected, got no value)",
                     raised(function() server:send() end))
        assert.equal("bad argument #2 to 'send' (number expected, got string)",
                     raised(function() server:send("abc", "x") end))
        assert.equal("bad argument #3 to 'send' (number expected, got table)",
                     raised(function() server:send("abc", 1, {}) end))
        server:close()
        assert.equal("", (everything(client)))
      end)

      describe("to a peer that does not read", function()
        local MUCH = ("x"):rep(4 * 1024 * 1024)
        before_each(function()
          server:close()
          client:close()
          server, client = narrow { protocol = version }
        end)

        it("returns wantwrite and where it stopped", function()
          server:settimeout(0)
          local result, word, last = server:send(MUCH)
          assert.same({ nil, "wantwrite" }, { result, word })
          assert.is_true(last > 0 and last < #MUCH)
          assert.equal(0, last % RECORD)
          assert.equal("write", server:want())
          assert.equal(last, select(2, server:getstats()))
          local again = pack(server:send(MUCH, last + 1))
          assert.same({ nil, "wantwrite" }, { again[1], again[2] })
          assert.is_true(again[3] >= last and again[3] < #MUCH)
          assert.same(pack(last, nil, nil), pack(server:send(MUCH, last + 1, last)))
        end)

        it("counts on from where a part of the data began", function()
          server:settimeout(0)
          local _, word, last = server:send(MUCH, 1001)
          assert.equal("wantwrite", word)
          assert.equal(0, (last - 1000) % RECORD)
          assert.equal(last - 1000, select(2, server:getstats()))
        end)

        it("stops at a time limit as at none", function()
          server:settimeout(0.02)
          local _, word, last = server:send(MUCH)
          assert.equal("wantwrite", word)
          assert.equal(0, last % RECORD)
        end)
      end)

      it("still sends after the peer's close_notify", function()
        -- close_notify ends one direction (RFC 8446 section 6.1).
        local state = require "ssl.io.state"
        local C = require("ssl.ffi.lib").C
        C.SSL_shutdown(state.of(client).conn.ssl)
        server:settimeout(10)
        assert.same(pack(nil, "closed", ""), pack(server:receive()))
        assert.same(pack(4, nil, nil), pack(server:send "late"))
        server:close()
        assert.equal("late", (everything(client)))
      end)

      it("returns the reason when the peer is gone, at each call", function()
        pair.reset(client)
        server:settimeout(10)
        local refused = 0
        for _ = 1, 100 do
          local result, word, last = server:send "x"
          if not result then
            refused = refused + 1
            assert.equal(0, last)
            assert.equal("closed", word)
          end
          if refused == 3 then break end
        end
        assert.equal(3, refused)
      end)
    end)
  end

  for state, prepare in pairs {
    new = function() end, closed = function(conn) conn:close() end,
  } do
    it("answers closed in state " .. state .. ", unless there is nothing to send", function()
      local server, client = pair.wrapped()
      for _, conn in ipairs { server, client } do
        prepare(conn)
        assert.same(pack(nil, "closed", 0), pack(conn:send "x"))
        assert.same(pack(nil, "closed", 2), pack(conn:send("abcdef", 3)))
        assert.same(pack(0, nil, nil), pack(conn:send ""))
        assert.same(pack(4, nil, nil), pack(conn:send("abcdef", 5, 3)))
        assert.equal("bad argument #1 to 'send' (string expected, got table)",
                     raised(function() conn:send {} end))
        conn:close()
      end
    end)
  end
end)
