-- OpenSSL's memory moves Lua's collector on, but only memory that has not been given back.

describe("the collector", function()
  local fresh = require "spec.support.fresh"

  -- How often the library moves it on while connections are made and dropped, and how far at
  -- most, in KB.
  local function steps(leave)
    local output, ok = fresh.luajit([[
      local pair = require "spec.support.pair"
      local ssl  = require "ssl"
      local server = assert(ssl.newcontext(pair.server_config()))
      local client = assert(ssl.newcontext(pair.client_config()))
      local function connection()
        local s, c = pair.connected(server, client)
        ]] .. leave .. [[
      end
      connection()
      local collect, count, most = collectgarbage, 0, 0
      function collectgarbage(what, far)
        if what == "step" then count, most = count + 1, math.max(most, far) end
        return collect(what, far)
      end
      for _ = 1, 20 do connection() end
      print(count, most)
    ]])
    assert.is_true(ok, output)
    local count, most = output:match "(%d+)\t(%d+)%.?%d*\n$"
    return tonumber(count), tonumber(most)
  end

  it("is left alone by connections that are closed", function()
    assert.equal(0, (steps "c:close() s:close()"))
  end)

  -- Memory that is given back twice would hide that of the others.
  it("is moved on by connections that are dropped beside some that are unwrapped", function()
    assert.is_true(steps [[
      c:settimeout(0)
      assert(select(2, c:unwrap()) == "wantread")
      assert(s:unwrap())
      c:settimeout(-1)
      assert(c:unwrap())
      local _, _ = pair.connected(server, client)
    ]] > 3)
  end)

  it("is moved on by connections that are dropped", function()
    assert.is_true(steps "local _ = s, c" > 3)
  end)

  -- A step ends the rest between two cycles, and the next ones follow at once.
  it("is not moved on for what a cycle has seen", function()
    local output, ok = fresh.luajit [[
      local gcpressure = require "ssl.base.gcpressure"
      local collect, count = collectgarbage, 0
      function collectgarbage(what, far)
        if what == "step" then count = count + 1 end
        return collect(what, far)
      end
      collect()
      local function take() for _ = 1, 5 do gcpressure.took(50) end return count end
      local first = take()
      for _ = 1, 3 do collect() take() end
      local cycles = count
      take()
      print(first, cycles, count > cycles)
    ]]
    assert.is_true(ok, output)
    assert.matches("^0\t0\ttrue\n$", output)
  end)

  -- A cycle costs as much as there is of Lua's memory.
  it("rests for longer where Lua has more memory, and not without end", function()
    local output, ok = fresh.luajit [[
      local gcpressure = require "ssl.base.gcpressure"
      local collect, steps = collectgarbage, 0
      function collectgarbage(what, ...)
        if what == "isrunning" then return true end
        if what ~= "step" then return collect(what, ...) end
        steps = steps + 1
      end
      local function pause(kilobytes)
        local held, taken = ("x"):rep(kilobytes * 1024), 0
        collect()
        collect "stop" -- no cycle but those above
        steps = 0
        while steps == 0 do
          gcpressure.took(50)
          taken = taken + 50
        end
        collect "restart"
        return taken, held
      end
      print((pause(100)) <= 1024, (pause(8192)) >= 4096, (pause(65536)) <= 8192 + 50)
    ]]
    assert.is_true(ok, output)
    assert.matches("^true\ttrue\ttrue\n$", output)
  end)

  -- A long step holds an event loop.
  it("is moved on by one connection at a time", function()
    local _, most = steps "local _ = s, c"
    assert.equal(require("ssl.base.gcpressure").CONNECTION, most)
  end)
end)
