-- One limit for connecting, the handshake, sending and receiving together.

describe("a deadline", function()
  local faulty     = require "spec.support.faulty"
  local house      = require "spec.support.init"
  local ours       = require "spec.support.ours"
  local pair       = require "spec.support.pair"
  local pki        = require "spec.support.pki"
  local process    = require "spec.support.process"
  local python_end = require "spec.support.python_end"
  local servers    = require "spec.support.servers"
  local socket     = require "socket"
  local ssl        = require "ssl"
  local transports = require "spec.support.transports"
  local values     = require "spec.support.values"
  local pack, raised = values.pack, values.raised

  after_each(process.stop_all)

  it("ends a call that would have to wait, with its own message, for any time limit", function()
    for _, limits in ipairs { {}, { 60, "b" }, { 60, "t" }, { 0, "b" } } do
      local server, client = pair.connected()
      if limits[1] then client:settimeout(unpack(limits)) end
      assert.same(pack(1), pack(client:setdeadline(0.05)))
      server:send "some"
      local word, partial
      repeat _, word, partial = client:receive(10, partial) until word ~= "wantread"
      assert.same({ "timeout", "some" }, { word, partial })
      -- The connection still works: received data is delivered, and a new deadline can be set.
      server:send "more\n"
      socket.select({ client }, nil, 10)
      assert.equal("more", (client:receive()))
      assert.same({ nil, "timeout", "" }, { client:receive() })
      client:setdeadline(nil)
      client:settimeout(0)
      assert.same({ nil, "wantread", "" }, { client:receive() })
      assert.is_nil(client:lasterror())
      client:close()
      server:close()
    end
  end)

  it("leaves shorter limits as they are", function()
    local server, client = pair.connected()
    client:setdeadline(3600)
    client:settimeout(0.01)
    assert.same({ nil, "wantread", "" }, { client:receive() })
    client:settimeout(0.01, "t")
    assert.same({ nil, "wantread", "" }, { client:receive() })
    client:settimeout(0)
    assert.same({ nil, "wantread", "" }, { client:receive() })
    client:close()
    server:close()
  end)

  it("may be over before anything is done", function()
    local server, client = pair.wrapped()
    client:setdeadline(0)
    assert.same(pack(false, "timeout"), pack(client:dohandshake()))
    client:setdeadline(-1)
    pair.handshake(server, client)
    client:setdeadline(0)
    assert.same({ 2, nil, nil }, { client:send "go" })
    assert.same({ nil, "timeout" }, { client:tlsshutdown() })
    client:close()
    server:close()
    assert.same(pack(1), pack(client:setdeadline(5)))
  end)

  it("ends a send to a peer that does not read", function()
    for _, limit in ipairs { 0, 60 } do
      local server, client = pair.connected()
      client:settimeout(limit)
      client:setdeadline(0.1)
      local text, sent, word = ("x"):rep(16000000), 0
      repeat
        local last, partly
        last, word, partly = client:send(text, sent + 1)
        sent = last or partly
      until last or word ~= "wantwrite"
      assert.equal("timeout", word)
      assert.is_true(sent < #text)
      client:close()
      server:close()
    end
  end)

  it("is looked at between the calls of a stream", function()
    local a, b = transports.pipe()
    local server = assert(ssl.wrap(a, pair.server_config()))
    local client = assert(ssl.wrap(b, pair.client_config()))
    pair.handshake(server, client)
    client:setdeadline(0)
    assert.same({ nil, "timeout", "" }, { client:receive() })
    client:setdeadline(60)
    assert.same({ nil, "wantread", "" }, { client:receive() })
    -- A stream whose methods yield and return few bytes at a time.
    local contexts = faulty.contexts "tlsv1_3"
    local s, c, _, two = faulty.wrapped(contexts)
    pair.handshake(s, c)
    function two.on_receive()
      socket.sleep(0.01)
      return nil, "wantread", ""
    end
    c:setdeadline(0.05)
    local word
    repeat word = select(2, c:receive()) until word ~= "wantread"
    assert.equal("timeout", word)
  end)

  it("is the result of engines instead of wantread", function()
    local client = assert(ssl.engine(pair.client_config()))
    assert.same({ nil, "wantread" }, { client:handshake() })
    client:connection():setdeadline(0)
    assert.same({ nil, "timeout" }, { client:handshake() })
  end)

  it("has a number of seconds", function()
    local _, client = pair.wrapped()
    assert.equal("bad argument #1 to 'setdeadline' (number expected, got table)",
                 raised(function() client:setdeadline {} end))
    client:close()
  end)

  describe("of ssl.connect", function()
    it("bounds the handshake", function()
      local listener = assert(socket.bind("127.0.0.1", 0))
      local _, port = listener:getsockname()
      for short, long in pairs { deadline = "timeout", timeout = "deadline" } do
        -- Time enough to connect, which is in the message.
        house.in_time(function(factor)
          assert.same({ nil, ("handshake with 127.0.0.1 port %d: timeout"):format(port) },
                      { ssl.connect("127.0.0.1", port,
                                    { [short] = 0.2 * factor, [long] = 3600 }) })
        end)
      end
      listener:close()
    end)

    it("goes on to bound what comes after it", function()
      house.in_time(function(factor)
        -- Enough for the handshake, and for the four bytes.
        local child = python_end("deaf", pki.server)
        local config = pair.client_config { deadline = factor }
        local conn = assert(ssl.connect("localhost", child.port, config))
        assert.equal("tail", (conn:receive(4)))
        assert.same({ nil, "timeout", "" }, { conn:receive() })
        conn:close()
      end)
    end)

    -- A byte every 0.05 s: no wait is long.
    it("is not extended by a peer that sends a little all the time", function()
      local child = servers.start { drip = { 1000, 0.05 } }
      local conn = assert(ours.connect(child.port))
      conn:settimeout(60)
      conn:setdeadline(0.5)
      local _, word, partial = conn:receive(1000)
      assert.equal("timeout", word)
      assert.is_true(#partial < 1000)
      conn:close()
    end)

    it("is a number", function()
      assert.matches("bad argument #3 to 'connect' %(number expected, got string%)",
                     raised(function() ssl.connect("localhost", 1, { deadline = "x" }) end))
    end)
  end)
end)
