-- The end of objects and of whole Lua states: finalizers run in no useful order, and a
-- user's may still call us.

describe("the end of", function()
  local house   = require "spec.support.init"
  local pair    = require "spec.support.pair"
  local values  = require "spec.support.values"
  local fresh   = require "spec.support.fresh"

  -- Every method of every object, from finalizers of the program's own, with objects
  -- in each phase left open.
  local STATE = [[
    local pair = require "spec.support.pair"
    local function watch(object)
      local guard = newproxy(true)
      getmetatable(guard).__gc = function()
        for _, f in pairs(getmetatable(object).__index) do pcall(f, object, "x", 1) end
        pcall(tostring, object)
        pcall(getmetatable(object).__gc, object)
        pcall(getmetatable(object).__close, object)
      end
      return guard
    end
    kept = {}
    local function keep(...)
      for i = 1, select("#", ...) do
        local object = select(i, ...)
        kept[#kept + 1] = object
        kept[#kept + 1] = watch(object)
      end
    end
    local ssl = require "ssl"
    local made, half, failed = { pair.connected() }, { pair.wrapped() }, { pair.wrapped() }
    half[2]:settimeout(0)
    half[2]:dohandshake()
    half[1]:settimeout(0)
    half[1]:dohandshake()
    failed[2]:getfd()
    made[2]:send "left unread"
    keep(unpack(made))
    keep(unpack(half))
    keep(unpack(failed))
    keep(made[2]:getpeercertificate(), assert(ssl.newcontext(pair.client_config())))
    keep(assert(ssl.engine(pair.client_config())))
    print "fine"
  ]]

  it("a state leaves open connections in peace, whoever still calls them", function()
    for _ = 1, house.scale(5, 1) do
      local output, ok = fresh.luajit(STATE)
      assert.is_true(ok, output)
      assert.matches("fine", output)
    end
  end)

  it("a connection by its finalizer is the same as any other, and only once", function()
    for _, name in ipairs { "__gc", "__close" } do
      local server, client = pair.connected()
      getmetatable(client)[name](client)
      getmetatable(client)[name](client)
      assert.equal(-1, client:getfd())
      assert.same({ nil, "closed", 0 }, { client:send "x" })
      assert.same({ nil, "closed", "" }, { client:receive() })
      assert.same({ false, "closed" }, { client:dohandshake() })
      client:close()
      server:close()
    end
  end)

  it("a dropped connection is a bare end for the peer: finalizers do no I/O", function()
    for _, version in ipairs(pair.versions) do
      local server = pair.connected { protocol = version }
      collectgarbage()
      collectgarbage()
      server:settimeout(5)
      local _, word = server:receive()
      assert.is_true(word == "unexpected eof while reading" or word == "closed", word)
      server:close()
    end
  end)

  it("a context that is collected does not end its connections, nor they it", function()
    local server, client = pair.connected()
    collectgarbage()
    collectgarbage()
    client:send "still there\n"
    assert.equal("still there", server:receive())
    server:close()
    client:close()
  end)

  it("connections captured by closures of their own comes with collection", function()
    local open = values.descriptors()
    local alive = setmetatable({}, { __mode = "k" })
    for _ = 1, house.scale(500, 20) do
      local server, client = pair.wrapped()
      alive[server], alive[client] = true, true
      server:sni(function() return server, client end)
    end
    assert.equal(open, values.descriptors())
    collectgarbage()
    assert.is_nil(next(alive))
  end)

  it("a finalizer's own traffic corrupts no result of the call it interrupts", function()
    local output, ok = fresh.luajit((([[
      local pair = require "spec.support.pair"
      local s1, c1 = pair.connected()
      local s2, c2 = pair.connected()
      local runs = 0
      local function litter()
        local p = newproxy(true)
        getmetatable(p).__gc = function()
          runs = runs + 1
          c2:send("other " .. runs .. "\n")
          assert(s2:receive() == "other " .. runs)
        end
      end
      for i = 1, ROUNDS do
        litter()
        local text = ("%d"):format(i):rep(50)
        c1:send(text .. "\n")
        assert(s1:receive() == text)
        local _ = { text .. i, {} }
      end
      collectgarbage()
      assert(runs > 0)
      print("runs", runs)
    ]]):gsub("ROUNDS", house.scale(5000, 300))))
    assert.is_true(ok, output)
    assert.matches("runs%s+%d+", output)
  end)
end)
