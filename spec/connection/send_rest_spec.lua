-- send interrupted: reported bytes have left, and bytes that have left are not sent again.

describe("an interrupted send", function()
  local linger = require "ssl.io.linger"
  local house  = require "spec.support.init"
  local bulk   = require "spec.support.bulk"
  local narrow = require "spec.support.narrow"
  local pair   = require "spec.support.pair"

  local RECORD = 16384
  local SIZE = house.scale(4 * 1024 * 1024, 1024 * 1024)

  -- Bytes that differ everywhere, so that none is missed or doubled unseen.
  local function content(size)
    local file = assert(io.open(bulk.path(), "rb"))
    local text = file:read(size)
    file:close()
    return text
  end

  -- The bytes that have come so far, without waiting.
  local function take(conn, into)
    conn:settimeout(0)
    local text, word, rest = conn:receive "*a"
    into[#into + 1] = text or rest
    return word
  end

  -- Receive the rest. Where nothing is left, "*a" reports the end. Bytes that found no room
  -- when the other end closed at limit 0 leave with later calls, and this process makes no
  -- other calls.
  local function everything(conn, into)
    local late = house.patience()
    local word
    conn:settimeout(0.02)
    repeat
      local text, why, rest = conn:receive "*a"
      into[#into + 1], word = text or rest, why
      linger.poll()
    until word ~= "wantread" or late()
    return table.concat(into), word ~= "closed" and word or nil
  end

  for _, version in ipairs(pair.versions) do
    describe("over " .. version, function()
      local server, client
      before_each(function()
        server, client = narrow { protocol = version }
      end)
      after_each(function()
        server:close()
        client:close()
      end)

      for title, cut in pairs {
        ["as a range of the same string"] = function(data, from, to)
          local last, word, stopped = server:send(data, from, to)
          return last or stopped, word
        end,
        ["as a string of its own"] = function(data, from, to)
          local last, word, stopped = server:send(data:sub(from, to))
          return from - 1 + (last or stopped), word
        end,
      } do
        for _, limit in ipairs { 0, 0.005 } do
          it(("goes on in slices of any length, each %s, limit %g"):format(title, limit),
             function()
            local data, got, sent, refused = content(SIZE), {}, 0, 0
            math.randomseed(1)
            server:settimeout(limit)
            while sent < #data do
              local word
              sent, word = cut(data, sent + 1, sent + math.random(1, 100000))
              if word then
                assert.equal("wantwrite", word)
                refused = refused + 1
                -- Half of the time nothing moves between two attempts.
                if math.random(2) == 1 then take(client, got) end
              end
            end
            assert.is_true(refused > 0)
            assert.equal(#data, select(2, server:getstats()))
            server:close()
            local arrived, word = everything(client, got)
            assert.is_true(arrived == data)
            assert.is_nil(word)
          end)
        end
      end

      -- Abandon the rest and send something else.
      for _, limit in ipairs { 0, 0.02 } do
        for other, owed in pairs { BYE = "a record on its way", [("z"):rep(40000)] = "more" } do
          it(("sends other data in full, %d bytes behind %s, limit %g"):format(#other, owed,
                                                                              limit), function()
            local data, got = content(SIZE), {}
            server:settimeout(limit)
            local _, word, reported = server:send(data)
            assert.equal("wantwrite", word)
            local at = 0
            repeat
              take(client, got)
              local last, why, stopped = server:send(other, at + 1)
              assert.is_true(last == #other or why == "wantwrite")
              -- On a busy machine the limit may end this send in the middle.
              at = last or stopped
            until last
            -- The bytes that were owed are sent as new data now.
            local again = data:sub(reported + 1, reported + 10)
            server:settimeout(10)
            assert.equal(10, server:send(again))
            server:close()
            local arrived = everything(client, got)
            assert.equal(again, arrived:sub(-10))
            arrived = arrived:sub(1, -11)
            local rest = #arrived - reported - #other
            assert.is_true(arrived:sub(-#other) == other)
            assert.is_true(arrived:sub(1, -#other - 1) == data:sub(1, reported + rest))
            assert.equal(0, rest % RECORD)
            -- At limit 0 one record is under way at most; else 64 KiB are gathered.
            assert.is_true(rest >= 0 and rest <= (limit == 0 and 1 or 5) * RECORD)
          end)
        end
      end

      it("repeats the owed bytes only while they are the same", function()
        local data, got = content(SIZE), {}
        server:settimeout(0)
        local _, _, reported = server:send(data)
        -- The first 100 bytes are those under way. The bytes after them differ.
        local other = data:sub(reported + 1, reported + 100)
        local sent, word, last
        repeat
          take(client, got)
          sent = server:send(other)
        until sent
        repeat
          sent, word, last = server:send "BYE"
          assert.is_true(sent == 3 or word == "wantwrite" and last == 0)
          take(client, got)
        until sent
        server:close()
        local arrived = everything(client, got)
        assert.is_true(arrived == data:sub(1, reported + RECORD) .. "BYE")
      end)

      for _, limit in ipairs { 0, 0.02 } do
        it("reported no byte that the peer does not get, limit " .. limit, function()
          local data, sum = content(SIZE), 0
          server:settimeout(limit)
          local got = {}
          for _ = 1, 3 do
            local last, word, stopped = server:send(data, sum + 1)
            assert.equal("wantwrite", word)
            sum = last or stopped
            take(client, got)
          end
          getmetatable(server).__gc(server) -- dropped: nothing is flushed
          local arrived, word = everything(client, got)
          assert.equal("unexpected eof while reading", word)
          assert.is_true(#arrived >= sum)
          assert.is_true(arrived == data:sub(1, #arrived))
        end)
      end

      it("moves both directions at once", function()
        local data = content(SIZE)
        local ends = { { conn = server, peer = client }, { conn = client, peer = server } }
        local late = house.patience()
        for _, side in ipairs(ends) do
          side.sent, side.got, side.length = 0, {}, 0
          side.conn:settimeout(0)
        end
        local function step(side)
          if side.sent < #data then
            local last, word, stopped = side.conn:send(data, side.sent + 1)
            assert(last or word == "wantwrite", word)
            side.sent = last or stopped
          end
          local text, _, rest = side.conn:receive(math.random(1, 50000))
          side.got[#side.got + 1] = text or rest
          side.length = side.length + #(text or rest)
        end
        repeat
          step(ends[1])
          step(ends[2])
          assert(not late(), "it does not end")
        until ends[1].length == #data and ends[2].length == #data
        for _, side in ipairs(ends) do
          assert.equal(#data, side.sent)
          assert.is_true(table.concat(side.got) == data)
        end
      end)
    end)
  end
end)
