-- OpenSSL's memory and the descriptors are invisible to Lua's collector: a program
-- that drops connections must stay small all the same.

describe("connections that are dropped or closed by the thousand", function()
  local fresh  = require "spec.support.fresh"
  local house  = require "spec.support.init"
  local pair   = require "spec.support.pair"
  local ssl    = require "ssl"
  local values = require "spec.support.values"

  local server_context = assert(ssl.newcontext(pair.server_config()))
  local client_context = assert(ssl.newcontext(pair.client_config()))

  -- MiB
  local function resident()
    local file = assert(io.open "/proc/self/status")
    local text = file:read "*a"
    file:close()
    return tonumber(text:match "VmRSS:%s+(%d+)") / 1024
  end

  -- Half of them never closed; one of twenty connected and used, the others left in
  -- the middle of the handshake.
  local function visit(i)
    local server, client
    if i % 20 == 0 then
      server, client = pair.connected(server_context, client_context)
      client:send "a line\n"
      assert(server:receive() == "a line")
    else
      server, client = pair.wrapped(server_context, client_context)
      client:settimeout(0)
      client:dohandshake()
    end
    if i % 2 == 0 then
      server:close()
      client:close()
    end
  end

  -- The most descriptors and MiB on the way.
  local function visits(n)
    local descriptors, memory = 0, 0
    for i = 1, n do
      visit(i)
      if i % 100 == 0 then
        descriptors = math.max(descriptors, values.descriptors(true))
        memory = math.max(memory, resident())
      end
    end
    return descriptors, memory
  end

  local function settle()
    collectgarbage()
    collectgarbage()
    return values.descriptors(), resident()
  end

  for name, strings in pairs { ["an empty"] = 0, ["a large"] = house.share(200000, 50000, 2000) } do
    it("stay bounded beside " .. name .. " Lua heap, and come back to where they were",
       function()
      local heap = {}
      for i = 1, strings do heap[i] = ("%099d"):format(i) .. ("%099d"):format(-i) end
      visits(house.share(400, 100, 20))
      local descriptors, memory = settle()
      local most, peak = visits(house.share(3000, 1500, 60))
      assert.is_true(most < descriptors + 600, "descriptors: " .. most)
      assert.is_true(peak < memory + 60, ("MiB: %.1f, then %.1f"):format(memory, peak))
      local after, left = settle()
      assert.equal(descriptors, after)
      assert.is_true(left < memory + 30, ("MiB: %.1f, then %.1f"):format(memory, left))
      assert.equal(strings, #heap)
    end)
  end

  it("hold no buffer while they are idle", function()
    local state = require "ssl.io.state"
    local server, client = pair.connected(server_context, client_context)
    server:settimeout(0)
    client:settimeout(0)
    client:send "a line\nand half"
    assert.equal("a line", server:receive())
    assert.same({ nil, "wantread", "and half" }, { server:receive() })
    client:receive()
    for _, conn in ipairs { server, client } do
      local struct = state.of(conn).conn
      assert.is_true(struct["in"] == nil and struct.out == nil and struct.plain == nil)
    end
    server:close()
    client:close()
  end)

  it("leave a collector alone that the program has stopped", function()
    -- In a process of its own: forced collection starts a stopped collector again.
    local output, ok = fresh.luajit [[
      local pair = require "spec.support.pair"
      collectgarbage "stop"
      for _ = 1, 40 do
        local server, client = pair.wrapped()
        server:close()
        client = nil
      end
      print(collectgarbage "isrunning")
    ]]
    assert.is_true(ok, output)
    assert.matches("false", output)
  end)
end)
