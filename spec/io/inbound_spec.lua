-- ssl.io.inbound: ciphertext that comes through Lua is lent or copied, never lost.

describe("bytes that come through Lua", function()
  local house  = require "spec.support.init"
  local inbound = require "ssl.io.inbound"
  local pair   = require "spec.support.pair"
  local ssl    = require "ssl"
  local state  = require "ssl.io.state"

  local SIZE = house.scale(4, 1) * 2 ^ 20

  local function connected()
    local server = assert(ssl.engine(pair.server_config()))
    local client = assert(ssl.engine(pair.client_config()))
    for _ = 1, 10 do
      client:handshake()
      server:feed(client:drain())
      server:handshake()
      client:feed(server:drain())
    end
    -- The session tickets.
    assert.same({ nil, "wantread" }, { client:read() })
    return server, client
  end

  -- Each contains its number, so that a piece in the wrong place is noticed.
  local function text()
    local words = {}
    for i = 1, SIZE / 16 do words[i] = ("%015d\n"):format(i) end
    return table.concat(words)
  end

  -- All ciphertext of a message, in pieces of at most 64 KiB and some.
  local function encrypted(engine, data)
    local pieces, done = {}, 0
    while done < #data do
      done = done + assert(engine:write(data:sub(done + 1, done + 16384)))
      pieces[#pieces + 1] = engine:drain()
    end
    return pieces
  end

  local function read_all(engine)
    local pieces = {}
    local piece, word
    repeat
      piece, word = engine:read()
      pieces[#pieces + 1] = piece
    until not piece
    return table.concat(pieces), word
  end

  local function held(engine)
    local st = state.of(engine:connection())
    return inbound.size(st), st.inbound and st.inbound.lent, st.conn["in"] == nil
  end

  local data = text()

  local function cut(pieces, length)
    local whole, out = table.concat(pieces), {}
    for i = 1, #whole, length do out[#out + 1] = whole:sub(i, i + length - 1) end
    return out
  end

  for name, length in pairs { ["all at once"] = math.huge, ["in long pieces"] = 100000,
                              ["in records"] = 16406, ["in short pieces"] = 1000 } do
    it("are all read, in order, when they come " .. name .. " before a read",
       function()
      local server, client = connected()
      local pieces = encrypted(server, data)
      for _, piece in ipairs(cut(pieces, math.min(length, 2 * SIZE))) do
        client:feed(piece)
      end
      collectgarbage()
      local came, word = read_all(client)
      assert.is_true(came == data)
      assert.equal("wantread", word)
      assert.same({ 0, false, true }, { held(client) })
    end)
  end

  it("are read where they lie when they are many, and copied when they are few", function()
    local server, client = connected()
    server:write(("x"):rep(20000))
    local many = server:drain()
    client:feed(many)
    local _, lent = held(client)
    assert.equal(many, lent)
    server:write "few"
    client:feed(server:drain())
    assert.equal(("x"):rep(20000) .. "few", (read_all(client)))
    server:write "few again"
    client:feed(server:drain())
    assert.is_false(select(2, held(client)))
    assert.equal("few again", (read_all(client)))
  end)

  it("are kept while they are lent, and not any longer", function()
    local server, client = connected()
    server:write(("y"):rep(16000))
    server:write(("z"):rep(16000))
    client:feed(server:drain())
    collectgarbage()
    collectgarbage()
    -- New allocations overwrite memory that was freed meanwhile.
    local trash = {}
    for i = 1, 200 do trash[i] = ("t"):rep(32000 + i) end
    assert.equal(200, #trash)
    assert.equal(("y"):rep(16000), (client:read(16000)))
    assert.equal(("z"):rep(16000), (client:read()))
    assert.same({ nil, "wantread" }, { client:read() })
    assert.same({ 0, false, true }, { held(client) })
  end)

  it("are handed back by unwrap: what OpenSSL has not read, lent or waiting", function()
    local server, client = connected()
    server:write "last words"
    server:shutdown()
    client:shutdown()
    local plain = { ("a"):rep(30000), ("b"):rep(30000), "c" }
    client:feed(server:drain() .. plain[1])
    client:feed(plain[2])
    client:feed(plain[3])
    client:drain()
    local conn = client:connection()
    local _, behind, words = conn:unwrap()
    assert.is_true(table.concat(plain) == behind)
    assert.equal("last words", words)
  end)

  it("are dropped by a close", function()
    local server, client = connected()
    for _, piece in ipairs(encrypted(server, data)) do client:feed(piece) end
    local st = state.of(client:connection())
    assert.is_true(inbound.size(st) > 0)
    client:connection():close()
    assert.same({ 0, false }, { inbound.size(st), st.inbound and st.inbound.lent })
  end)
end)
