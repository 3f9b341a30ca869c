-- A peer that is gone without close_notify: the result does not depend on the first call.

describe("a peer that is gone", function()
  local ffi        = require "ffi"
  local ssl        = require "ssl"
  local house      = require "spec.support.init"
  local pair       = require "spec.support.pair"
  local middle     = require "spec.support.middle"
  local transports = require "spec.support.transports"
  local values     = require "spec.support.values"
  local wire       = require "spec.support.wire"
  local wording    = require "spec.support.wording"

  local FILE = "README.md"

  -- Every call that needs the peer, and its message.
  local CALLS = {
    send        = function(conn) return (select(2, conn:send "x")) end,
    ["a long send"] = function(conn) return (select(2, conn:send(("x"):rep(300000)))) end,
    sendv       = function(conn) return (select(2, conn:sendv { "x", "y" })) end,
    sendfrom    = function(conn)
      return (select(2, conn:sendfrom(ffi.cast("const char *", "x"), 1)))
    end,
    sendfile    = function(conn)
      local file = assert(io.open(FILE, "rb"))
      local _, word = conn:sendfile(file)
      file:close()
      return word
    end,
    keyupdate   = function(conn) return (select(2, conn:keyupdate())) end,
    receive     = function(conn) return (select(2, conn:receive())) end,
    ["receive of all"] = function(conn)
      local whole, word, part = conn:receive "*a"
      assert.same({ nil, "" }, { whole, part })
      return word
    end,
    receiveany  = function(conn) return (select(2, conn:receiveany())) end,
    receiveinto = function(conn)
      return (select(2, conn:receiveinto(ffi.new "char[5]", 5)))
    end,
    tlsshutdown = function(conn) return (select(2, conn:tlsshutdown())) end,
    unwrap      = function(conn) return (select(2, conn:unwrap())) end,
  }

  local names = values.some(CALLS, house.scale(1, 3))

  local contexts = {}
  setup(function()
    for _, version in ipairs(pair.versions) do
      contexts[version] = assert(ssl.newcontext(pair.server_config { protocol = version }))
      for _, eof in ipairs { "strict", "lenient", "absent" } do
        contexts[version .. eof] = assert(ssl.newcontext(pair.client_config {
          protocol = version, eof = eof ~= "absent" and eof or nil }))
      end
    end
  end)

  -- A client, and a relay in the place of its peer.
  local function connected(version, eof)
    local w, _, client = wire.connected(contexts[version], contexts[version .. eof])
    client:receive() -- the tickets
    client:settimeout(10)
    return client, w
  end

  -- A client whose peer's system has reset the connection.
  local function reset(version, eof)
    local client, w = connected(version, eof)
    w:cut "rst"
    return client
  end

  local function reads(name)
    return name:find "^receive" or name == "tlsshutdown" or name == "unwrap"
  end

  for _, version in ipairs(pair.versions) do
    it("by a reset is closed to each call, whichever came before (" .. version .. ")", function()
      for i = 1, #names do
        for j = 1, #names do
          local first, second = names[i], names[j]
          local call, again = CALLS[first], CALLS[second]
          local client = reset(version, "absent")
          -- TLS 1.2 has no key updates.
          local refused = version == "tlsv1_2" and "key update needs TLS 1.3"
          local at_first, at_second = call(client), again(client)
          if first ~= "keyupdate" or at_first ~= refused then
            assert.same({ first, "closed" }, { first, at_first })
          end
          if second ~= "keyupdate" or at_second ~= refused then
            assert.same({ first, second, "closed" }, { first, second, at_second })
          end
          assert.is_false(client:ended())
          client:close()
        end
      end
    end)

    it("by a reset is a cut for receive with strict eof, also behind a "
       .. "send that met it (" .. version .. ")", function()
      for _, first in ipairs(names) do
        local client = reset(version, "strict")
        local word = CALLS[first](client)
        if reads(first) then assert.same({ first, "truncated" }, { first, word }) end
        assert.same({ nil, "truncated", "" }, { client:receive "*a" })
        assert.is_nil((client:tlsshutdown()))
        client:close()
      end
    end)

    it("by a reset has not ended in order, even where a cut is as good (" .. version .. ")",
       function()
      for _, name in ipairs(names) do
        local client = reset(version, "lenient")
        CALLS[name](client)
        assert.same({ nil, "closed", "" }, { client:receive "*a" })
        assert.is_nil((client:tlsshutdown()))
        assert.is_false(client:ended())
        client:close()
      end
    end)

    for _, kind in ipairs { "a descriptor", "a stream" } do
      -- A client that has received the alert. The relay cannot send it anything more.
      local function told(level, description)
        local m = middle.connected(kind, version)
        assert(m.server:send "half of it")
        m:move()
        m:to_client(m:forger():alert(level, description))
        m:cut()
        -- A read from a stream may wait.
        local fatal = level == 2 and kind ~= "a stream"
        local word = fatal and wording "sslv3 alert handshake failure" or "closed"
        local words = {}
        for i = 1, 3 do words[i] = select(2, m.client:send(("x"):rep(i))) end
        assert.same({ word, word, word }, words)
        return m.client, m
      end

      it(("has left an alert, which each send returns, over %s (%s)"):format(kind, version),
         function()
        for name, call in pairs(CALLS) do
          local client, m = told(2, 40)
          local stream = kind == "a stream"
          -- TLS 1.2 has no key updates.
          if name:find "send" or name == "keyupdate" and not stream then
            local word = stream and "closed" or wording "sslv3 alert handshake failure"
            assert.same({ name, word }, { name, call(client) })
          end
          m:close()
        end
      end)

      local ENDS = { tlsshutdown = true, unwrap = true }

      it(("has left an alert that is read behind a send that was refused, over %s (%s)")
         :format(kind, version), function()
        local alerted = wording "sslv3 alert handshake failure"
        for _, name in ipairs { "receive", "tlsshutdown", "unwrap" } do
          local client, m = told(2, 40)
          if ENDS[name] then assert.equal(alerted, CALLS[name](client)) end
          assert.same({ nil, alerted, "half of it" }, { client:receive "*a" })
          assert.same({ nil, alerted }, { client:tlsshutdown() })
          assert.equal(40, client:lasterror().alert.code)
          m:close()
        end
      end)

      it(("has ended in order with close_notify, and takes no answer, over %s (%s)")
         :format(kind, version), function()
        for name in pairs(ENDS) do
          local client, m = told(1, 0)
          assert.same({ nil, "closed" }, { client[name](client) })
          assert.is_true(client:ended())
          local shut = kind == "a stream" and "not supported" or "closed"
          assert.same({ nil, shut }, { client:shutdown "send" })
          assert.same({ "half of it", nil, nil }, { client:receive "*a" })
          m:close()
        end
      end)
    end

    it("is closed with a cosocket's message, too (" .. version .. ")", function()
      for _, word in ipairs { "broken pipe", "connection reset by peer", "Broken pipe" } do
        for eof, at_receive in pairs { absent = "closed", strict = "truncated" } do
          local a, b = transports.pipe()
          local server = assert(ssl.wrap(a, contexts[version]))
          local client = assert(ssl.wrap(b, assert(ssl.newcontext(pair.client_config {
            protocol = version, eof = eof ~= "absent" and eof or nil }))))
          pair.handshake(server, client)
          b.send = function() return nil, word, 0 end
          b.receive = function() return nil, word, "" end
          assert.same({ nil, "closed", 0 }, { client:send "x" })
          assert.same({ nil, "closed", 0 }, { client:send "more" })
          assert.same({ nil, at_receive, "" }, { client:receive() })
          assert.is_false(client:ended())
        end
      end
    end)

    -- The system returns EPIPE here.
    it("behind an end of its own returns closed to a send (" .. version .. ")", function()
      for _, name in ipairs(names) do
        if name:find "send" then
          local client, w = connected(version, "absent")
          w.near:shutdown "send"
          w:cut "rst"
          assert.same({ name, "closed" }, { name, CALLS[name](client) })
          assert.same({ nil, "unexpected eof while reading", "" }, { client:receive() })
          client:close()
        end
      end
    end)
  end
end)
