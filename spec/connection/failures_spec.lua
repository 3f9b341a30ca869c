-- Failures inside OpenSSL before a handshake: each is a message, and nothing is left open.

describe("a failure inside OpenSSL", function()
  local lib      = require "ssl.ffi.lib"
  local limits   = require "spec.support.limits"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local sessions = require "spec.support.sessions"
  local socket   = require "socket"
  local ssl      = require "ssl"
  local values   = require "spec.support.values"
  local C, K     = lib.C, lib.K
  local pack     = values.pack

  -- f with a function of OpenSSL that fails, where its second argument is a command with this
  -- one only. The results of pcall, and whether it failed.
  local function without(name, command, f, ...)
    local real, failed = C[name], false
    C[name] = function(...)
      if command and (select(2, ...)) ~= command then return real(...) end
      failed = true
      return 0
    end
    local out = pack(pcall(f, ...))
    C[name] = real
    assert.is_true(failed, name)
    return unpack(out, 1, out.n)
  end

  after_each(function()
    collectgarbage "restart"
    assert.equal(0, tonumber(C.ERR_peek_error()))
  end)

  local DEMANDS = { verify = { "peer", "fail_if_no_peer_cert" }, cafile = pki.root.cert,
                    crl = pki.root.crl, purpose = "sslclient" }

  local function contexts()
    return assert(ssl.newcontext(pair.server_config(DEMANDS))),
           assert(ssl.newcontext(pair.client_config { servername = "localhost" }))
  end

  local STORE = "error setting the store of authorities (unknown error)"

  -- { side, function, command, reason }
  local cases = {
    { "server", "SSL_CTX_set_session_id_context", nil,
      "error setting the session id context (unknown error)" },
    { "server", "SSL_set_session_id_context", nil,
      "error setting the session id context (unknown error)" },
    { "server", "X509_VERIFY_PARAM_set_flags", nil,
      "error setting the verification flags (unknown error)" },
    { "server", "X509_VERIFY_PARAM_set_purpose", nil,
      "error setting the purpose (unknown error)" },
    { "server", "EVP_Digest", nil, "OpenSSL computes no SHA-256 (unknown error)" },
    { "client", "SSL_ctrl", K.SSL_CTRL_SET_TLSEXT_HOSTNAME,
      "error setting the server name (unknown error)" },
  }
  if K.SSL_CTRL_SET_VERIFY_CERT_STORE then
    cases[#cases + 1] = { "server", "SSL_ctrl", K.SSL_CTRL_SET_VERIFY_CERT_STORE, STORE }
    cases[#cases + 1] = { "client", "SSL_ctrl", K.SSL_CTRL_SET_VERIFY_CERT_STORE, STORE }
  end

  it("frees at once what was made of the connection", function()
    local shim, server = require "ssl.ffi.shim", contexts()
    local real, made = shim.conn, nil
    shim.conn = function()
      made = real()
      return made
    end
    local results = pack(without("SSL_set_session_id_context", nil, ssl.engine, server))
    shim.conn = real
    assert.is_true(results[1])
    assert.is_nil(results[2])
    assert.is_truthy(made)
    assert.is_true(made.ssl == nil)
  end)

  for _, case in ipairs(cases) do
    local side, name, command, reason = unpack(case, 1, 4)
    it(("of %s %s makes no connection on a %s"):format(name, command or "", side), function()
      local server, client = contexts()
      local ctx = side == "server" and server or client
      local a, b = pair.tcp()
      local text = ("error creating SSL object (%s)"):format(reason)
      assert.same(pack(true, nil, text), pack(without(name, command, ssl.wrap, a, ctx)))
      -- The socket is untouched, and the next one works.
      a:send "plain\n"
      assert.equal("plain", (b:receive()))
      local s, c = assert(ssl.wrap(a, server)), assert(ssl.wrap(b, client))
      assert.same({ { false, "peer did not return a certificate" } }, { (pair.handshake(s, c)) })
      s:close()
      c:close()
      server, client = contexts()
      ctx = side == "server" and server or client
      assert.same(pack(true, nil, text), pack(without(name, command, ssl.engine, ctx)))
    end)
  end

  it("while the server name is set ends the connection", function()
    local _, client = pair.wrapped()
    local text = "error setting the server name (unknown error)"
    assert.same(pack(true, nil, text), pack(without("SSL_ctrl", K.SSL_CTRL_SET_TLSEXT_HOSTNAME,
                                                    client.sni, client, "localhost")))
    assert.same({ false, text }, { client:dohandshake() })
    assert.same(pack(), pack(client:sni "localhost"))
    client:close()
    _, client = pair.wrapped()
    assert.same(pack(), pack(client:sni "localhost"))
    client:close()
  end)

  it("while a session is offered is a message", function()
    local ctx = sessions.client { protocol = limits.resuming }
    local _, session = sessions.visit(sessions.server { protocol = limits.resuming }, ctx)
    local client = assert(ssl.engine(ctx.context)):connection()
    client:sni "elsewhere.test" -- another policy, which is not known by its digest yet
    assert.same(pack(true, nil, "OpenSSL computes no SHA-256 (unknown error)"),
                pack(without("EVP_Digest", nil, client.setsession, client, session)))
    -- Nor is a session that ssl.connect keeps.
    assert.same(pack(true), pack(pcall(ssl.sessions.offer, client, "a place")))
  end)

  it("is not what a function of the program raises in the same words", function()
    for _, text in ipairs { "ssl: vault locked", "not a string of the library's" } do
      local ok, why = pcall(ssl.newcontext, pair.server_config {
        key = pki.server.encrypted_key, password = function() error(text, 0) end,
      })
      assert.same({ false, text }, { ok, why })
    end
  end)

  it("within ssl.newcontext is a message", function()
    for name, extra in pairs { SSL_CTX_set_num_tickets = { tickets = 3 },
                               X509_STORE_set_flags = { verifyext = "crl_check" } } do
      local real = lib.has[name]
      if real then
        local _, ctx, why = without(name, nil, ssl.newcontext, pair.server_config(extra))
        assert.is_nil(ctx)
        assert.matches("^error setting the .* %(unknown error%)$", why)
        assert.is_truthy(ssl.newcontext(pair.server_config(extra)))
      end
    end
  end)

  -- The peer of a ssl.connect that fails sees the end at once, not when the collector comes.
  local function connects(name, command, extra)
    local listener = assert(socket.bind("127.0.0.1", 0))
    local _, port = listener:getsockname()
    local flags = { protocol = "any", verify = "none", timeout = 60 }
    for key, value in pairs(extra or {}) do flags[key] = value end
    collectgarbage "stop"
    local ran, conn, why = without(name, command, ssl.connect, "localhost", port, flags)
    listener:settimeout(60)
    local peer = assert(listener:accept())
    peer:settimeout(60)
    local _, word = peer:receive "*a"
    peer:close()
    listener:close()
    assert.equal("closed", word) -- a socket that is left open is a timeout
    return ran, conn, why
  end

  it("within ssl.connect closes the socket", function()
    local commands = { K.SSL_CTRL_SET_TLSEXT_HOSTNAME }
    commands[2] = K.SSL_CTRL_SET_VERIFY_CERT_STORE
    for _, command in ipairs(commands) do
      local ran, conn, why = connects("SSL_ctrl", command)
      assert.is_true(ran, conn)
      assert.is_nil(conn)
      assert.matches("^handshake with localhost port %d+: .*%(unknown error%)", why)
    end
  end)

  it("within ssl.connect before it connects is a message", function()
    local ran, conn, why = without("EVP_Digest", nil, ssl.connect, "localhost", 1,
                                   { protocol = "any", verify = "none" })
    assert.is_true(ran, conn)
    assert.is_nil(conn)
    assert.equal("context: OpenSSL computes no SHA-256 (unknown error)", why)
  end)
end)
