-- A receive without a time limit waits inside recv, with the descriptor in blocking
-- mode; no other call may be affected. And it gathers all bytes that were requested.

describe("a connection without a time limit", function()
  local ffi     = require "ffi"
  local socket  = require "socket"
  local house   = require "spec.support.init"
  local ssl     = require "ssl"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local values  = require "spec.support.values"
  local pack    = values.pack

  -- Sizes around the one at which a buffer is mapped from the kernel.
  local SIZES = { 2 ^ 21 - 1, 2 ^ 21, 2 ^ 21 + 1, 2 ^ 22 + 12345,
                  house.scale(3 * 2 ^ 22 + 7, 2 ^ 22 + 7) }

  local F_GETFL, O_NONBLOCK = 3, 0x800
  ffi.cdef 'int spec_fcntl(int fd, int command, ...) __asm__("fcntl");'

  local function blocks(fd)
    return bit.band(ffi.C.spec_fcntl(fd, F_GETFL), O_NONBLOCK) == 0
  end

  -- Answers each line after a while; "bye" with the end of TLS, and `rest` behind it.
  local PEER = [[
    local socket, ssl = require "socket", require "ssl"
    local port, cert, key, protocol = unpack(arg)
    local ctx = assert(ssl.newcontext { mode = "server", protocol = protocol,
                                        certificate = cert, key = key })
    local listener = assert(socket.bind("127.0.0.1", port))
    while true do
      local conn = assert(ssl.wrap(listener:accept(), ctx))
      local line = conn:dohandshake() and conn:receive()
      while line do
        socket.sleep(0.03)
        if line == "bye" then
          local sock = conn:unwrap()
          if sock then sock:close() end
          break
        elseif line:match "^big " then
          local size = tonumber(line:match "%d+")
          conn:send((("0123456789abcdef\n"):rep(math.ceil(size / 17)):sub(1, size)))
        elseif line ~= "quiet" then
          conn:send(line .. "\n")
        end
        line = conn:receive()
      end
      conn:close()
    end
  ]]

  local server, conn
  local function connect(protocol)
    local port = process.free_port()
    server = process.start {
      "luajit", process.write(process.folder() .. "/peer.lua", PEER), port,
      pki.server.cert, pki.server.key, protocol, port = port,
    }:wait_port()
    local ctx = assert(ssl.newcontext(pair.client_config { protocol = protocol }))
    conn = assert(ssl.wrap(assert(socket.connect("127.0.0.1", port)), ctx))
    assert(conn:dohandshake())
  end

  after_each(function()
    conn:close()
    server:stop()
  end)

  local function ask(line)
    assert.equal(#line + 1, conn:send(line .. "\n"))
    return conn:receive()
  end

  -- An answer may come before we wait for it.
  local function wait_once()
    local tries = 0
    repeat
      tries = tries + 1
      assert.equal("line " .. tries, (ask("line " .. tries)))
    until blocks(conn:getfd()) or tries == 100
  end

  for _, protocol in ipairs(pair.versions) do
    describe("over " .. protocol, function()
      before_each(function() connect(protocol) end)

      it("waits in recv once it had to wait", function()
        assert.is_false(blocks(conn:getfd()))
        wait_once()
        assert.is_true(blocks(conn:getfd()))
        local buffer = ffi.new "char[6]"
        conn:send "hello\n"
        assert.equal(6, (conn:receiveinto(buffer, 6)))
        assert.equal("hello\n", ffi.string(buffer, 6))
      end)

      it("gathers megabytes in one call", function()
        for _, size in ipairs(SIZES) do
          conn:send(("big %d\n"):format(size))
          local data = conn:receive(size)
          assert.is_true(data == ("0123456789abcdef\n"):rep(math.ceil(size / 17)):sub(1, size))
        end
        local size = SIZES[#SIZES]
        conn:send(("big %d\nbye\n"):format(size))
        local data, word = conn:receive "*a"
        assert.equal(size, #data, word)
        assert.equal("closed", select(2, conn:receive()))
      end)

      it("does not wait any more when it gets a limit", function()
        wait_once()
        conn:settimeout(0)
        assert.is_false(blocks(conn:getfd()))
        assert.same(pack(nil, "wantread", ""), pack(conn:receive()))
        assert.same(pack(nil, "wantread", 0), pack(conn:receiveinto(ffi.new "char[1]", 1)))
        conn:settimeout(nil)
        assert.equal("two", (ask "two"))
        conn:settimeout(0.01, "t")
        assert.same(pack(nil, "wantread", ""), pack(ask "quiet"))
        conn:settimeout(nil, "t")
        assert.equal("three", (ask "three"))
        wait_once()
        assert.is_true(blocks(conn:getfd()))
      end)

      it("hands its descriptor back as it came", function()
        wait_once()
        assert.is_true(blocks(conn:getfd()))
        conn:send "bye\n"
        local sock, behind, plain = conn:unwrap()
        assert.is_userdata(sock)
        assert.same({ "", "" }, { behind, plain })
        assert.is_false(blocks(sock:getfd()))
        sock:close()
      end)

      it("closes with a silent peer", function()
        wait_once()
        conn:send "quiet\n"
        conn:close()
        assert.equal(-1, conn:getfd())
      end)

      it("distinguishes the end from a pause", function()
        wait_once()
        conn:send "bye\n"
        assert.same(pack(nil, "closed", ""), pack(conn:receive()))
      end)
    end)
  end
end)
