-- conn:keyupdate: new keys in the middle of a session.

describe("keyupdate", function()
  local pair       = require "spec.support.pair"
  local pki        = require "spec.support.pki"
  local process    = require "spec.support.process"
  local full       = require "spec.support.full"
  local narrow     = require "spec.support.narrow"
  local ours       = require "spec.support.ours"
  local shake      = require "spec.support.shake"
  local transports = require "spec.support.transports"
  local values     = require "spec.support.values"
  local house      = require "spec.support.init"
  local ssl        = require "ssl"
  local needs = require "spec.support.needs"
  local it = needs.each(it, require("ssl.ffi.lib").has.SSL_key_update, "key updates")
  local pack, raised = values.pack, values.raised

  after_each(process.stop_all)

  local function connected(version)
    local s, c = pair.connected({ protocol = version or "tlsv1_3" })
    s:settimeout(20)
    c:settimeout(20)
    return s, c
  end

  for name, make in pairs(transports.kinds) do
    it("separates data before it and after it, both ways, over " .. name, function()
      local a, b = make({ protocol = "tlsv1_3" }, {})
      local at_server, at_client = pair.handshake(a, b)
      assert.same({ { true }, { true } }, { at_server, at_client })

      -- Each end in turn, as often as it takes: some kinds move few bytes at a time.
      local function both(...)
        local late = house.patience()
        local jobs = { ... }
        while #jobs > 0 do
          assert(not late(), "nothing moves")
          for i = #jobs, 1, -1 do
            if jobs[i]() then table.remove(jobs, i) end
          end
        end
      end
      local function until_true(f)
        return function()
          local ok, word = f()
          assert(ok or word == "wantread" or word == "wantwrite", word)
          return ok
        end
      end
      local function line(conn, text)
        local got = ""
        return function()
          local data, word, partial = conn:receive("*l", got)
          got = partial or got
          assert(data or word == "wantread" or word == "wantwrite", word)
          return data and assert.equal(text, data)
        end
      end
      local function say(conn, text)
        local last = 0
        return function()
          local done, word, sent = conn:send(text, last + 1)
          last = done or sent
          assert(done or word == "wantread" or word == "wantwrite", word)
          return done
        end
      end

      for i, step in ipairs { { a, b, true }, { b, a, true }, { a, b, false }, { b, a } } do
        local one, other, request = unpack(step)
        both(say(one, "before\n"), line(other, "before"))
        both(until_true(function() return one:keyupdate(request) end))
        both(say(one, "after " .. i .. "\n"), line(other, "after " .. i))
        both(say(other, "back " .. i .. "\n"), line(one, "back " .. i))
      end
      a:close()
      b:close()
    end)
  end

  it("may be called again and again, and by both ends at once", function()
    local s, c = connected()
    for i = 1, house.scale(50, 5) do
      assert.is_true(s:keyupdate(true))
      assert.is_true(c:keyupdate(true))
      s:send(i .. "\n")
      c:send(i .. "\n")
      assert.equal(tostring(i), (c:receive()))
      assert.equal(tostring(i), (s:receive()))
    end
    s:close()
    c:close()
  end)

  it("returns true and nothing else", function()
    local s, c = connected()
    assert.same(pack(true), pack(c:keyupdate()))
    assert.same(pack(true), pack(c:keyupdate(nil)))
    s:close()
    c:close()
  end)

  it("has to wait where the peer does not read, and goes on when it does", function()
    local s, c = narrow { protocol = "tlsv1_3" }
    s:settimeout(0)
    c:settimeout(0)
    local data = ("x"):rep(1000000)
    local sent = full(s, data)
    assert.same(pack(nil, "wantwrite"), pack(s:keyupdate(true)))
    local got = 0
    repeat got = got + #(c:receiveany() or "") until s:keyupdate(true)
    repeat
      local last, _, partial = s:send(data, sent + 1)
      sent = last or partial
      got = got + #(c:receiveany() or "")
    until sent == #data
    while got < #data do got = got + #(c:receiveany() or "") end
    c:settimeout(20)
    s:settimeout(20)
    c:send "fine\n"
    assert.equal("fine", (s:receive()))
    s:close()
    c:close()
  end)

  describe("is refused", function()
    it("up to TLS 1.2, and the session goes on", function()
      local s, c = connected "tlsv1_2"
      for _, conn in ipairs { s, c } do
        assert.same(pack(nil, "key update needs TLS 1.3"), pack(conn:keyupdate()))
      end
      c:send "still there\n"
      assert.equal("still there", (s:receive()))
      s:close()
      c:close()
    end)

    it("before the handshake, after close, and after a fatal error", function()
      local s, c = pair.wrapped()
      assert.same(pack(nil, "closed"), pack(c:keyupdate()))
      s:close()
      assert.same(pack(nil, "closed"), pack(s:keyupdate()))
      c:close()
      s, c = pair.wrapped({ protocol = "tlsv1_3" }, { cafile = pki.other.cert })
      shake(s, c)
      assert.is_nil((c:keyupdate()))
      s:close()
      c:close()
    end)

    it("after the end was announced", function()
      local a = assert(ssl.engine(pair.server_config { protocol = "tlsv1_3" }))
      local b = assert(ssl.engine(pair.client_config {}))
      repeat
        local one, other = a:handshake(), b:handshake()
        transports.pump(a, b)
      until one and other
      b:shutdown()
      assert.same(pack(nil, "closed"), pack(b:connection():keyupdate()))
    end)

    it("for others than booleans", function()
      local s, c = connected()
      assert.matches("boolean expected, got string", raised(function() c:keyupdate "now" end))
      s:close()
      c:close()
    end)
  end)

  describe("with openssl", function()
    it("s_server: our client's reaches it, and is answered when asked to", function()
      local port = process.free_port()
      local server = process.start { "openssl", "s_server", "-quiet", "-msg", "-tls1_3",
                                     "-accept", "127.0.0.1:" .. port, "-cert",
                                     pki.server.cert, "-key", pki.server.key, port = port }
      local conn = assert(ours.connect(server:wait_port().port))
      local function updates(direction)
        local _, n = server:output():gsub(direction .. " TLS 1.3, Handshake [^\n]*KeyUpdate", "")
        return n
      end
      assert.is_true(conn:keyupdate())
      conn:send "one\n"
      assert.is_truthy(server:wait_output "one")
      assert.same({ 1, 0 }, { updates "<<<", updates ">>>" })
      assert.is_true(conn:keyupdate(true))
      conn:send "two\n"
      assert.is_truthy(server:wait_output "two")
      server:write "back\n"
      assert.same({ "back" }, { conn:receive() })
      assert.same({ 2, 1 }, { updates "<<<", updates ">>>" })
      conn:close()
    end)

    it("s_client: its own is answered by our server", function()
      local server = ours.listen { protocol = "tlsv1_3" }
      local client = process.start { "openssl", "s_client", "-msg", "-connect",
                                     "127.0.0.1:" .. server.port }
      local conn = assert(server:accept())
      -- The peer updates its keys and requests an update of ours.
      client:write "K\n"
      assert.is_truthy(client:wait_output "KEYUPDATE")
      client:write "hello\n"
      assert.same({ "hello" }, { conn:receive() })
      conn:send "back\n"
      assert.is_truthy(client:wait_output "back")
      assert.matches("<<< TLS 1.3, Handshake [^\n]*KeyUpdate", client:output())
      conn:close()
    end)
  end)

  it("and gnutls-cli go on with each other's", function()
    local server = ours.listen { protocol = "tlsv1_3" }
    local client = process.start { "gnutls-cli", "--port", server.port, "--x509cafile",
                                   pki.root.cert, "--inline-commands", "localhost" }
    local conn = assert(server:accept())
    assert.is_true(conn:keyupdate(true))
    conn:send "one\n"
    assert.is_truthy(client:wait_output "one")
    client:write "^rekey^\n"
    client:write "hello\n"
    assert.same({ "hello" }, { conn:receive() })
    conn:send "two\n"
    assert.is_truthy(client:wait_output "two")
    conn:close()
  end)
end)
