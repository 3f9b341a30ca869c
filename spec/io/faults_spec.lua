-- The transport ends at each byte of a handshake and of a record, in either direction, with an
-- end of stream or with a reset.

describe("a connection that is cut", function()
  local lib     = require "ssl.ffi.lib"
  local house   = require "spec.support.init"
  local pair    = require "spec.support.pair"
  local wire    = require "spec.support.wire"
  local resources = require "spec.support.resources"

  local STEP = house.share(1, 11, 197)
  local RESET_STEP = house.share(3, 11, 197)

  -- The same, whether the next call reads or writes.
  local WORDS = { fin = "unexpected eof while reading", rst = "closed" }

  local function check_word(word, how, where)
    assert(word == WORDS[how], ("%s after %s bytes: %s"):format(how, where, tostring(word)))
  end

  -- The result of a handshake, or of the first receive after it; twice the same, and a
  -- send fails.
  local function outcome(conn, result)
    if result ~= true then
      local ok, again = conn:dohandshake()
      assert(ok == false and again == result, ("%s, then %s"):format(result, again))
      local sent, why, last = conn:send "x"
      assert(sent == nil and why == result and last == 0, "sent without a handshake")
      return result
    end
    -- The kernel may deliver an end a moment later.
    conn:settimeout(10)
    local data, word, partial = conn:receive "*a"
    conn:settimeout(0)
    assert(data == nil and partial == "", "data out of nothing")
    local _, again = conn:receive(1)
    assert(again == word, ("%s, then %s"):format(tostring(word), tostring(again)))
    return word
  end

  local function cut_handshake(server_ctx, client_ctx, way, n, how)
    local w, server, client = wire.pair(server_ctx, client_ctx)
    w.how, w[way].stop = how, n
    local s, c = wire.handshake(w, server, client)
    -- A handshake may be over at one end only, or at both: then what is read next
    -- tells, once the rest of the bytes is where the cut lets it go.
    for _ = 1, 3 do w:pump() end
    w:cut(how) -- Signatures vary in length: it may not have come to that yet.
    check_word(outcome(server, s), how, way .. " " .. n)
    check_word(outcome(client, c), how, way .. " " .. n)
    assert(lib.C.ERR_peek_error() == 0, "an error was left in the queue")
    assert(not server:dirty() and not client:dirty(), "dirty for ever")
    server:close()
    client:close()
    w:close()
  end

  for _, version in ipairs(pair.versions) do
    describe("in " .. version, function()
      local server_ctx, client_ctx = wire.contexts(version)

      local function lengths()
        local w, server, client = wire.connected(server_ctx, client_ctx)
        local up, down = w.up.passed, w.down.passed
        server:close()
        client:close()
        w:close()
        return { up = up, down = down }
      end

      for _, way in ipairs { "up", "down" } do
        for how, step in pairs { fin = STEP, rst = RESET_STEP } do
          it(("is reported at each byte of the handshake, %s, by %s"):format(way, how), function()
            local last = lengths()[way]
            assert.is_true(last > 150)
            local before = resources.descriptors()
            for n = 1, last, step do cut_handshake(server_ctx, client_ctx, way, n, how) end
            assert.equal(before, resources.descriptors())
          end)
        end
      end

      local function cut_record(way, n, how)
        local w, server, client = wire.connected(server_ctx, client_ctx)
        local from, to = client, server
        if way == "down" then from, to = server, client end
        local whole = ("w"):rep(100)
        assert.equal(100, from:send(whole))
        w:pump()
        local passed = w[way].passed
        local record = ("b"):rep(200)
        assert.equal(200, from:send(record))
        w.how, w[way].stop = how, passed + n
        w:pump()
        to:settimeout(10)
        local data, word, partial = to:receive "*a"
        assert(data == nil, "a truncated stream was taken for whole")
        assert(partial == whole, "what had arrived was not given")
        check_word(word, how, "record " .. n)
        for _ = 1, 3 do assert.same({ nil, word, "" }, { to:receive() }) end
        assert.same({ nil, word, 0 }, { to:send "x" })
        assert.is_false(to:dirty())
        assert.equal(0, tonumber(lib.C.ERR_peek_error()))
        server:close()
        client:close()
        w:close()
      end

      for how, step in pairs { fin = house.share(1, 7, 67), rst = house.share(3, 7, 67) } do
        it("gives what came before, at each byte of a record, by " .. how, function()
          local before = resources.descriptors()
          for _, way in ipairs { "up", "down" } do
            -- One byte short of the whole record and its header.
            for n = 1, 200, step do cut_record(way, n, how) end
          end
          assert.equal(before, resources.descriptors())
        end)
      end

      it("does not spin in a blocking receive, nor over many calls", function()
        local w, server, client = wire.connected(server_ctx, client_ctx)
        w:cut "rst"
        client:settimeout(nil)
        local clock = os.clock()
        for _ = 1, house.scale(20000, 200) do assert.is_nil((client:receive())) end
        assert.is_true(os.clock() - clock < 60)
        server:close()
        client:close()
        w:close()
      end)
    end)
  end
end)
