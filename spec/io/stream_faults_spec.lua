-- Streams that stop, that move a few bytes at a time, and that fail, at every byte of a
-- connection's life.

describe("a stream that", function()
  local house  = require "spec.support.init"
  local pair   = require "spec.support.pair"
  local faulty = require "spec.support.faulty"
  local values = require "spec.support.values"
  local pack   = values.pack

  local TEXT = { ("server "):rep(20), ("client "):rep(30) }
  local RAISED = { "raised" }
  -- Each of the three failures is tried at a third of the bytes; together they cover every
  -- byte.
  local STEP = house.share(3, 12, 144)

  local contexts = {}
  setup(function()
    for _, version in ipairs(pair.versions) do contexts[version] = faulty.contexts(version) end
  end)

  local function each_version(f)
    for _, version in ipairs(pair.versions) do f(version, " (" .. version .. ")") end
  end

  local function whole(version, prepare)
    local server, client, a, b = faulty.wrapped(contexts[version])
    if prepare then prepare(a, b) end
    local at_server, at_client = faulty.exchange(server, client, TEXT)
    assert.is_nil(at_server.why)
    assert.is_nil(at_client.why)
    assert.equal(TEXT[2], at_server.got)
    assert.equal(TEXT[1], at_client.got)
    return a, b
  end

  -- The failure, and the message of the connection over it.
  local FAILURES = {
    { "is closed", function() return nil, "closed" end },
    { "has a word of its own", function() return nil, "cable cut" end, "cable cut" },
    { "raises", function() error(RAISED, 0) end, RAISED },
  }

  -- A hook that lets `n` bytes through and fails from then on.
  local function send_until(n, fail)
    return function(self, data)
      local room = n - self.sent
      if room > 0 then return self:put(data:sub(1, room)) end
      return fail()
    end
  end

  local function receive_until(n, fail)
    return function(self, wanted)
      local room = n - self.taken
      if room <= 0 then return fail() end
      local data, why, partial = self:take(math.min(room, wanted))
      if data and #data < wanted then return nil, "wantread", data end
      return data, why, partial
    end
  end

  -- A failed connection delivers no data and returns a message.
  local function is_silent(log)
    local conn = log.conn
    assert(not conn:dohandshake() and select(2, conn:dohandshake()) == "closed")
    local data, word, partial = conn:receive()
    assert(data == nil and type(word) == "string" and partial == "")
    local last, same, sent = conn:send "more"
    assert(last == nil and same == word and sent == 0)
  end

  local function broken_at(version, side, hook, n, failure)
    local server, client, a, b = faulty.wrapped(contexts[version])
    local transport = side == 1 and a or b
    local make = hook == "on_send" and send_until or receive_until
    transport[hook] = make(n, failure[2])
    local logs = { faulty.exchange(server, client, TEXT) }
    for i, log in ipairs(logs) do
      assert(log.got == TEXT[3 - i]:sub(1, #log.got), "other bytes came")
      assert(log.done == (log.why == nil))
      assert(log.done or i == side or type(log.why) == "string")
      assert(log.last == #TEXT[i] or not log.done)
      is_silent(log)
    end
    if failure[3] and logs[side].why then
      assert.equal(failure[3], logs[side].why)
    end
    return logs[side].why
  end

  each_version(function(version, label)
    for side, who in ipairs { "the server", "the client" } do
      for hook, what in pairs { on_send = "sending", on_receive = "receiving" } do
        for i, failure in ipairs(FAILURES) do
          it(failure[1] .. " at any byte of " .. who .. "'s " .. what
             .. " costs the connection and nothing else" .. label, function()
            local a, b = whole(version)
            local total = ({ a, b })[side][hook == "on_send" and "sent" or "taken"]
            local failed = 0
            for n = (i - 1) * STEP / #FAILURES, total, STEP do
              if broken_at(version, side, hook, n, failure) then failed = failed + 1 end
            end
            assert.is_true(failed > 0)
          end)
        end
      end
    end

    it("delivers one byte, then nothing, then everything is a stream" .. label, function()
      whole(version, function(a, b)
        for _, transport in ipairs { a, b } do
          local turn = 0
          function transport:on_receive(n)
            turn = turn + 1
            if turn % 3 == 1 then
              local data, why, partial = self:take(1)
              if n == 1 then return data, why, partial end
              return nil, "wantread", data or partial
            end
            if turn % 3 == 2 then return nil, "timeout" end
            return self:take(n)
          end
        end
      end)
    end)

    for word in pairs(faulty.PASSING) do
      it("takes a byte or nothing and returns " .. word .. " goes on" .. label, function()
        local a = whole(version, function(a, b)
          for _, transport in ipairs { a, b } do
            local sends, receives = 0, 0
            function transport:on_send(data)
              sends = sends + 1
              if sends % 2 == 0 then return nil, word, 0 end
              self:put(data:sub(1, 1))
              if sends % 4 == 1 then return nil, word, 1 end
              return 1
            end
            function transport:on_receive(n)
              receives = receives + 1
              if receives % 2 == 0 then return nil, word, "" end
              return self:take(n)
            end
          end
        end)
        assert.is_true(a.sent > #TEXT[1])
      end)
    end

    it("has only receive(n) is asked for what comes and no more" .. label, function()
      for side = 1, 2 do
        local server, client, a, b = faulty.wrapped(contexts[version])
        local ends = { { server, a }, { client, b } }
        local blocking, other = ends[side], ends[3 - side]
        local thread = coroutine.wrap(function()
          repeat until other[1]:dohandshake() or coroutine.yield()
          other[1]:send(TEXT[3 - side])
          local got = ""
          repeat
            local data, _, partial = other[1]:receive(#TEXT[side], got)
            got = data or partial
          until data or coroutine.yield()
          assert.equal(TEXT[side], got)
          other[1]:close()
          while true do coroutine.yield() end
        end)
        -- The stream behaves like a socket without a time limit.
        blocking[2].on_receive = function(self, n)
          assert(n > 0)
          for _ = 1, 20 do
            if #self.data >= n or self.ended then return self:take(n) end
            thread()
          end
          error("asked for " .. n .. " bytes, which will not come", 0)
        end
        local conn = blocking[1]
        assert.same(pack(true), pack(conn:dohandshake()))
        assert.equal(#TEXT[side], conn:send(TEXT[side]))
        assert.equal(TEXT[3 - side], conn:receive(#TEXT[3 - side]))
        assert.same({ nil, "closed", "" }, { conn:receive() })
        conn:close()
      end
    end)
  end)
end)
