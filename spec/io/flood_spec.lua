-- Limits hold for every peer: floods of records that bring no plaintext.

describe("a flood of records without plaintext", function()
  local ffi        = require "ffi"
  local socket     = require "socket"
  local limits     = require "spec.support.limits"
  local needs      = require "spec.support.needs"
  local pair       = require "spec.support.pair"
  local pki        = require "spec.support.pki"
  local sessions   = require "spec.support.sessions"
  local shake      = require "spec.support.shake"
  local transports = require "spec.support.transports"
  local values     = require "spec.support.values"
  local house      = require "spec.support.init"
  local lib        = require "ssl.ffi.lib"
  local pack       = values.pack

  -- Functions that the library does not declare, under names of this spec's own.
  ffi.cdef [[
  int spec_flood_SSL_renegotiate(void *ssl) __asm__("SSL_renegotiate");
  int spec_flood_ioctl(int fd, unsigned long request, int *value) __asm__("ioctl");
  ]]
  local SIOCOUTQ = 0x5411

  local MANY = house.scale(200, 60)
  -- Of a flood a call goes past a tenth at most, and past three times as much where OpenSSL
  -- itself goes past three records.
  local CALLS = MANY / 10 / limits.records_passed

  local function conn_of(c) return getmetatable(c).conn end

  local function close(...)
    for _, conn in ipairs { ... } do conn:close() end
  end

  -- The peer's kernel has all that was sent.
  local function wait_until_arrived(conn)
    local left = ffi.new "int[1]"
    repeat assert(ffi.C.spec_flood_ioctl(conn:getfd(), SIOCOUTQ, left) == 0) until left[0] == 0
  end

  local floods = {}

  floods["key updates"] = { version = "tlsv1_3", send = function(from)
    for _ = 1, MANY do assert(from:keyupdate()) end
  end }

  floods["key updates that demand an answer"] = { version = "tlsv1_3", send = function(from)
    for _ = 1, MANY do assert(from:keyupdate(true)) end
  end }

  floods["requests for a new handshake"] = { version = "tlsv1_2", send = function(from)
    local ssl = conn_of(from).ssl
    for _ = 1, MANY do
      assert(lib.openssl.ssl.spec_flood_SSL_renegotiate(ssl) == 1)
      assert(lib.C.SSL_do_handshake(ssl) == 1)
    end
  end }

  -- The server has sent a flood, and a line behind it.
  local function flooded(flood, extra)
    local s, c = pair.connected({ protocol = flood.version, renegotiation = true }, extra)
    if flood.version == "tlsv1_3" then -- past the session tickets
      s:send "first\n"
      assert(c:receive() == "first")
    end
    flood.send(s)
    s:send "behind\n"
    return s, c
  end

  for name, flood in pairs(floods) do
    describe("(" .. name .. ")", function()
      it("does not hold a receive at time limit 0, and data behind it arrives", function()
        local s, c = flooded(flood)
        c:settimeout(0)
        local calls, data, word = 0
        repeat
          calls = calls + 1
          data, word = c:receive()
          if not data then
            assert.equal("wantread", word)
            assert.equal(c, socket.select({ c }, nil, 30)[1])
          end
        until data
        assert.equal("behind", data)
        assert.is_true(calls > CALLS, calls .. " calls")
        close(s, c)
      end)

      it("does not hold a loop that knows the descriptor alone", function()
        local s, c = flooded(flood)
        c:settimeout(0)
        local fd = c:getfd()
        local bare = { getfd = function() return fd end }
        local buffer, got, calls = ffi.new "char[7]", 0, 0
        repeat
          calls = calls + 1
          local _, word, there = c:receiveinto(buffer + got, 7 - got)
          got = got + (there or 7 - got)
          if got < 7 then
            assert.equal("wantread", word)
            assert.equal(bare, socket.select({ bare }, nil, 30)[1])
          end
        until got == 7
        assert.equal("behind\n", ffi.string(buffer, 7))
        assert.is_true(calls > CALLS, calls .. " calls")
        close(s, c)
      end)

      it("does not put off a deadline or a time limit", function()
        local s, c = flooded(flood)
        c:setdeadline(0)
        assert.same(pack(nil, "timeout", ""), pack(c:receive()))
        assert.same(pack(nil, "timeout"), pack(c:receiveany()))
        c:setdeadline(nil)
        for _, mode in ipairs { "b", "t" } do
          c:settimeout(1e-9, mode)
          assert.same(pack(nil, "wantread", ""), pack(c:receive()))
        end
        c:settimeout(nil, "b")
        c:settimeout(nil, "t")
        assert.equal("behind", (c:receive()))
        close(s, c)
      end)

      it("is skipped by a call that may wait, also one that waits for the end", function()
        local s, c = flooded(flood)
        assert.equal("behind", (c:receive()))
        flood.send(s)
        s:close()
        assert.same(pack(true), pack(c:tlsshutdown()))
        close(s, c)
      end)
    end)
  end

  for name, make in pairs(transports.kinds) do
    it("stalls nothing over " .. name, function()
      needs.has("SSL_key_update", "key updates")
      local a, b = make({ protocol = "tlsv1_3" }, {})
      local at_server, at_client = pair.handshake(a, b)
      assert.same({ { true }, { true } }, { at_server, at_client })
      local got, n, last = "", 0, 0
      local late = house.patience()
      repeat
        if n < 20 and a:keyupdate(n % 2 == 0) then n = n + 1 end
        if n == 20 and last < 5 then
          local sent, _, part = a:send("over\n", last + 1)
          last = sent or part
        end
        got = select(3, b:receive("*l", got)) or "over"
        if got ~= "over" then a:receive() end
        assert(not late(), "nothing moves")
      until got == "over"
      close(a, b)
    end)
  end

  it("of session tickets does not extend a deadline, with any receiver of the sessions", function()
    needs.resumption "tlsv1_3"
    for _, onsession in ipairs { false, function() end } do
      local server = sessions.server { protocol = "tlsv1_3", tickets = 64 }
      local client = sessions.client { protocol = "tlsv1_3", onsession = onsession }
      local s, c = pair.wrapped(server, client.context)
      assert.same({ true, true }, { shake(s, c) })
      s:send "behind\n"
      c:settimeout(nil)
      c:setdeadline(0)
      assert.same(pack(nil, "timeout", ""), pack(c:receive()))
      c:setdeadline(nil)
      c:settimeout(1e-9, "t")
      assert.same(pack(nil, "wantread", ""), pack(c:receive()))
      c:settimeout(0)
      assert.same(pack(nil, "wantread", ""), pack(c:receive()))
      assert.is_true(c:dirty() or socket.select({ c }, nil, 0)[1] == c)
      c:settimeout(nil)
      c:settimeout(nil, "t")
      assert.equal("behind", (c:receive()))
      close(s, c)
    end
  end)

  it("is no such thing as the tickets before a server's first answer: one call", function()
    for _, tickets in ipairs { 0, 1, 2, 4 } do
      local s, c = pair.wrapped({ protocol = "tlsv1_3", tickets = tickets }, {})
      assert.same({ true, true }, { shake(s, c) })
      s:send "answer\n"
      c:settimeout(0)
      wait_until_arrived(s)
      assert.equal("answer", (c:receive()))
      close(s, c)
    end
  end)

  it("does not hold a request for a certificate, nor stall it", function()
    local s, c = pair.connected({ protocol = "tlsv1_3", cafile = pki.root.cert },
                                { posthandshakeauth = true, key = pki.client.key,
                                  certificate = pki.client.cert })
    for _ = 1, MANY do assert(c:keyupdate()) end
    s:setdeadline(0)
    assert.same(pack(nil, "timeout"), pack(s:requestcertificate()))
    s:setdeadline(nil)
    s:settimeout(0)
    local calls, ok, word = 0
    repeat
      c:settimeout(0)
      assert.equal("wantread", select(2, c:receive()))
      calls = calls + 1
      ok, word = s:requestcertificate()
      assert(ok or word == "wantread", word)
      -- The server may wait for the client's answer only.
      if not ok and calls < MANY then
        assert.equal(s, socket.select({ s }, nil, 30)[1])
      end
    until ok
    close(s, c)
  end)
end)
