-- The connection object: the result of every method in each state.

describe("a connection", function()
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local values  = require "spec.support.values"
  local ssl     = require "ssl"
  local core    = require "ssl.core"
  local pack, raised = values.pack, values.raised

  -- The methods that need a handshake return this message in state new and after close. After a
  -- failed handshake send and receive return its reason instead.
  local function answers_closed(conn, word)
    word = word or "closed"
    assert.same(pack(nil, "closed"), pack(conn:info()))
    assert.same(pack(nil, "closed"), pack(conn:info "cipher"))
    assert.same(pack(nil, "closed"), pack(core.compression(conn)))
    assert.same(pack(nil, word, 0), pack(conn:send "x"))
    assert.same(pack(0, nil, nil), pack(conn:send ""))
    assert.same(pack(nil, word, ""), pack(conn:receive()))
    assert.same(pack(nil, word, ""), pack(conn:receive(0)))
    assert.same(pack("pp", nil, nil), pack(conn:receive(2, "pp")))
    assert.same(pack(nil, word, "zz"), pack(conn:receive("*a", "zz")))
    assert.same(pack(nil, "closed"), pack(conn:getpeercertificate()))
    assert.same(pack(nil, "closed"), pack(conn:getpeercertificate(0)))
    assert.same(pack(nil, "closed"), pack(conn:getpeerchain()))
    assert.same(pack(false, "closed"), pack(conn:getpeerverification()))
    assert.same(pack(nil), pack(conn:getsniname()))
    assert.is_false(conn:dirty())
    assert.same(pack(1), pack(conn:settimeout(1)))
    assert.same(pack(1), pack(conn:settimeout()))
    local received, sent, age = conn:getstats()
    assert.same({ 0, 0 }, { received, sent })
    assert.is_true(age >= 0)
    assert.same(pack(1), pack(conn:setstats()))
  end

  local NEW = "^SSL connection: 0x%x+$"
  local CLOSED = "^SSL connection: 0x%x+ %(closed%)$"

  for _, version in ipairs(pair.versions) do
    local function wrapped()
      return pair.wrapped({ protocol = version }, { protocol = version })
    end

    it("answers as LuaSec's in state new, before and within a handshake, " .. version, function()
      local server, client = wrapped()
      for _, conn in ipairs { client, server } do
        answers_closed(conn)
        assert.same(pack(), pack(core.info(conn)))
        assert.equal("nothing", conn:want())
        assert.is_true(conn:getfd() >= 0)
        conn:settimeout(0)
        assert.same(pack(false, "wantread"), pack(conn:dohandshake()))
        answers_closed(conn)
        assert.equal("read", conn:want())
        assert.matches(NEW, tostring(conn))
      end
      server:close()
      client:close()
    end)

    it("stays in state new when its handshake failed, " .. version, function()
      local server, client = pair.wrapped({ protocol = version }, { cafile = pki.other.cert })
      server:settimeout(0)
      client:settimeout(0)
      local why
      for _ = 1, 10 do
        server:dohandshake()
        why = select(2, client:dohandshake())
        if why ~= "wantread" then break end
      end
      assert.equal("certificate verify failed", why)
      answers_closed(client, why)
      assert.matches(NEW, tostring(client))
      server:close()
      client:close()
    end)

    it("D2: answers every method after close, however often it is closed, " .. version, function()
      for _, make in ipairs { wrapped, pair.connected } do
        local server, client = make()
        for _, conn in ipairs { server, client } do
          assert.same(pack(), pack(conn:close()))
          assert.same(pack(), pack(conn:close()))
          answers_closed(conn)
          assert.same(pack(), pack(core.info(conn)))
          assert.matches(CLOSED, tostring(conn))
          assert.equal(-1, conn:getfd())
          assert.equal("nothing", conn:want())
          assert.same(pack(false, "closed"), pack(conn:dohandshake()))
          local map = setmetatable({}, { __index = string }) -- fits neither side
          assert.same(pack(), pack(conn:sni(conn == server and map or "localhost")))
          assert.equal("bad argument #1 to 'setfd' (invalid SSL object state)",
                       raised(function() core.setfd(conn, 5) end))
        end
      end
    end)

    it("keeps its statistics past close, " .. version, function()
      local server, client = pair.connected({ protocol = version })
      server:send "12345\n"
      client:receive()
      server:close()
      client:close()
      assert.same({ 0, 6 }, { (server:getstats()), (select(2, server:getstats())) })
      assert.same({ 6, 0 }, { (client:getstats()), (select(2, client:getstats())) })
    end)
  end

  it("is a userdata with LuaSec's metatable", function()
    local server, client = pair.wrapped()
    local meta = getmetatable(client)
    assert.equal("userdata", type(client))
    for name, method in pairs(meta.__index) do
      assert.same({ "string", "function" }, { type(name), type(method) })
      assert.equal(method, client[name])
    end
    assert.equal(meta.__index, getmetatable(server).__index)
    for _, field in ipairs { "__gc", "__close", "__tostring" } do
      assert.equal("function", type(meta[field]))
    end
    for _, absent in ipairs { "setfd", "gettimeout", "connect", "accept", "nothing" } do
      assert.is_nil(client[absent])
    end
    assert.is_false(client == server)
    assert.equal("yes", ({ [client] = "yes" })[client])
    assert.matches("attempt to index", raised(function() client.field = 1 end))
    meta.__gc(client)
    meta.__close(client)
    assert.matches(CLOSED, tostring(client))
    server:close()
  end)

  it("refuses a value that is no connection", function()
    local server, client = pair.wrapped()
    local ctx = assert(ssl.newcontext { mode = "client", protocol = "any" })
    for name, method in pairs(getmetatable(client).__index) do
      local call = loadstring(("local %s, self = ...; %s(self)"):format(name, name))
      for got, value in pairs { userdata = ctx, string = "x", table = {}, number = 5 } do
        assert.equal(("bad argument #1 to '%s' (SSL:Connection expected, got %s)")
                     :format(name, got), raised(call, method, value))
      end
      assert.equal(("bad argument #1 to '%s' (SSL:Connection expected, got no value)")
                   :format(name), raised(call, method))
    end
    server:close()
    client:close()
  end)

  it("sets what getstats reports, and all of it or nothing", function()
    local server, client = pair.wrapped()
    assert.same(pack(1), pack(client:setstats(5, "7", 100)))
    local received, sent, age = client:getstats()
    assert.same({ 5, 7 }, { received, sent })
    assert.is_true(age >= 100)
    assert.same(pack(1), pack(client:setstats(nil, 8, "x")))
    assert.equal("bad argument #2 to 'setstats' (number expected, got table)",
                 raised(function() client:setstats(1, {}) end))
    received, sent, age = client:getstats()
    assert.same({ 5, 8 }, { received, sent })
    assert.is_true(age >= 100)
    server:close()
    client:close()
  end)
end)
