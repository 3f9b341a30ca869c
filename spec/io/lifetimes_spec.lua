-- The end of objects and of whole Lua states: finalizers run in no useful order, and those of a
-- program may still call the library.

describe("the end of", function()
  local linger = require "ssl.io.linger"
  local house   = require "spec.support.init"
  local narrow  = require "spec.support.narrow"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local resources = require "spec.support.resources"
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

  it("a state leaves open connections alone, and later calls on them are harmless", function()
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

  -- A peer that reads late, and whose tickets a client has not read.
  local LATE = [[
    local socket, ssl = require "socket", require "ssl"
    local port, version, cert, key = unpack(arg)
    local listener = assert(socket.bind("127.0.0.1", tonumber(port)))
    local ctx = assert(ssl.newcontext { mode = "server", protocol = version,
                                        certificate = cert, key = key })
    assert(listener:accept()):close() -- who waited for the port
    local conn = assert(ssl.wrap(listener:accept(), ctx))
    assert(conn:dohandshake())
    io.read "*l"
    local total, word = 0
    repeat
      local data, why, partial = conn:receive(5000)
      total, word = total + #(data or partial), why
    until word
    print(total, word)
  ]]

  for _, version in ipairs(pair.versions) do
    it("a program hands the kernel as much as it takes, " .. version, function()
      local server_script = process.write(process.folder() .. "/late.lua", LATE)
      local port = process.free_port()
      local server = process.start { "luajit", server_script, port, version, pki.server.cert,
                                     pki.server.key, port = port }
      server:wait_port()
      local output, ok = fresh.luajit(([[
        local socket, ssl = require "socket", require "ssl"
        local conn = assert(ssl.wrap(assert(socket.connect("127.0.0.1", %d)),
                                     { mode = "client", protocol = %q }))
        assert(conn:dohandshake())
        if %q == "tlsv1_3" then socket.select({ conn }, nil, 20) end
        print((conn:send(("x"):rep(200000))))
      ]]):format(port, version, version))
      assert.is_true(ok, output)
      assert.equal("200000\n", output)
      server:write "now\n"
      server:wait()
      assert.equal("200000\tunexpected eof while reading\n", server:output())
      server:stop()
    end)

    it("a connection by the collector loses nothing that was reported as sent, " .. version,
       function()
      local open = resources.open_files()
      local server, client = narrow { protocol = version }
      -- Bytes that were read ahead would not count as unread.
      client:settimeout(0)
      local text, sent = ("x"):rep(1000000), 0
      repeat
        local last, _, partly = client:send(text)
        sent = sent + (last or partly)
      until not last
      getmetatable(client).__gc(client)
      assert.is_true(linger.count() > 0)
      server:settimeout(0.01)
      local late = house.patience()
      local got, word = 0
      repeat
        local data, why, partly = server:receive(#text)
        got, word = got + #(data or partly), why
        linger.poll()
        assert(not late(), "the end does not come")
      until word ~= "wantread"
      assert.same({ "unexpected eof while reading", true }, { word, got >= sent })
      server:close()
      resources.descriptors()
      assert.same({}, resources.more_than(open))
    end)
  end

  it("a dropped connection is a bare end for the peer: the data may be incomplete",
     function()
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
