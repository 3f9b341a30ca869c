-- Bytes that are no TLS, before the handshake and after it.

describe("input that is not TLS", function()
  local ssl    = require "ssl"
  local lib    = require "ssl.ffi.lib"
  local limits = require "spec.support.limits"
  local needs  = require "spec.support.needs"
  local pair   = require "spec.support.pair"
  local wire   = require "spec.support.wire"

  local CONTENT = { alert = "\21", handshake = "\22", data = "\23" }

  local function record(kind, body, length)
    length = length or #body
    return CONTENT[kind] .. "\3\3" .. string.char(math.floor(length / 256), length % 256)
           .. body
  end

  -- The same bytes in every run. The block is made once: the mode that collects all the time
  -- takes minutes for loops.
  local BLOCK = (function()
    local x, out = 20240229, {}
    for i = 1, 4096 do
      x = (x * 1103515245 + 12345) % 2147483648
      out[i] = string.char(math.floor(x / 65536) % 256)
    end
    return table.concat(out)
  end)()

  local function garbage(n)
    return BLOCK:rep(math.ceil(n / #BLOCK)):sub(1, n)
  end

  local function clear(word)
    return type(word) == "string" and #word > 3 and not word:find("(null)", 1, true)
       and (limits.says_unknown or not word:find "unknown")
       and word ~= "wantread" and word ~= "wantwrite"
  end

  local function queue_is_empty()
    assert.equal(0, tonumber(lib.C.ERR_peek_error()))
  end

  -- A connection whose peer is a plain socket that sends `text`.
  local function facing(text, ctx, ends)
    local sock, raw = pair.tcp()
    local conn = assert(ssl.wrap(sock, ctx))
    assert(raw:send(text))
    if ends then raw:shutdown "send" end
    conn:settimeout(10)
    return conn, raw
  end

  local PLAIN_ALERT = record("alert", "\2\40")

  for _, version in ipairs(pair.versions) do
    describe("in " .. version, function()
      local ctx = {
        server = assert(ssl.newcontext(pair.server_config { protocol = version })),
        client = assert(ssl.newcontext(pair.client_config { protocol = version })),
      }

      -- Fails the handshake; returns its message, which stays.
      local function refused(side, text, ends)
        local conn, raw = facing(text, ctx[side], ends)
        local ok, word = conn:dohandshake()
        assert.is_false(ok)
        queue_is_empty()
        for _ = 1, 3 do assert.same({ false, word }, { conn:dohandshake() }) end
        local data, why, partial = conn:receive()
        assert.same({ nil, "" }, { data, partial })
        assert.is_string(why)
        assert.is_false(conn:dirty())
        queue_is_empty()
        conn:close()
        raw:close()
        return word
      end

      it("is called by its name when it is text", function()
        assert.equal(limits.http_request, refused("server", "GET / HTTP/1.0\r\n\r\n"))
        assert.equal(limits.no_tls_long, refused("client", "HTTP/1.1 200 OK\r\n\r\n"))
        assert.equal(limits.no_tls, refused("client", "220 mail.test ESMTP\r\n"))
      end)

      it("is refused when it is 64 KiB of garbage", function()
        local text = garbage(65536)
        for _, side in ipairs { "server", "client" } do
          assert.is_true(clear(refused(side, text)))
          -- The same bytes after a valid record header.
          assert.is_true(clear(refused(side, record("handshake", text:sub(1, 16000)))))
          assert.is_true(clear(refused(side, record("data", text:sub(1, 16000)))))
        end
      end)

      it("is refused when a record announces 65535 bytes", function()
        for _, side in ipairs { "server", "client" } do
          assert.is_true(clear(refused(side, record("handshake", garbage(4000), 65535))))
        end
      end)

      it("is waited for when it is half a header, and then it is an end", function()
        for _, side in ipairs { "server", "client" } do
          assert.equal("unexpected eof while reading", refused(side, "\22\3\3", true))
          local conn, raw = facing("\22\3\3", ctx[side])
          conn:settimeout(0)
          for _ = 1, 3 do assert.same({ false, "wantread" }, { conn:dohandshake() }) end
          conn:close()
          raw:close()
        end
      end)

      it("is an alert in the clear, which has a name", function()
        assert.matches("alert handshake failure", refused("client", PLAIN_ALERT))
        -- A server expects a ClientHello first, so this alert is an unexpected message.
        local word = refused("server", PLAIN_ALERT)
        assert.truthy(word == "unexpected message"
                      or limits.hears_any_alert and word:find "alert handshake failure", word)
      end)

      it("is no handshake when it is close_notify at once", function()
        for _, side in ipairs { "server", "client" } do
          local word = refused(side, record("alert", "\1\0"))
          assert.is_true(clear(word))
        end
      end)

      -- A connected pair; then the server gets `good` from the client and `bad`
      -- from somebody in between.
      local function injected(good, bad)
        local w, server, client = wire.connected(ctx.server, ctx.client)
        if good then
          assert(client:send(good))
          w:pump()
        end
        w.up:inject(bad)
        w:pump()
        server:settimeout(10)
        local data, word, partial = server:receive "*a"
        queue_is_empty()
        assert.same({ nil, word, "" }, { server:receive() })
        assert.same({ nil, word, 0 }, { server:send "x" })
        assert.is_false(server:dirty())
        server:close()
        client:close()
        w:close()
        return data, word, partial
      end

      local BAD = {
        ["text"]              = "GET / HTTP/1.0\r\n\r\n",
        ["a forged record"]   = record("data", garbage(200)),
        ["an empty record"]   = record("data", ""),
        ["an endless record"] = record("data", garbage(300), 65535),
        ["a forged alert"]    = record("alert", garbage(40)),
        ["a plain alert"]     = PLAIN_ALERT,
        ["a plain close_notify"] = record("alert", "\1\0"),
        ["a plain handshake"] = record("handshake", garbage(64)),
      }
      for name, bad in pairs(BAD) do
        it("ends a connection when it is " .. name, function()
          for _, good in ipairs { false, "good" } do
            local data, word, partial = injected(good, bad)
            assert.is_nil(data)
            assert.is_true(clear(word), tostring(word))
            assert.are_not.equal("closed", word)
            assert.equal(good or "", partial)
          end
        end)
      end

      it("is an alert for the peer", function()
        needs.that(limits.alerts_bad_record[version], "an alert about a bad record")
        local w, server, client = wire.connected(ctx.server, ctx.client)
        w.up:inject(record("data", garbage(200)))
        w:pump()
        server:settimeout(10)
        assert.is_nil((server:receive()))
        w:pump()
        client:settimeout(10)
        local data, word = client:receive()
        assert.is_nil(data)
        assert.matches("alert bad record mac", word)
        server:close()
        client:close()
        w:close()
      end)
    end)
  end

  it("leaves other connections alone", function()
    local server, client = pair.connected()
    local conn, raw = facing("no TLS at all, sorry", assert(ssl.newcontext(pair.client_config())))
    assert.is_false((conn:dohandshake()))
    assert.equal(5, (client:send "after"))
    assert.equal("after", (server:receive(5)))
    conn:close()
    raw:close()
    client:close()
    server:close()
  end)
end)
