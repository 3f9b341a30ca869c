-- The memory of an idle connection.

describe("an idle connection", function()
  local core   = require "ssl.core"
  local pair   = require "spec.support.pair"
  local socket = require "socket"
  local ssl    = require "ssl"
  local values = require "spec.support.values"
  local pack   = values.pack

  local contexts = {}
  setup(function()
    contexts.server = assert(ssl.newcontext(pair.server_config()))
    contexts.client = assert(ssl.newcontext(pair.client_config()))
  end)

  -- A server over `make()`'s first socket, with no other reference to it; its client; and a
  -- weak table with that socket.
  local function served(make, prepare)
    local a, b = (make or pair.tcp)()
    if prepare then prepare(a, b) end
    local weak = setmetatable({ a }, { __mode = "v" })
    local server = assert(ssl.wrap(a, contexts.server))
    local client = assert(ssl.wrap(b, contexts.client))
    assert.same({ { true }, { true } }, { pair.handshake(server, client) })
    server:settimeout(10)
    client:settimeout(10)
    return server, client, weak, b
  end

  local function collect()
    collectgarbage()
    collectgarbage()
  end

  -- Both ends after unwrap.
  local function unwrapped(server, client)
    client:settimeout(0)
    assert.same(pack(nil, "wantread"), pack(client:unwrap()))
    local sock = assert(server:unwrap())
    return sock, (assert(client:unwrap()))
  end

  it("has given its buffer back when all was received", function()
    local server, client = served()
    local st = getmetatable(server)
    for _, receive in ipairs {
      function() return server:receive() end,
      function() return server:receive(2) .. server:receive(1) end,
      function() return server:receiveany(3) .. server:receive(0) .. server:receive "*l" end,
    } do
      client:send "abc\n"
      assert.equal("abc", receive())
      if st.conn.plain_end > 0 then assert.equal("", server:receive()) end
      assert.is_true(st.conn.plain == nil)
    end
  end)

  it("has freed the ClientHello", function()
    local server, client = pair.wrapped { onclienthello = function() end }
    client:settimeout(0)
    client:dohandshake()
    server:settimeout(0)
    server:dohandshake()
    local conn = getmetatable(server).conn
    assert.is_true(conn.hello.copy == nil)
    assert.equal(0, conn.hello.copy_length)
    pair.handshake(server, client)
    server:close()
    client:close()
  end)

  it("has few fields of its own", function()
    local server, client = served()
    client:send "a line\n"
    server:receive()
    server:send "an answer\n"
    local fields = 0
    for _ in pairs(getmetatable(server)) do fields = fields + 1 end
    assert.is_true(fields <= 32, fields .. " fields")
  end)

  it("does not keep a socket that the program has let go of", function()
    local server, _, weak = served()
    collect()
    assert.is_nil(weak[1])
    assert.is_true(server:getfd() >= 0)
  end)

  it("gives back the socket that the program has kept", function()
    local kept
    local server, client, weak = served(nil, function(a) kept = a end)
    collect()
    assert.equal(kept, weak[1])
    assert.equal(kept, (unwrapped(server, client)))
  end)

  it("gives back a socket like the one that was let go of", function()
    local server, client, _, b = served(nil, function(a)
      a:settimeout(1.5)
      a:settimeout(7, "t")
    end)
    collect()
    local fd = server:getfd()
    local sock, other = unwrapped(server, client)
    assert.equal(b, other)
    assert.equal(fd, sock:getfd())
    assert.equal(getmetatable(b), getmetatable(sock))
    assert.same(pack(1.5, 7), pack(sock:gettimeout()))
    assert.equal("inet", (select(3, sock:getpeername())))
    b:send "in the clear\n"
    assert.equal("in the clear", sock:receive())
    assert.equal(3, sock:send "ok\n")
    assert.equal("ok", b:receive())
    sock:close()
    assert.same(pack(nil, "closed", ""), pack(b:receive()))
  end)

  it("and one for IPv6 where it was one", function()
    local function ipv6()
      local listener = assert(socket.bind("::1", 0))
      local _, port = listener:getsockname()
      local a = assert(socket.connect("::1", port))
      local b = assert(listener:accept())
      listener:close()
      return a, b
    end
    local server, client = served(ipv6)
    collect()
    local sock = unwrapped(server, client)
    assert.equal("inet6", (select(3, sock:getpeername())))
  end)

  it("keeps a socket that had read ahead", function()
    local server, client, weak = served(nil, function(a, b)
      b:send "1\n2\n"
      socket.sleep(0.01)
      assert.equal("1", a:receive())
    end)
    collect()
    assert.is_userdata(weak[1])
    local sock = unwrapped(server, client)
    assert.equal(weak[1], sock)
    assert.equal("2", sock:receive())
  end)

  it("keeps an object that is no LuaSocket socket", function()
    local a, b = pair.tcp()
    local weak = setmetatable({}, { __mode = "v" })
    local function wrapped()
      local own = { fd = a:getfd() }
      function own:getfd() return self.fd end
      function own:setfd(fd) self.fd = fd end
      weak[1] = own
      return assert(ssl.wrap(own, contexts.server))
    end
    local server = wrapped()
    a:setfd(-1)
    local client = assert(ssl.wrap(b, contexts.client))
    pair.handshake(server, client)
    collect()
    assert.is_table(weak[1])
    server:settimeout(10)
    assert.equal(weak[1], (unwrapped(server, client)))
    core.setfd(core.create(contexts.server), weak[1].fd)
  end)
end)
