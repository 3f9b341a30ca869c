-- The key `padding`: the lengths of records as an observer between the ends sees them.

describe("padding", function()
  local ssl   = require "ssl"
  local house = require "spec.support.init"
  local lib   = require "ssl.ffi.lib"
  local needs = require "spec.support.needs"
  local pair  = require "spec.support.pair"
  local wire  = require "spec.support.wire"

  local HEAD, TYPE, TAG = 5, 1, 16

  local open = {}
  after_each(function()
    for _, one in ipairs(open) do one:close() end
    open = {}
  end)

  local function server_context(extra)
    return assert(ssl.newcontext(pair.server_config(extra)))
  end

  local function client_context(extra)
    return assert(ssl.newcontext(pair.client_config(extra)))
  end

  -- The lengths of the records of a text, heads included.
  local function records(text)
    local out, at = {}, 1
    while at <= #text do
      local high, low = text:byte(at + 3, at + 4)
      out[#out + 1] = HEAD + high * 256 + low
      at = at + out[#out]
    end
    return out
  end

  local function connected(server, client, name, chosen)
    local w, s, c = wire.pair(server, client)
    open[#open + 1], open[#open + 2], open[#open + 3] = w, s, c
    if name then
      s:sni({ [name] = chosen }, true)
      c:sni(name)
    end
    assert.same({ true, true }, { wire.handshake(w, s, c) })
    for _ = 1, 3 do w:pump() end
    return w, s, c
  end

  -- The records that a message of so many bytes takes on its way.
  local function sent(w, direction, from, to, n)
    local before = #w[direction]:text()
    local text = ("x"):rep(n)
    assert.equal(n, (from:send(text)))
    local got, rounds = "", 0
    repeat
      w:pump()
      local part = to:receiveany(65536)
      got, rounds = got .. (part or ""), rounds + 1
    until #got >= n or rounds > 10000
    assert.equal(text, got)
    return records(w[direction]:text():sub(before + 1))
  end

  -- The length of the record for a message of n bytes, in blocks of this size.
  local function padded(n, block)
    return HEAD + math.ceil((n + TYPE) / block) * block + TAG
  end

  local PLAIN = { protocol = "tlsv1_3" }

  for _, block in ipairs { 2, 100, 1024, 16384 } do
    it("makes the records of its own side multiples of " .. block, function()
      local with = { protocol = "tlsv1_3", padding = block }
      for _, server in ipairs { true, false } do
        local w, s, c = connected(server_context(server and with or PLAIN),
                                  client_context(server and PLAIN or with))
        for _, n in ipairs { 1, block - 1, block, house.scale(3000, 300) } do
          if n < 16384 then
            assert.same({ server and padded(n, block) or padded(n, 1) },
                        sent(w, "down", s, c, n))
            assert.same({ server and padded(n, 1) or padded(n, block) },
                        sent(w, "up", c, s, n))
          end
        end
      end
    end)
  end

  it("makes no record longer than a record may be", function()
    local w, s, c = connected(server_context { protocol = "tlsv1_3", padding = 16383 },
                              client_context(PLAIN))
    local n = 16384
    assert.same({ HEAD + n + TYPE + TAG }, sent(w, "down", s, c, n))
  end)

  it("pads the handshake's messages, too", function()
    local function flight(block)
      local w = connected(server_context { protocol = "tlsv1_3", padding = block },
                          client_context(PLAIN))
      return records(w.down:text())
    end
    local encrypted = 0
    for i, length in ipairs(flight(512)) do
      -- ServerHello and ChangeCipherSpec are in the clear.
      if i > 2 then
        assert.equal(0, (length - HEAD - TAG) % 512)
        encrypted = encrypted + 1
      end
    end
    assert.is_true(encrypted > 0)
  end)

  it("of 1 is none, and false is none", function()
    for _, value in ipairs { 1, false } do
      local w, s, c = connected(server_context { protocol = "tlsv1_3", padding = value },
                                client_context(PLAIN))
      assert.same({ padded(10, 1) }, sent(w, "down", s, c, 10))
    end
  end)

  it("has no effect up to TLS 1.2", function()
    local function length(padding)
      local w, s, c = connected(server_context { protocol = "tlsv1_2", padding = padding },
                                client_context { protocol = "tlsv1_2" })
      return sent(w, "down", s, c, 10)
    end
    assert.same(length(nil), length(1000))
  end)

  it("is that of the context that a server name chooses", function()
    local own = { { false, 1000 }, { 1000, false }, { 1000, 300 } }
    for _, blocks in ipairs(own) do
      local first  = server_context { protocol = "tlsv1_3", padding = blocks[1] }
      local chosen = server_context { protocol = "tlsv1_3", padding = blocks[2] }
      local w, s, c = connected(first, client_context(PLAIN), "some.test", chosen)
      assert.same({ padded(10, blocks[2] or 1) }, sent(w, "down", s, c, 10))
      -- The first flight has padding of that context alone as well.
      local seen = records(w.down:text())
      assert.equal(0, (seen[3] - HEAD - TAG) % (blocks[2] or 1))
      if not blocks[2] then assert.is_true((seen[3] - HEAD - TAG) % blocks[1] ~= 0) end
    end
  end)

  it("is refused for others than whole numbers of the range", function()
    for value, got in pairs { [0] = "0", [16385] = "16385", [1.5] = "1.5", ["10"] = "string",
                              [math.huge] = "inf" } do
      local ctx, message = ssl.newcontext { mode = "client", protocol = "any", padding = value }
      assert.is_nil(ctx)
      assert.equal(("invalid padding (1 to 16384 expected, got %s)"):format(got), message)
    end
    assert.truthy(ssl.newcontext { mode = "client", protocol = "any", padding = 16384 })
  end)

  it("takes what OpenSSL takes", function()
    needs.has("SSL_CTX_set_block_padding", "padding")
    local ctx = lib.C.SSL_CTX_new(lib.C.TLS_method())
    finally(function() lib.C.SSL_CTX_free(ctx) end)
    assert.equal(1, lib.C.SSL_CTX_set_block_padding(ctx, 16384))
    assert.equal(0, lib.C.SSL_CTX_set_block_padding(ctx, 16385))
    require("ssl.base.errors").clear()
  end)
end)
