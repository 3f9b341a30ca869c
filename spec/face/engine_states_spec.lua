-- ssl.engine: its arguments and states, the connection behind it, functions of the program that
-- suspend it, and its end.

describe("an engine", function()
  local house      = require "spec.support.init"
  local ssl        = require "ssl"
  local pair       = require "spec.support.pair"
  local questions  = require "spec.support.questions"
  local transports = require "spec.support.transports"
  local values     = require "spec.support.values"
  local pack, raised, pump = values.pack, values.raised, transports.pump

  local function fresh(version, server, client)
    server, client = server or {}, client or {}
    server.protocol, client.protocol = version, version
    return assert(ssl.engine(pair.server_config(server))),
           assert(ssl.engine(pair.client_config(client)))
  end

  local function connected(version, ...)
    local server, client = fresh(version, ...)
    for _ = 1, 4 do
      client:handshake()
      server:handshake()
      pump(server, client)
    end
    assert(server:handshake() and client:handshake())
    return server, client
  end

  it("is made of a configuration or a context", function()
    local server = assert(ssl.engine(assert(ssl.newcontext(pair.server_config()))))
    assert.is_userdata(server)
    assert.matches("^SSL engine: 0x%x+$", tostring(server))
    assert.same(pack(nil, "invalid protocol (none)"),
                pack(ssl.engine { mode = "server", protocol = "none" }))
    assert.same(pack(nil, "invalid mode"), pack(ssl.engine(require("ssl.context").create "any")))
    assert.equal("bad argument #1 to 'create' (invalid context)", raised(ssl.engine, 5))
  end)

  it("takes strings and numbers, and nothing else of another type", function()
    local server = fresh "any"
    for _, name in ipairs { "feed", "write" } do
      assert.matches("string expected, got table", raised(server[name], server, {}))
    end
    assert.matches("number expected, got table", raised(server.read, server, {}))
    for _, name in ipairs { "feed", "drain", "handshake", "read", "write", "shutdown",
                            "connection" } do
      assert.matches("SSL:Engine expected, got", raised(server[name], server:connection()))
      assert.matches("SSL:Engine expected, got no value", raised(server[name]))
    end
  end)

  it("returns in every state what cannot be done yet, or any more", function()
    local server, client = fresh "tlsv1_3"
    local function none(engine)
      assert.same(pack(nil, "closed"), pack(engine:read()))
      assert.same(pack(nil, "closed"), pack(engine:write "x"))
      assert.same(pack(nil, "closed"), pack(engine:shutdown()))
      assert.equal("", engine:drain())
    end
    none(server)
    assert.same(pack(nil, "wantread"), pack(server:handshake()))
    client:handshake()
    assert.is_true(#client:drain() > 100)
    client:connection():close()
    none(client)
    assert.same(pack(nil, "closed"), pack(client:handshake()))
    client:feed "bytes"
    client:feed(nil)
    client:feed "after the end"
    none(client)
  end)

  for _, version in ipairs(pair.versions) do
    local label = " (" .. version .. ")"

    it("carries both ways at once, in pieces of any size" .. label, function()
      local ends = { connected(version) }
      local total = house.scale(2e6, 2e5)
      local text, sent, got = ("abcdefghijk"):rep(total / 11), { 0, 0 }, { {}, {} }
      local size, arrived = 1, { 0, 0 }
      repeat
        for i = 1, 2 do
          size = size * 31 % 40961 + 1
          sent[i] = sent[i] + (ends[i]:write(text:sub(sent[i] + 1, sent[i] + size)) or 0)
          local bytes, at = ends[i]:drain(), 1
          while at <= #bytes do
            ends[3 - i]:feed(bytes:sub(at, at + size - 1))
            at = at + size
          end
          local data = ends[3 - i]:read()
          got[i][#got[i] + 1] = data
          arrived[i] = arrived[i] + #(data or "")
        end
      until arrived[1] == #text and arrived[2] == #text
      assert.is_true(table.concat(got[1]) == text and table.concat(got[2]) == text)
    end)

    it("waits for nothing, with any time limit of its connection" .. label, function()
      local server, client = connected(version)
      local text = ("x"):rep(60000)
      for _ = 1, 10 do
        client:write(text)
        server:feed(client:drain())
      end
      local conn = server:connection()
      conn:settimeout(0)
      assert.equal(300000, #conn:receive(300000))
      conn:settimeout(3)
      assert.equal(300000, #conn:receive(300000))
      assert.same({ nil, "wantread", "" }, { conn:receive(1) })
    end)

    it("asks functions on the caller's coroutine, others get wantlookup" .. label, function()
      local server, client = fresh(version, {
        onclienthello = function() coroutine.yield "asked" end })
      client:handshake()
      server:feed(client:drain())
      local thread = coroutine.wrap(server.handshake)
      assert.equal("asked", thread(server))
      assert.same(pack(nil, "wantlookup"), pack(server:handshake()))
      assert.same(pack(nil, "closed"), pack(server:read()))
      assert.same(pack(nil, "wantread"), pack(thread()))
      for _ = 1, 4 do
        pump(server, client)
        client:handshake()
        server:handshake()
      end
      assert.is_true(server:handshake())
    end)

    it("raises what a function of the user's raises" .. label, function()
      local server, client = fresh(version, nil, { onverify = function() error("no", 0) end })
      local ok, problem
      for _ = 1, 4 do
        server:handshake()
        pump(server, client)
        ok, problem = pcall(client.handshake, client)
        if not ok then break end
      end
      assert.same({ false, "no" }, { ok, problem })
      assert.same(pack(nil, "callback failed"), pack(client:handshake()))
      assert.equal(0, questions.paused())
      pump(server, client)
      assert.same(pack(nil, "tlsv1 alert internal error"), pack(server:handshake()))
    end)

    it("keeps its connection's facts, also without the engine" .. label, function()
      local _, client = connected(version)
      local conn = client:connection()
      assert.equal(conn, client:connection())
      assert.is_true(conn:getpeerverification())
      assert.equal(-1, conn:getfd())
      client = nil -- luacheck: ignore
      collectgarbage()
      collectgarbage()
      assert.equal(version == "tlsv1_3" and "TLSv1.3" or "TLSv1.2", conn:info "protocol")
    end)

    it("keeps queued output when its connection is closed" .. label, function()
      local server, client = connected(version)
      client:write "last words"
      client:connection():close()
      server:feed(client:drain())
      assert.equal("", client:drain())
      assert.equal("last words", server:read())
      assert.same(pack(nil, "closed"), pack(server:read()))
    end)

    it("ends TLS by unwrap, and gives back what came behind it" .. label, function()
      local server, client = connected(version)
      server:write "plain text"
      assert.same(pack(nil, "wantread"), pack(server:connection():unwrap()))
      client:feed(server:drain() .. "in the clear")
      assert.same(pack(client, "in the clear", "plain text"), pack(client:connection():unwrap()))
      server:feed(client:drain() .. "and back")
      assert.same(pack(server, "and back", ""), pack(server:connection():unwrap()))
      assert.equal("", server:drain())
    end)
  end
end)
