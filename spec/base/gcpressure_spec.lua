-- OpenSSL's memory moves Lua's collector on, but only memory that has not been given back.

describe("the collector", function()
  local fresh = require "spec.support.fresh"

  -- How often the library moves it on while connections are made and dropped.
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
      local collect, count = collectgarbage, 0
      function collectgarbage(what, ...)
        if what == "step" then count = count + 1 end
        return collect(what, ...)
      end
      for _ = 1, 20 do connection() end
      print(count)
    ]])
    assert.is_true(ok, output)
    return tonumber(output:match "(%d+)\n$")
  end

  it("is left alone by connections that are closed", function()
    assert.equal(0, steps "c:close() s:close()")
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
end)
