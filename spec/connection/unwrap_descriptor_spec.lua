-- Descriptors before TLS and after it: the object that unwrap returns, and its owner.

describe("a descriptor", function()
  local ssl    = require "ssl"
  local core   = require "ssl.core"
  local pair   = require "spec.support.pair"
  local values = require "spec.support.values"
  local pack   = values.pack

  local context = {}
  setup(function()
    context.server = assert(ssl.newcontext(pair.server_config()))
    context.client = assert(ssl.newcontext(pair.client_config()))
  end)

  it("takes 64 KiB of earlier bytes, and reports when it is too much", function()
    local a = pair.tcp()
    assert.same(pack(nil, "too many initial bytes"),
                pack(ssl.wrap(a, context.server, { initial = ("x"):rep(100000) })))
    assert.is_true(a:getfd() >= 0)
    assert.is_userdata(ssl.wrap(a, context.server, { initial = ("x"):rep(65536) }))
    assert.matches("string expected, got table",
                   values.raised(ssl.wrap, pair.tcp(), context.server, { initial = {} }))
  end)

  it("that came alone is given back as its number", function()
    local a, b = pair.tcp()
    local server = assert(ssl.wrap(a, context.server))
    local client = core.create(context.client)
    local fd = b:getfd()
    core.setfd(client, fd)
    b:setfd(-1)
    assert.same({ { true }, { true } }, { pair.handshake(server, client) })
    assert.is_false(server:dirty()) -- so it reads ahead
    assert.same(pack(nil, "wantread"), pack(server:unwrap()))
    assert.same(pack(fd, "", ""), pack(client:unwrap()))
    b:setfd(fd)
    b:send "plain\n"
    assert.same(pack(a, "plain\n", ""), pack(server:unwrap()))
  end)

  it("is not given back because the peer's system reset the connection", function()
    local server, client = pair.connected()
    server:settimeout(0)
    assert.same(pack(nil, "wantread"), pack(server:unwrap()))
    pair.reset(client)
    server:settimeout(5)
    local transport, word = server:unwrap()
    assert.is_nil(transport)
    assert.equal("closed", word)
    assert.equal("closed", server:lasterror().message)
  end)
end)
