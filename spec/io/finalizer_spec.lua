-- A finalizer of the program's may use and close any connection, also the one that is in
-- the middle of a call. See ssl.io.guard, shim/plaintext.c.

describe("a finalizer in the middle of a call", function()
  local house = require "spec.support.init"
  local fresh = require "spec.support.fresh"

  -- The C library overwrites freed memory, so that a later read is noticed.
  local POISON = { MALLOC_PERTURB_ = "165" }

  -- Instructions from one point to the next; with ASan each connection is expensive.
  local function step(n)
    return house.scale(house.mode == "asan" and 5 * n or n, 7 * n)
  end

  -- The output of a walk of spec.support.interrupted: only its length, if nothing went wrong.
  local function quiet(call)
    local output, ok = fresh.luajit(
      ("require('spec.support.interrupted').%s"):format(call), POISON)
    assert.is_true(ok, output)
    local done = output:match "^done%s+(%d+)\n$"
    assert.is_truthy(done, output)
    assert.is_true(tonumber(done) > 0)
  end

  for _, kind in ipairs { "new", "connected", "engine" } do
    it(("closes the connection of any method: %s"):format(kind), function()
      quiet(("walk(%q, 'close', %d)"):format(kind, step(11)))
    end)
  end

  for _, kind in ipairs { "new", "connected" } do
    it(("uses the connection of any method: %s"):format(kind), function()
      quiet(("walk(%q, 'use', %d)"):format(kind, step(17)))
    end)
  end

  for _, kind in ipairs { "certificate", "key", "session" } do
    it(("finalizes the object of any method: a %s"):format(kind), function()
      quiet(("walk(%q, 'finalize', %d)"):format(kind, step(5)))
    end)
  end

  for _, version in ipairs { "tlsv1_2", "tlsv1_3" } do
    it("leaves no value of another connection behind: " .. version, function()
      quiet(("facts(%q, %d)"):format(version, step(5)))
    end)
  end

  -- The wrapper is lost as soon as its method is called: the call is a tail call.
  local WRAPPER = [[
    COMPILER
    local pair = require "spec.support.pair"
    local ssl = require "ssl"
    local contexts = { assert(ssl.newcontext(pair.server_config())),
                       assert(ssl.newcontext(pair.client_config())) }
    local function open()
      local server, client = pair.connected(unpack(contexts))
      local text = ("y"):rep(50000)
      server:settimeout(0)
      server:send(text)
      server:close()
      local wrapper = newproxy(true)
      local meta = getmetatable(wrapper)
      meta.__gc = function() client:close() end
      meta.__index = { receive = function(_, pattern) return client:receive(pattern) end }
      return wrapper
    end
    collectgarbage("setpause", 0)
    local whole, closed = 0, 0
    for i = 1, ROUNDS do
      local data, word = open():receive(i % 2 == 0 and "*a" or 50000)
      if data and #data == 50000 then whole = whole + 1 end
      if not data then
        assert(word == "closed", word)
        closed = closed + 1
      end
    end
    assert(whole + closed == ROUNDS)
    print "fine"
  ]]

  for _, compiler in ipairs { "jit.on()", "jit.off()" } do
    it("closes what only its wrapper had: " .. compiler, function()
      local text = WRAPPER:gsub("COMPILER", compiler):gsub("ROUNDS", house.scale(300, 30))
      local output, ok = fresh.luajit(text, POISON)
      assert.is_true(ok, output)
      assert.equal("fine\n", output)
    end)
  end

  it("closes hundreds of connections in use where the collector runs it", function()
    local count = house.scale(1000, 100)
    local output, ok = fresh.luajit(
      ("arg = { %d } dofile 'spec/support/stress.lua'"):format(count), POISON)
    assert.is_true(ok, output)
    assert.matches(("^%d closes in %%d+ calls\n$"):format(count), output)
  end)

  it("raises out of the call, and the connection goes on", function()
    local output, ok = fresh.luajit([[
      jit.off()
      local interrupt = require "spec.support.interrupt"
      local pair = require "spec.support.pair"
      local server, client = pair.connected()
      client:settimeout(5)
      server:settimeout(5)
      local n, lost = 1, 0
      repeat
        server:send "some text\n"
        local inside, came, done, text = pcall(interrupt.at, n, function()
          error "of a finalizer"
        end, client.receive, client)
        -- The call ended before that instruction.
        if not inside then break end
        if done then
          assert(text == "some text")
        else
          lost = lost + 1
        end
        -- Data that was not delivered waits, or is lost with the call that held it.
        server:send "end\n"
        repeat
          local rest = client:receive()
          assert(rest == "some text" or rest == "end", rest)
        until rest == "end"
        assert(client:info "cipher" == server:info "cipher")
        n = n + 1
      until came == false
      assert(lost > 10)
      server:close()
      client:close()
      print "fine"
    ]], POISON)
    assert.is_true(ok, output)
    assert.equal("fine\n", output)
  end)
end)
