-- Handshakes that end while they wait for a function of the program: closed, dropped
-- with the coroutine that ran them, or with the whole Lua state.

describe("a handshake that waits for a function", function()
  local lib       = require "ssl.ffi.lib"
  local fresh     = require "spec.support.fresh"
  local house     = require "spec.support.init"
  local pair      = require "spec.support.pair"
  local questions = require "spec.support.questions"
  local resources = require "spec.support.resources"
  local values    = require "spec.support.values"
  local contexts  = require "spec.support.contexts"
  local ssl       = require "ssl"
  local pack      = values.pack
  local C         = lib.C

  local function collect()
    for _ = 1, 3 do collectgarbage() end
  end

  questions.each(function(name, place, version)
    describe("(" .. name .. ", over " .. version .. ")", function()
      local before
      before_each(function() before = resources.descriptors() end)
      after_each(function()
        assert.equal(before, resources.descriptors())
        assert.equal(0, questions.paused())
        assert.is_true(contexts.quiet())
      end)

      -- Its result or error has no effect then.
      for title, go_on in pairs {
        ["answers"] = function(resume)
          assert.same(pack(false, "closed"), resume(unpack(place.answer)))
        end,
        ["answers nonsense"] = function(resume)
          assert.same(pack(false, "closed"), resume(5))
        end,
        ["is not heard of again"] = function() end,
      } do
        it("may be closed by another coroutine; the function then " .. title, function()
          local resume, asker, other = questions.waiting(place, version)
          asker:close()
          assert.equal(0, questions.paused())
          assert.same(pack(false, "closed"), pack(asker:dohandshake()))
          assert.matches("%(closed%)$", tostring(asker))
          collect()
          go_on(resume)
          assert.is_string(questions.last_word(other))
          asker:close()
          other:close()
        end)
      end

      it("may be closed by the function itself, which may then raise", function()
        for _, raises in ipairs { false, true } do
          local asker, other
          asker, other = place.make(version, function()
            asker:close()
            if raises then error("raised", 0) end
            return unpack(place.answer)
          end)
          local result = pack(pcall(questions.drive, asker, other))
          assert.same(raises and pack(false, "raised") or pack(true, pack(false, "closed")), result)
          other:close()
        end
      end)

      -- Finalizers run between a call of OpenSSL and the reading of its error.
      it("may be dropped with its coroutine, and leaves OpenSSL's errors alone", function()
        local other = select(3, questions.waiting(place, version))
        contexts.disturb()
        local code = C.ERR_peek_error()
        collect()
        assert.equal(0, questions.paused())
        assert.equal(code, C.ERR_peek_error())
        C.ERR_clear_error()
        assert.is_string(questions.last_word(other))
        other:close()
      end)

      it("may be finalized by hand", function()
        local resume, asker, other = questions.waiting(place, version)
        getmetatable(asker).__gc(asker)
        assert.same(pack(false, "closed"), resume(unpack(place.answer)))
        other:close()
      end)
    end)
  end)

  for _, version in ipairs(pair.versions) do
    it("leaks nothing, dropped, closed or refused, over " .. version, function()
      local function asks() return coroutine.yield "asked" end
      local none = { key = false, certificate = false, protocol = version, psk = asks }
      local server = assert(ssl.newcontext(pair.server_config(none)))
      local client = assert(ssl.newcontext(pair.client_config {
        protocol = version, psk = function() return "me", "key" end }))

      local function once(i)
        local s, c = pair.wrapped(server, client)
        local resume = coroutine.create(questions.drive)
        assert.same({ true, "asked" }, { coroutine.resume(resume, s, c) })
        if i % 4 == 0 then s:close() end
        if i % 4 == 1 then coroutine.resume(resume, nil) end
        c:close()
      end

      local EACH = house.share(240, 24, 4)
      local descriptors = resources.descriptors()
      -- A job that is freed without being resumed would leave some 35 KB.
      assert.is_true(resources.growth(function()
        for i = 1, EACH do
          once(i)
          if i % 100 == 0 then collect() end
        end
        collect()
      end) < EACH * 16)
      assert.equal(descriptors, resources.descriptors())
      assert.equal(0, questions.paused())
    end)

    it("may be there when the Lua state ends, over " .. version, function()
      local output, ok = fresh.luajit(([[
        local pair = require "spec.support.pair"
        local function asks() coroutine.yield() end
        kept = {}
        for i = 1, 4 do
          local s, c = pair.wrapped({ protocol = %q, key = false, certificate = false, psk = asks,
            alpn = function() return "a" .. i end },
            { protocol = %q, psk = function() return "me", "key" end, alpn = "a" .. i })
          kept[i] = { s, c, coroutine.create(function()
            s:settimeout(0)
            c:settimeout(0)
            while true do
              c:dohandshake()
              s:dohandshake()
            end
          end) }
          assert(coroutine.resume(kept[i][3]))
        end
        local shim = require "ssl.ffi.shim"
        print(require("ffi").cast("const int *", shim.pool.lsf_pool)[1])
      ]]):format(version, version))
      -- ASan may print a warning about the stack of a job before it.
      assert.matches("4\n$", output)
      assert.is_true(ok)
    end)
  end

  it("is closed by ssl.connect when the function raises", function()
    require("spec.support.needs").that(require("ssl.io.question").pauses, "a job that pauses")
    local listener = assert(require("socket").bind("127.0.0.1", 0))
    local _, port = listener:getsockname()
    local before, problem = resources.descriptors(), {}
    collectgarbage "stop"
    local ok, raised = pcall(ssl.connect, "localhost", port, {
      protocol = "tlsv1_3", timeout = 10, psk = function() error(problem) end })
    local after = values.descriptors(true)
    collectgarbage "restart"
    assert.is_false(ok)
    assert.equal(problem, raised)
    assert.equal(before, after)
    listener:close()
  end)
end)
