-- A connection over a stream that one coroutine closes while another is in the stream's
-- methods.

describe("a connection over a stream", function()
  local ffi    = require "ffi"
  local pair   = require "spec.support.pair"
  local faulty = require "spec.support.faulty"
  local run, slow = faulty.run, faulty.slow

  local contexts = {}
  setup(function()
    for _, version in ipairs(pair.versions) do contexts[version] = faulty.contexts(version) end
  end)

  local function connected(version)
    local server, client, a, b = faulty.wrapped(contexts[version])
    slow(a)
    slow(b)
    run { function() assert(server:dohandshake()) end,
          function() assert(client:dohandshake()) end }
    return server, client, a, b
  end

  local function each_version(f)
    for _, version in ipairs(pair.versions) do f(version, " (" .. version .. ")") end
  end

  each_version(function(version, label)
    local function buffer() return ffi.new "char[8]" end

    local CALLS = {
      receive     = function(conn) return conn:receive() end,
      receiveany  = function(conn) return conn:receiveany() end,
      receiveinto = function(conn) return conn:receiveinto(buffer(), 8) end,
      send        = function(conn) return conn:send "more" end,
      sendfrom    = function(conn) return conn:sendfrom(buffer(), 8) end,
      unwrap      = function(conn) return conn:unwrap() end,
    }

    for name, call in pairs(CALLS) do
      -- Output waits, so that a reader is in the transport's send first, too.
      for _, stuck in ipairs { false, true } do
        it(("may close while another is in %s%s"):format(
           name, stuck and ", where output waits" or "") .. label, function()
          local _, client, _, b = connected(version)
          if stuck then
            local on_send = b.on_send
            function b.on_send() return nil, "timeout", 0 end
            assert.same({ nil, "timeout", 0 }, { client:send "stuck" })
            b.on_send = on_send
          end
          local results
          local thread = coroutine.create(function() results = { call(client) } end)
          assert(coroutine.resume(thread))
          assert.equal("suspended", coroutine.status(thread))
          client:close()
          for _ = 1, 100 do
            if coroutine.status(thread) == "dead" then break end
            assert(coroutine.resume(thread))
          end
          assert.is_nil(results[1])
          assert.equal("closed", results[2])
          assert.same({ nil, "closed", "" }, { client:receive() })
        end)
      end
    end

    it("may close while another shakes hands" .. label, function()
      local server, client, a = faulty.wrapped(contexts[version])
      slow(a)
      client:dohandshake()
      local result
      local thread = coroutine.create(function() result = { server:dohandshake() } end)
      assert(coroutine.resume(thread))
      server:close()
      for _ = 1, 10 do
        if not result then assert(coroutine.resume(thread)) end
      end
      assert.same({ false, "closed" }, result)
    end)
  end)
end)
