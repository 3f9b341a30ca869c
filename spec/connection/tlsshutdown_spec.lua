-- Ends of a session: tlsshutdown, shutdown, and ends without close_notify.

describe("the end of a session", function()
  local house      = require "spec.support.init"
  local full       = require "spec.support.full"
  local ours       = require "spec.support.ours"
  local pair       = require "spec.support.pair"
  local peers      = require "spec.support.peers"
  local pki        = require "spec.support.pki"
  local process    = require "spec.support.process"
  local python_end = require "spec.support.python_end"
  local transports = require "spec.support.transports"
  local values     = require "spec.support.values"
  local lib        = require "ssl.ffi.lib"
  local ssl        = require "ssl"
  local state      = require "ssl.io.state"
  local pack, raised = values.pack, values.raised

  after_each(process.stop_all)

  local function waits(word)
    return word == "wantread" or word == "wantwrite" or word == "timeout"
  end

  describe("by tlsshutdown", function()
    for kind, make in pairs(transports.kinds) do
      for _, version in ipairs(pair.versions) do
        local function connected()
          local server, client = make({ protocol = version }, { protocol = version })
          local done = {}
          for _ = 1, 100000 do
            for _, conn in ipairs { server, client } do
              conn:settimeout(0)
              done[conn] = done[conn] or conn:dohandshake()
            end
            if done[server] and done[client] then break end
          end
          return server, client
        end

        it(("takes both sides' close_notify, over %s, %s"):format(kind, version), function()
          local server, client = connected()
          assert.same({ 4, nil, nil }, { server:send "tail" })
          local result
          for _ = 1, 1000 do
            result = pack(client:tlsshutdown())
            if waits(result[2]) then break end
          end
          assert.is_nil(result[1])
          assert.is_true(waits(result[2]), result[2])
          -- The side that has sent close_notify cannot send any more. The other side can.
          assert.same({ nil, "closed", 0 }, { client:send "more" })
          assert.same({ 6, nil, nil }, { server:send " more\n" })
          for _ = 1, 10000 do
            result = pack(server:tlsshutdown())
            if not waits(result[2]) then break end
          end
          assert.same(pack(true), result)
          for _ = 1, 10000 do
            result = pack(client:tlsshutdown())
            if not waits(result[2]) then break end
          end
          assert.same(pack(true), result)
          assert.same(pack(true), pack(client:tlsshutdown()))
          -- Data before the peer's close_notify is there.
          assert.same({ "tail more", nil, nil }, { client:receive() })
          assert.same({ nil, "closed", "" }, { client:receive() })
          assert.is_nil(client:lasterror())
          client:close()
          server:close()
          assert.same(pack(nil, "closed"), pack(client:tlsshutdown()))
        end)
      end
    end

    it("is refused before the handshake, and after a failure", function()
      local server, client = pair.wrapped({}, { cafile = pki.other.cert })
      assert.same(pack(nil, "closed"), pack(client:tlsshutdown()))
      pair.handshake(server, client)
      local _, other = pair.wrapped()
      other:close()
      assert.same(pack(nil, "closed"), pack(other:tlsshutdown()))
    end)

    it("waits as long as the connection may, and can be asked again", function()
      local server, client = pair.connected()
      client:settimeout(0.01)
      assert.same(pack(nil, "wantread"), pack(client:tlsshutdown()))
      client:settimeout(0)
      assert.same(pack(nil, "wantread"), pack(client:tlsshutdown()))
      server:close()
      client:settimeout(10)
      assert.same(pack(true), pack(client:tlsshutdown()))
      client:close()
    end)

    it("waits for queued records to leave", function()
      local server, client = pair.connected()
      client:settimeout(0)
      server:settimeout(0)
      local text, word = ("x"):rep(house.scale(16000000, 8000000)), nil
      local sent = full(client, text)
      assert.same(pack(nil, "wantwrite"), pack(client:tlsshutdown()))
      local got = 0
      for _ = 1, 100000 do
        word = select(2, client:tlsshutdown())
        if word ~= "wantwrite" then break end
        got = got + #(server:receiveany() or "")
      end
      assert.equal("wantread", word)
      repeat
        local data
        data, word = server:receiveany()
        got = got + #(data or "")
      until word and not waits(word)
      assert.equal("closed", word)
      -- The record that was under way has arrived, too.
      assert.is_true(got >= sent and got - sent <= 16384)
      assert.equal("closed", (select(2, client:send(text, sent + 1))))
      server:close()
      client:close()
    end)

    it("is understood by Python, which goes on in the clear", function()
      local child = python_end("unwrap", pki.server)
      local conn = assert(ours.connect(child.port))
      assert.equal("tail", conn:receive(4))
      assert.is_true(conn:tlsshutdown())
      conn:close()
      assert.equal("unwrapped b''", child:wait_output "unwrapped b''" or child:output())
    end)

    it("is half an end to Python, which answers behind it", function()
      local child = python_end("half", pki.server)
      local conn = assert(ours.connect(child.port))
      conn:send "question"
      assert.is_true(conn:tlsshutdown())
      assert.equal("got question", (conn:receive "*a"))
      assert.equal("unwrapped", child:wait_output "unwrapped" or child:output())
      conn:close()
    end)

    it("is understood by GnuTLS", function()
      local child = peers.gnutls(pki.server)
      local conn = assert(ours.connect(child.port))
      conn:send "one\n"
      assert.equal("one", (conn:receive()))
      assert.is_true(conn:tlsshutdown())
      conn:close()
    end)
  end)

  describe("by shutdown", function()
    for _, version in ipairs(pair.versions) do
      it("of the sending half: the peer sees an end in order, and may still send, over "
         .. version, function()
        local server, client = pair.connected({ protocol = version, eof = "strict" },
                                              { protocol = version, eof = "strict" })
        client:send "question"
        assert.same(pack(1), pack(client:shutdown "send"))
        assert.same({ nil, "closed", 0 }, { client:send "more" })
        assert.equal("question", (server:receive "*a"))
        server:send "answer"
        server:close()
        assert.equal("answer", (client:receive "*a"))
        client:close()
      end)

      it("of all: nothing comes any more, over " .. version, function()
        local server, client = pair.connected({ protocol = version }, { protocol = version })
        assert.same(pack(1), pack(client:shutdown()))
        assert.same({ nil, "closed", "" }, { server:receive() })
        assert.is_nil((client:receive()))
        client:close()
        server:close()
      end)
    end

    -- OpenSSL answers the second key update, and nothing can be sent any more.
    it("of the sending half: data behind a peer's key updates is received", function()
      local server, client = pair.connected({ protocol = "tlsv1_3" }, { protocol = "tlsv1_3" })
      assert.same(pack(1), pack(client:shutdown "send"))
      for _ = 1, 3 do assert.is_true(server:keyupdate(true)) end
      server:send "answer"
      server:close()
      assert.same({ "answer", nil, nil }, { client:receive "*a" })
      client:close()
    end)

    it("before the handshake is the transport's alone", function()
      local server, client = pair.wrapped()
      assert.same(pack(1), pack(client:shutdown "both"))
      server:settimeout(10)
      assert.is_false((server:dohandshake()))
      client:close()
      server:close()
      assert.same(pack(nil, "closed"), pack(client:shutdown()))
    end)

    it("has LuaSocket's values, and raises for others", function()
      local server, client = pair.connected()
      assert.equal("bad argument #1 to 'shutdown' (invalid option 'x')", raised(function()
        client:shutdown "x"
      end))
      assert.equal("bad argument #1 to 'shutdown' (string expected, got table)",
                   raised(function() client:shutdown {} end))
      server:close()
      client:close()
    end)

    it("goes to a stream's own method, and needs one", function()
      local a, b = transports.pipe()
      local asked
      function a.shutdown(_, how)
        asked = how
        return 1
      end
      local server = assert(ssl.wrap(a, pair.server_config()))
      local client = assert(ssl.wrap(b, pair.client_config()))
      pair.handshake(server, client)
      assert.same(pack(nil, "not supported"), pack(client:shutdown "send"))
      assert.equal(1, client:send "x")
      assert.same(pack(1), pack(server:shutdown "send"))
      assert.equal("send", asked)
      assert.same({ nil, "closed", "" }, { client:receive() })
      assert.same(pack(nil, "not supported"),
                  pack(assert(ssl.engine(pair.client_config())):connection():shutdown()))
    end)
  end)

  describe("without close_notify", function()
    local WORDS = {
      cut   = { default = "unexpected eof while reading", strict = "truncated",
                lenient = "closed" },
      reset = { default = "closed", strict = "truncated", lenient = "closed" },
      unwrap = { default = "closed", strict = "closed", lenient = "closed" },
    }

    -- The result of a connection whose peer ends in some way.
    local function ends(port, how, version, choice, word)
      local conn = assert(ours.connect(port, {
        protocol = version, eof = choice ~= "default" and choice or nil }))
      assert.equal("tail", conn:receive(4))
      if how == "reset" then conn:send "go" end
      assert.same({ nil, word, "" }, { conn:receive() })
      assert.same({ nil, word, "" }, { conn:receive() })
      local problem = conn:lasterror()
      if how == "unwrap" or how == "cut" and word == "closed" then
        assert.is_nil(problem)
      else
        assert.equal(word, problem.message)
        assert.equal(how == "reset", problem.errno ~= nil)
      end
      conn:close()
    end

    for how, words in pairs(WORDS) do
      it("differs from an end in order by the configuration, for a peer in Python: " .. how,
         function()
        local child = python_end(how, pki.server)
        for _, version in ipairs(pair.versions) do
          for choice, word in pairs(words) do ends(child.port, how, version, choice, word) end
        end
      end)
    end

    local function cut_short(choice)
      local a, b = transports.pipe()
      local server = assert(ssl.wrap(a, pair.server_config()))
      local client = assert(ssl.wrap(b, pair.client_config { eof = choice }))
      pair.handshake(server, client)
      server:send "all of it"
      a:close()
      return client, server
    end

    it("ends a receive of everything where that is asked for, over a stream too", function()
      assert.same({ nil, "unexpected eof while reading", "all of it" },
                  { cut_short():receive "*a" })
      assert.same({ nil, "truncated", "all of it" }, { cut_short "strict":receive "*a" })
      local client = cut_short "lenient"
      assert.same({ "all of it", nil, nil }, { client:receive "*a" })
      assert.same({ nil, "closed", "" }, { client:receive "*a" })
      assert.is_true(client:tlsshutdown())
      assert.is_nil(client:lasterror())
      client:close()
    end)

    -- Versions before 3.0 have no option for it.
    it("is taken for an end in order also where OpenSSL has no option for that", function()
      local client, server = cut_short "lenient"
      lib.C.SSL_clear_options(state.of(client).conn.ssl,
                              lib.options.ignore_unexpected_eof or 0)
      assert.same({ "all of it", nil, nil }, { client:receive "*a" })
      assert.same({ nil, "closed", "" }, { client:receive() })
      assert.is_true(client:tlsshutdown())
      assert.is_nil(client:lasterror())
      client:close()
      server:close()
    end)

    it("is distinguished by engines", function()
      for choice, word in pairs { strict = "truncated", lenient = "closed" } do
        local server = assert(ssl.engine(pair.server_config { eof = choice }))
        local client = assert(ssl.engine(pair.client_config()))
        for _ = 1, 5 do
          client:handshake()
          transports.pump(client, server)
          server:handshake()
          transports.pump(client, server)
        end
        server:feed(nil)
        assert.same({ nil, word }, { server:read() })
      end
    end)

    it("is that of the context that a server name chose", function()
      local strict = assert(ssl.newcontext(pair.server_config { eof = "strict" }))
      local server, client = pair.wrapped()
      server:sni { ["some.test"] = strict }
      client:sni "some.test"
      pair.handshake(server, client)
      server:settimeout(10)
      getmetatable(client).__gc(client) -- closes the descriptor and says nothing
      assert.same({ nil, "truncated", "" }, { server:receive() })
      server:close()
    end)

    it("has two values in a configuration", function()
      for _, wrong in ipairs { "Strict", true, 5, {} } do
        assert.same(pack(nil, 'invalid eof ("strict" or "lenient" expected)'),
                    pack(ssl.newcontext(pair.client_config { eof = wrong })))
      end
      assert.is_truthy(ssl.newcontext(pair.client_config { eof = false }))
    end)
  end)
end)
