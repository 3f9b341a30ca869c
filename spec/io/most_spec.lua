-- How much one receive gathers: maxline, maxall, and memory that is refused.

describe("the most that one receive gathers", function()
  local ffi    = require "ffi"
  local pair   = require "spec.support.pair"
  local pki    = require "spec.support.pki"
  local shake  = require "spec.support.shake"
  local transports = require "spec.support.transports"
  local values = require "spec.support.values"
  local ssl    = require "ssl"
  local shim   = require "ssl.ffi.shim"
  local pack   = values.pack

  local LONG = "too long"

  local conns = {}
  after_each(function()
    for _, conn in ipairs(conns) do conn:close() end
    conns = {}
  end)

  -- A server with these keys, and its client.
  local function connected(extra)
    local s, c = pair.connected(extra)
    conns = { s, c }
    return s, c
  end

  local function bytes(n)
    return ("0123456789"):rep(math.ceil(n / 10)):sub(1, n)
  end

  -- In one record, and in many.
  local sizes = { ["at once"] = 1e6, ["in pieces"] = 7 }
  local function say(conn, text, size)
    for i = 1, #text, size do assert(conn:send(text:sub(i, i + size - 1))) end
  end

  for how, size in pairs(sizes) do
    describe("(" .. how .. ")", function()
      it("is of a line what stands before its LF", function()
        local s, c = connected { maxline = 100 }
        for _, stop in ipairs { "\n", "\r\n" } do
          local n = 101 - #stop
          say(c, bytes(n) .. stop, size)
          assert.same(pack(bytes(n), nil, nil), pack(s:receive()))
          say(c, bytes(n) .. "x" .. stop .. "next\n", size)
          assert.same(pack(nil, LONG, (bytes(n) .. "x\r"):sub(1, 100)), pack(s:receive()))
          assert.same(pack(stop == "\n" and "x" or "", nil, nil), pack(s:receive "*l"))
          assert.same(pack("next", nil, nil), pack(s:receive()))
        end
      end)

      it("counts what was there before", function()
        local s, c = connected { maxline = 100, maxall = 100 }
        say(c, bytes(150) .. "\n", size)
        assert.same(pack(nil, LONG, ("x"):rep(60) .. bytes(40)),
                    pack(s:receive("*l", ("x"):rep(60))))
        local long = ("x"):rep(200)
        for _, pattern in ipairs { "*l", "*a", 300 } do
          assert.same(pack(nil, LONG, long), pack(s:receive(pattern, long)))
        end
        assert.same(pack(nil, LONG, ("x"):rep(90) .. bytes(50):sub(1, 10)),
                    pack(s:receive("*a", ("x"):rep(90))))
        assert.same(pack(nil, LONG, ("x"):rep(90) .. bytes(60):sub(-10)),
                    pack(s:receive(101, ("x"):rep(90))))
        assert.equal(bytes(150):sub(61), (s:receive()))
      end)

      it("is of everything what the peer may send until it ends", function()
        local s, c = connected { maxall = 20000 }
        say(c, bytes(20000), size * 500)
        c:close()
        assert.same(pack(bytes(20000), nil, nil), pack(s:receive "*a"))
        s:close()
        s, c = connected { maxall = 20000 }
        say(c, bytes(20001), size * 500)
        c:close()
        assert.same(pack(nil, LONG, bytes(20000)), pack(s:receive "*a"))
        assert.same(pack("0", nil, nil), pack(s:receive "*a"))
      end)

      it("is the same for any number of bytes", function()
        local s, c = connected { maxall = 100 }
        say(c, bytes(350), size)
        assert.same(pack(bytes(100), nil, nil), pack(s:receive(100)))
        assert.same(pack(nil, LONG, bytes(100)), pack(s:receive(101)))
        assert.same(pack(nil, LONG, bytes(100)), pack(s:receive(math.huge)))
        c:close()
        assert.same(pack(nil, "closed", bytes(50)), pack(s:receive(1e15)))
      end)
    end)
  end

  it("holds over all calls of a program that never waits", function()
    local s, c = connected { maxline = 1000 }
    s:settimeout(0)
    local partial, calls, word = "", 0
    repeat
      calls = calls + 1
      c:send(bytes(30))
      word, partial = select(2, s:receive("*l", partial))
    until word ~= "wantread"
    assert.equal(LONG, word)
    assert.equal(1000, #partial)
    assert.is_true(calls > 30)
  end)

  it("does not hold for receiveany", function()
    local s, c = connected { maxline = 10, maxall = 10 }
    c:send(bytes(100))
    assert.equal(bytes(100), (s:receiveany()))
    c:send(bytes(100))
    local buffer = ffi.new "char[100]"
    assert.equal(100, (s:receiveinto(buffer, 100)))
  end)

  it("limits the bytes kept while it waits for the end, and then it goes on", function()
    for _, method in ipairs { "tlsshutdown", "unwrap" } do
      local s, c = connected { maxall = 100 }
      c:send(bytes(250))
      c:close()
      assert.same(pack(nil, LONG), pack(s[method](s)))
      assert.equal(bytes(200), (s:receiveany(200)))
      assert.is_truthy((s[method](s)))
      s:close()
    end
  end)

  it("does not stop an engine from dropping what comes before the end", function()
    local s = assert(ssl.engine(pair.server_config { maxall = 100 }))
    local c = assert(ssl.engine(pair.client_config()))
    repeat
      local one, other = s:handshake(), c:handshake()
      transports.pump(s, c)
    until one and other
    for _ = 1, 10 do assert.equal(90, c:write(bytes(90))) end
    c:shutdown()
    s:feed(c:drain())
    assert.same(pack(true), pack(s:shutdown()))
  end)

  it("is the context's that the server name has chosen", function()
    local server, client = pair.wrapped({ maxline = 10 }, {})
    conns = { server, client }
    server:sni { ["other.test"] = assert(ssl.newcontext(pair.server_config { maxline = 20 })) }
    client:sni "other.test"
    assert.same({ true, true }, { shake(server, client) })
    server:settimeout(nil)
    client:send(bytes(30) .. "\n")
    assert.same(pack(nil, LONG, bytes(20)), pack(server:receive()))
  end)

  it("is large by default", function()
    local s, c = connected()
    local text = bytes(5e6)
    s:settimeout(0)
    c:settimeout(0)
    local last, got = 0, ""
    repeat
      local sent, _, part = c:send(text .. "\n", last + 1)
      last = sent or part
      local _, _, partial = s:receive("*l", got)
      got = partial or text
    until last == #text + 1 and #got == #text
    assert.is_true(got == text)
  end)

  it("is a whole number from 1 on, or infinity", function()
    for _, key in ipairs { "maxline", "maxall" } do
      for _, wrong in ipairs { 0, -1, 1.5, "100", true, {}, 0 / 0 } do
        assert.same(pack(nil, ("invalid %s (a whole number from 1 on expected)"):format(key)),
                    pack(ssl.newcontext(pair.server_config { [key] = wrong })))
      end
      assert(ssl.newcontext(pair.server_config { [key] = math.huge }))
      assert(ssl.newcontext(pair.server_config { [key] = false }))
    end
  end)

  -- The buffer gets the size of the largest one.
  it("returns a message without memory, and keeps the received bytes", function()
    local FULL = 2^31 - 101
    local s, c = connected { maxall = math.huge, maxline = math.huge }
    c:send "some"
    assert.equal("s", (s:receive(1)))
    local conn = getmetatable(s).conn
    local first, last, size = conn.plain_beg, conn.plain_end, conn.plain_size
    conn.plain_beg, conn.plain_end, conn.plain_size = 0, FULL, FULL
    for _, prefix in ipairs { "", "x" } do
      assert.same(pack(nil, "not enough memory", prefix), pack(s:receive(2^31 + 1, prefix)))
      assert.same({ 0, FULL }, { conn.plain_beg, conn.plain_end })
    end
    conn.plain_beg, conn.plain_end, conn.plain_size = first, last, size
    c:send " more\n"
    assert.equal("ome more", (s:receive()))
    c:close()
    assert.same(pack(nil, "closed", ""), pack(s:receive()))
  end)

  it("has a message where the transport's buffers are refused", function()
    local ENOMEM = 12
    assert.equal("not enough memory", ffi.string(shim.C.errno_word(ENOMEM)))
    local s, c = connected { cafile = pki.root.cert }
    getmetatable(s).conn.in_error = ENOMEM
    c:send "some"
    assert.same(pack(nil, "not enough memory", ""), pack(s:receive()))
    assert.same(pack(nil, "not enough memory", ""), pack(s:receive()))
  end)
end)
