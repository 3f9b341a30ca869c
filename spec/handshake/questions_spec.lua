-- The program's functions in the middle of a handshake: they may raise, they may yield,
-- and their results may be wrong. D26: their errors reach the caller of dohandshake, and
-- no frame of OpenSSL is unwound.

describe("a function that a handshake asks,", function()
  local contexts  = require "spec.support.contexts"
  local pair      = require "spec.support.pair"
  local pki       = require "spec.support.pki"
  local questions = require "spec.support.questions"
  local values    = require "spec.support.values"
  local core      = require "ssl.core"
  local ssl       = require "ssl"
  local state     = require "ssl.io.state"
  local pack      = values.pack

  local ENDS = { close = true, shutdown = true, setdeadline = true }

  local function two(a, b) return a, b end

  questions.each(function(name, place, version)
    describe(name .. ", over " .. version .. ",", function()
      local asker, other
      after_each(function()
        -- There are none where this OpenSSL cannot stop for the question.
        if asker then asker:close() end
        if other then other:close() end
        assert.equal(0, questions.paused())
        assert.is_true(contexts.quiet())
      end)

      local function connects()
        assert.is_true(questions.last_word(other))
        assert.is_true(questions.last_word(asker))
        asker:settimeout(10)
        other:send "through\n"
        assert.equal("through", (asker:receive()))
      end

      local function fails(raised)
        asker, other = place.make(version, function() error(raised, 0) end)
        contexts.disturb()
        local ok, problem = pcall(questions.drive, asker, other)
        assert.is_false(ok)
        assert.equal(raised, problem)
        assert.is_true(contexts.quiet())
        for _ = 1, 2 do
          assert.same(pack(false, "callback failed"), pack(asker:dohandshake()))
        end
        assert.same({ message = "callback failed" }, asker:lasterror())
        assert.same(pack(nil, "closed"), pack(asker:info()))
        for _, method in ipairs { "receive", "send" } do
          assert.same({ nil, "callback failed" }, { two(asker[method](asker, "*l")) })
        end
        assert.equal(place.alert[version], questions.last_word(other))
      end

      it("may raise a string, which dohandshake does, and the handshake has failed", function()
        fails "a string"
      end)

      it("may raise a table", function()
        fails { "a table" }
      end)

      it("may yield, as often as it wants, in any coroutine", function()
        local resume
        local sum = 0
        resume, asker, other = questions.waiting(place, version, function()
          if sum > 0 then return unpack(place.answer) end
          for i = 1, 5 do sum = sum + coroutine.yield(i == 1 and "asked" or sum) end
          assert.equal(15, sum)
          return unpack(place.answer)
        end)
        for i = 1, 4 do
          collectgarbage()
          contexts.disturb()
          assert.equal(sum + i, resume(i))
        end
        assert.same(pack(true), resume(5))
        connects()
      end)

      it("may answer nonsense", function()
        asker, other = place.make(version, function() return 5 end)
        if place.raises then
          local ok, problem = pcall(questions.drive, asker, other)
          assert.is_false(ok)
          assert.matches(place.raises, problem)
          assert.same(pack(false, "callback failed"), pack(asker:dohandshake()))
        elseif place.wrong[version] == true then
          assert.same(pack(true), questions.drive(asker, other))
          connects()
        else
          assert.same(pack(false, place.wrong[version]), questions.drive(asker, other))
        end
      end)

      -- While a job stands still the next call of OpenSSL, any call, goes on with it.
      it("lets no other method enter OpenSSL while it waits", function()
        local resume
        resume, asker, other = questions.waiting(place, version)
        local paused = questions.paused()
        assert.same(pack(false, "busy"), pack(asker:dohandshake()))
        for _, method in ipairs { "receive", "receiveany", "send", "unwrap" } do
          assert.same({ nil, "closed" }, { two(asker[method](asker, "5")) })
        end
        assert.is_false(asker:dirty())
        assert.equal("nothing", asker:want())
        for _, method in ipairs { "info", "getpeercertificate", "getpeerchain", "getfinished",
                                  "getlocalcertificate", "getlocalchain", "getpeerfinished",
                                  "exportkeyingmaterial", "gettlsa" } do
          assert.same(pack(nil, "closed"), pack(asker[method](asker, "x", 1)))
        end
        assert.same(pack(false, "closed"), pack(asker:getpeerverification()))
        assert.is_nil(asker:getalpn())
        assert.is_nil(asker:lasterror())
        assert.same(pack(), pack(asker:sni(place.client and "other.test" or {})))
        asker:getsniname()
        assert.same(pack(nil, "not before the handshake"),
                    pack(asker:setverifyname "other.test"))
        assert.is_false((asker:setdane "other.test"))
        assert.is_false((asker:settlsa(3, 1, 1, "x")))
        assert.same(pack(), pack(core.info(asker)))
        assert.same(pack(nil, "closed"), pack(core.compression(asker)))
        assert.is_true(asker:getfd() >= 0)
        assert.same({ 0, 0 }, { two(asker:getstats()) })
        assert.equal(paused, questions.paused())
        assert.same(pack(true), resume(unpack(place.answer)))
        connects()
      end)

      -- All methods, also those added later, except the ones that are meant to end the
      -- connection.
      it("is not disturbed by any method, with any arguments", function()
        local resume
        resume, asker, other = questions.waiting(place, version)
        local paused = questions.paused()
        for title, method in pairs(state.class.methods) do
          if not ENDS[title] then
            for _, argument in ipairs { false, "x", 0, {}, function() end } do
              pcall(method, asker, argument or nil, argument or nil)
              assert.equal(paused, questions.paused(), title)
              assert.is_true(contexts.quiet(), title)
            end
          end
        end
        asker:settimeout(0, "b")
        asker:settimeout(nil, "t")
        assert.same(pack(true), resume(unpack(place.answer)))
        connects()
      end)

      it("may be asked by a handshake that waits", function()
        local resume
        resume, asker, other = questions.waiting(place, version)
        asker:settimeout(0.001)
        assert.same(pack(true), resume(unpack(place.answer)))
        connects()
      end)
    end)
  end)

  for _, version in ipairs(pair.versions) do
    it("sees contexts go from the sni table while it waits, over " .. version, function()
      local function named(f)
        return assert(ssl.newcontext(pair.server_config {
          protocol = version, certificate = pki.cn_only.cert, alpn = f }))
      end
      local map = { ["some.test"] = named(function() return coroutine.yield "asked" end) }
      local server, client = pair.wrapped({ protocol = version, alpn = { "x" } },
                                          { protocol = version, alpn = { "x", "y" } })
      server:sni(map, true)
      client:sni "some.test"
      local resume = coroutine.wrap(questions.drive)
      assert.equal("asked", resume(server, client))
      map["some.test"] = named({ "x" })
      collectgarbage()
      map["some.test"] = nil
      for _ = 1, 3 do collectgarbage() end
      assert.same(pack(true), resume "y")
      assert.is_true(questions.last_word(client))
      assert.equal("y", client:getalpn())
      assert.equal("cn.only.test", client:getpeercertificate():subject()[2].value)
      server:close()
      client:close()
    end)
  end
end)
