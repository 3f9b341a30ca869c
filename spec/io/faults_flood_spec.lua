-- A TLS 1.3 client that asks for an answer again and again and takes none.

describe("a flood of key updates that demand an answer", function()
  local ffi    = require "ffi"
  local full   = require "spec.support.full"
  local socket = require "socket"
  local lib    = require "ssl.ffi.lib"
  local needs  = require "spec.support.needs"
  local shim   = require "ssl.ffi.shim"
  local wire   = require "spec.support.wire"

  local it = needs.each(it, lib.has.SSL_key_update, "key updates")

  local LIMIT, BUFFER = shim.K.LSF_QUEUE_LIMIT, shim.K.LSF_BUFFER

  -- Functions that the library does not declare, under names of this spec's own.
  ffi.cdef [[
  int spec_SSL_key_update(void *ssl, int kind) __asm__("SSL_key_update");
  int spec_setsockopt(int fd, int level, int name, const void *value,
                      unsigned int length) __asm__("setsockopt");
  ]]
  local KEY_UPDATE_REQUESTED = 1
  local SOL_SOCKET, SO_SNDBUF = 1, 7

  local function conn_of(c) return getmetatable(c).conn end

  local function close(w, ...)
    for _, conn in ipairs { ... } do conn:close() end
    w:close()
  end

  local server_ctx, client_ctx = wire.contexts "tlsv1_3"

  local function flooded()
    local w, server, client = wire.pair(server_ctx, client_ctx)
    local size = ffi.new("int[1]", 4096)
    ffi.C.spec_setsockopt(server:getfd(), SOL_SOCKET, SO_SNDBUF, size, 4)
    local s, c = wire.handshake(w, server, client)
    assert.same({ true, true }, { s, c })
    for _ = 1, 3 do w:pump() end
    -- The relay stops reading from the server, so after a while the buffers of both kernels are
    -- full.
    w.down.ended, w.down.told = true, true
    full(server, ("z"):rep(2^23))
    local out, most, word = conn_of(server), 0, nil
    for _ = 1, 5000 do
      assert.equal(1, lib.openssl.ssl.spec_SSL_key_update(conn_of(client).ssl,
                                                          KEY_UPDATE_REQUESTED))
      client:send "x"
      w:pump()
      word = select(2, server:receive(1))
      most = math.max(most, out.out_end - out.out_beg)
      if word == "wantwrite" then break end
    end
    return w, server, client, most, word
  end

  it("is bounded, answers wantwrite, and does not spin", function()
    local w, server, client, most, word = flooded()
    assert.equal("wantwrite", word)
    assert.is_true(most > LIMIT and most <= BUFFER)
    for _ = 1, 100 do
      client:send "y"
      w:pump()
      assert.same({ nil, "wantwrite", "" }, { server:receive(1) })
      assert.is_false(server:dirty())
      assert.is_true(conn_of(server).out_end - conn_of(server).out_beg <= BUFFER)
    end
    assert.equal("write", server:want())
    -- When the peer reads, all goes on.
    w.down.ended, w.down.told = false, false
    local asked, rounds, answered = "", 0
    repeat
      w:pump()
      asked = asked .. select(3, server:receive "*a")
      answered, rounds = select(3, client:receive "*a"), rounds + 1
    until #asked >= 100 and answered == "" and not server:dirty() or rounds > 10000
    assert.matches("^x*" .. ("y"):rep(100) .. "$", asked)
    local over, tail
    repeat
      over = over or server:send "over"
      w:pump()
      tail = select(3, client:receive "*a")
      rounds = rounds + 1
      socket.sleep(0.001) -- a window that was shut opens by the kernel's timer
    until over and tail:find "over$" or rounds > 10000
    assert.equal(4, over)
    assert.matches("^z*over$", tail)
    close(w, server, client)
  end)

  it("ends when the transport breaks", function()
    local w, server, client, _, word = flooded()
    assert.equal("wantwrite", word)
    w:cut "rst"
    server:settimeout(5)
    local data, why = server:receive(1)
    while data do data, why = server:receive(1) end
    assert.equal("closed", why)
    close(w, server, client)
  end)
end)
