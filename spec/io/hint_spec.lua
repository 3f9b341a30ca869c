-- Where a failure has a next step, `lasterror` names it. LuaSec's messages stay as they are,
-- unless the program asks for more.

describe("the next step", function()
  local https   = require "ssl.https"
  local ssl     = require "ssl"
  local limits  = require "spec.support.limits"
  local needs   = require "spec.support.needs"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"

  local NO_TLS = "the peer does not speak TLS, or not before a command such as STARTTLS"
  local NO_NOTIFY = "the peer has not sent close_notify, so data may be missing; the key `eof` "
                    .. "decides what such an end means"
  local CUT_OFF = "unexpected eof while reading"

  local NEEDED = "words of its own for what is no TLS"

  -- OpenSSL 4 has another text for some of these bytes, and 3.3 where the length that a record
  -- would have is too large.
  local NO_RECORD = { ["wrong version number"] = true, ["bad record type"] = true,
                      [limits.no_tls_long] = true }

  teardown(process.stop_all)

  -- The failed handshake of an end whose peer is a plain socket that sends a text.
  local function refused(cfg, text)
    local sock, raw = pair.tcp()
    local conn = assert(ssl.wrap(sock, cfg))
    raw:send(text)
    raw:shutdown "send"
    conn:settimeout(10)
    local ok, word = conn:dohandshake()
    assert.is_false(ok)
    assert.same({ false, word }, { conn:dohandshake() })
    local problem = conn:lasterror()
    assert.equal(word, problem.message)
    assert.equal(problem.hint, ssl.lasterror().hint)
    conn:close()
    raw:close()
    return word, problem.hint, problem.reason
  end

  -- The engine of a client that is connected.
  local function connected(version, extra)
    extra = extra or {}
    extra.protocol = version
    local server = assert(ssl.engine(pair.server_config { protocol = version }))
    local client = assert(ssl.engine(pair.client_config(extra)))
    local function move()
      server:feed(client:drain())
      client:feed(server:drain())
    end
    repeat
      local there, here = client:handshake(), server:handshake()
      move()
    until there and here
    assert(client:write "x" == 1 and server:write "x" == 1)
    move()
    assert.equal("x", server:read())
    assert.equal("x", client:read())
    return client
  end

  for _, version in ipairs(pair.versions) do
    describe("in " .. version, function()
      local GREETING, ANSWER = "220 mail.test ESMTP ready\r\n", "HTTP/1.0 400 What?\r\n\r\n"

      it("where the peer does not speak TLS", function()
        needs.that(limits.tells_no_tls, NEEDED)
        for _, text in ipairs { GREETING, ANSWER } do
          for _, make in ipairs { pair.client_config, pair.server_config } do
            local word, hint = refused(make { protocol = version }, text)
            assert.is_true(NO_RECORD[word], word)
            assert.equal(NO_TLS, hint)
            assert.same({ word .. ": " .. NO_TLS, NO_TLS, word },
                        { refused(make { protocol = version, explain = true }, text) })
          end
        end
      end)

      it("is none where TLS was spoken before", function()
        needs.that(limits.tells_no_tls, NEEDED)
        local client = connected(version)
        client:feed(GREETING)
        local data, word = client:read()
        assert.is_nil(data)
        assert.is_true(NO_RECORD[word], word)
        assert.is_nil(client:connection():lasterror().hint)
      end)

      it("where the peer ended without close_notify, and not in the handshake", function()
        local client = connected(version, { explain = true })
        client:feed(nil)
        assert.same({ nil, CUT_OFF }, { client:read() })
        local problem = client:connection():lasterror()
        assert.same({ CUT_OFF, NO_NOTIFY }, { problem.message, problem.hint })
        local word, hint = refused(pair.client_config { explain = true }, "")
        assert.same({ CUT_OFF }, { word, hint })
      end)

      it("is none where the key has decided", function()
        local client = connected(version, { eof = "strict" })
        client:feed(nil)
        assert.same({ nil, "truncated" }, { client:read() })
        assert.is_nil(client:connection():lasterror().hint)
      end)
    end)
  end

  it("is in the messages of ssl.connect and ssl.https", function()
    needs.that(limits.tells_no_tls, NEEDED)
    local child = process.start { "luajit", "-e", [[
      local listener = assert(require("socket").bind("127.0.0.1", 0))
      io.stdout:setvbuf "no"
      print("port: " .. select(2, listener:getsockname()))
      while true do
        local sock = assert(listener:accept())
        sock:send "220 mail.test ESMTP ready\r\n"
        sock:receive "*a"
        sock:close()
      end]] }
    local port = assert(child:wait_output "port: (%d+)\n")
    local word = refused(pair.client_config(), "220 mail.test ESMTP ready\r\n")
    for explain, form in pairs { [false] = "%s (%s)", [true] = "%s: %s" } do
      local message = form:format(word, NO_TLS)
      local flags = { timeout = 10, explain = explain }
      assert.same({ nil, ("handshake with 127.0.0.1 port %s: %s"):format(port, message) },
                  { ssl.connect("127.0.0.1", port, flags) })
      assert.equal(NO_TLS, ssl.lasterror().hint)
      assert.same({ nil, message },
                  { https.request { url = ("https://127.0.0.1:%s/"):format(port),
                                    cafile = pki.root.cert, explain = explain } })
    end
  end)
end)
