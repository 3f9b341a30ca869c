-- Calls of two coroutines on one connection at once, over a stream whose methods yield.

describe("a connection over a stream that yields,", function()
  local ffi    = require "ffi"
  local ssl    = require "ssl"
  local pair   = require "spec.support.pair"
  local pki    = require "spec.support.pki"
  local faulty = require "spec.support.faulty"
  local needs  = require "spec.support.needs"
  local judges = needs.each(it, require("ssl.feature.onverify").supported,
                            "a handshake that stands still")

  -- Receives wait, as those of a cosocket do.
  local function waits(transport)
    function transport:on_receive(n)
      while self.data == "" and not self.ended do coroutine.yield() end
      return self:take(n)
    end
  end

  local function wrapped(server, client)
    local a, b = faulty.pipe()
    return assert(ssl.wrap(a, pair.server_config(server))),
           assert(ssl.wrap(b, pair.client_config(client))), a, b
  end

  local function connected(version, ...)
    local server, client, a, b = wrapped(...)
    pair.handshake(server, client)
    assert(client:info "protocol" == (version == "tlsv1_3" and "TLSv1.3" or "TLSv1.2"))
    waits(a)
    waits(b)
    return server, client, a, b
  end

  -- Start f in a coroutine, where it waits. A call of the result resumes it.
  local function waiting(f)
    local thread = coroutine.create(f)
    local function go_on()
      local ok, why = coroutine.resume(thread)
      assert(ok, why)
      return coroutine.status(thread) == "dead"
    end
    assert.is_false(go_on())
    return go_on
  end

  for _, version in ipairs(pair.versions) do
    local label = " (" .. version .. ")"
    local OF = { protocol = version }

    it("gives a line to one though another took its beginning" .. label, function()
      local server, client = connected(version, OF, OF)
      server:send "abc"
      local line
      local go_on = waiting(function() line = client:receive() end)
      assert.equal("abc", client:receiveany())
      server:send "d\nefgh\n"
      assert.is_true(go_on())
      assert.equal("d", line)
      assert.equal("efgh", client:receive())
    end)

    it("writes only to the memory of the call that waits" .. label, function()
      local server, client = connected(version, OF, OF)
      local mine, other = ffi.new "char[10]", ffi.new "char[10]"
      local result
      local go_on = waiting(function() result = { client:receiveinto(mine, 10) } end)
      assert.same({ nil, "busy", 0 }, { client:receiveinto(other, 4) })
      server:send "0123"
      assert.is_false(go_on())
      assert.same({ nil, "busy", 0 }, { client:receiveinto(other, 4) })
      server:send "456789"
      assert.is_true(go_on())
      assert.same({ 10, nil, nil }, result)
      assert.equal("0123456789", ffi.string(mine, 10))
      assert.equal(("\0"):rep(10), ffi.string(other, 10))
    end)

    it("shakes hands for one at a time, also while that one sends" .. label, function()
      local server, client, _, b = wrapped(OF, OF)
      function b:on_send(data)
        self:put(data)
        coroutine.yield()
        return #data
      end
      client:settimeout(0)
      local go_on = waiting(function() client:dohandshake() end)
      assert.same({ false, "busy" }, { client:dohandshake() })
      assert.is_true(go_on())
      b.on_send = nil
      pair.handshake(server, client)
      assert.same({ true, true }, { client:dohandshake(), server:dohandshake() })
    end)

    it("returns a failure to a send that waited meanwhile" .. label, function()
      local server, client, _, b = connected(version, OF, OF)
      local full = true
      function b:on_send(data)
        while full do coroutine.yield() end
        return self:put(data)
      end
      local result
      local go_on = waiting(function() result = { client:send(("x"):rep(100000)) } end)
      b.data = b.data .. "no record at all"
      client:receive() -- "busy", where the alert about it has to wait for the send
      full = false
      repeat until go_on()
      local _, word = client:receive()
      assert.not_equal("busy", word)
      assert.same({ nil, word }, { result[1], result[2] })
      server:close()
    end)
  end

  it("asks a client for a certificate for one at a time", function()
    local server, client, a, b = connected("tlsv1_3", {
      verify = { "peer", "post_handshake" }, cafile = pki.root.cert,
    }, { key = pki.client.key, certificate = pki.client.cert, posthandshakeauth = true })
    a.on_receive, b.on_receive = nil, nil
    local sent, word = false, nil
    function a:on_send(data)
      self:put(data)
      while not sent do coroutine.yield() end
      return #data
    end
    local go_on = waiting(function()
      local ok, why = server:requestcertificate()
      word = ok or why
    end)
    client:settimeout(0)
    client:receive(1)
    assert.same({ nil, "busy" }, { server:requestcertificate() })
    sent = true
    assert.is_true(go_on())
    assert.is_true(word)
    assert.is_truthy(server:getpeercertificate())
  end)

  -- OpenSSL has one paused call on a connection, and the next call of any kind goes on with it.
  judges("keeps a receive out while a function judges the certificate", function()
    local refusals, decided = 2, false
    local server, client, a, b = connected("tlsv1_3", {
      verify = { "peer", "post_handshake" }, cafile = pki.root.cert,
      onverify = function(_, fine)
        while not decided do coroutine.yield() end
        return fine
      end,
    }, { key = pki.client.key, certificate = pki.client.cert, posthandshakeauth = true })
    function a:on_send(data)
      refusals = refusals - 1
      if refusals >= 0 then return nil, "timeout" end
      self:put(data)
      coroutine.yield()
      return #data
    end
    b.on_receive = nil
    client:settimeout(0)
    assert.same({ nil, "timeout", 0 }, { server:send "y" })
    local result, word
    local receives = waiting(function() result = { server:receive(1) } end)
    local asks = waiting(function()
      local ok, why = server:requestcertificate()
      word = ok or why
    end)
    assert.is_false(receives())
    assert.equal("y", client:receive(1))
    client:receive(1)
    assert.is_false(asks())
    client:send "x"
    assert.is_true(receives())
    assert.same({ nil, "busy", "" }, result)
    decided, a.on_send = true, nil
    assert.is_true(asks())
    assert.is_true(word)
    assert.equal("x", server:receive(1))
  end)
end)
