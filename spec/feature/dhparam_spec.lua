-- The user's function for Diffie-Hellman parameters, on a server up to TLS 1.2.

describe("dhparam", function()
  local pair   = require "spec.support.pair"
  local pki    = require "spec.support.pki"
  local shake  = require "spec.support.shake"
  local values = require "spec.support.values"
  local ssl    = require "ssl"
  local wording = require "spec.support.wording"
  local pack   = values.pack

  local function read(path)
    local file = assert(io.open(path))
    local text = file:read "*a"
    file:close()
    return text
  end

  local GROUP, WEAK = read(pki.dh.ffdhe2048), read(pki.dh.weak512)
  local DHE, ECDHE = "DHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"

  local server, client
  -- From 4.0 on a client that offers groups of RFC 7919 has its choice, whatever the
  -- server's function says; this one offers none.
  local function make(dhparam, ciphers)
    server, client = pair.wrapped(pair.rsa { protocol = "tlsv1_2", dhparam = dhparam },
                                  { ciphers = ciphers or DHE, curveslist = "P-256" })
  end

  after_each(function()
    server:close()
    client:close()
  end)

  it("D22: is called once a handshake, as f(false, 1024), and its group is used", function()
    local calls = {}
    local ctx = assert(ssl.newcontext(pair.server_config(pair.rsa { protocol = "tlsv1_2",
      dhparam = function(...)
        calls[#calls + 1] = pack(...)
        return GROUP
      end })))
    for i = 1, 2 do
      if i > 1 then
        server:close()
        client:close()
      end
      server, client = pair.connected(ctx, { ciphers = DHE })
      assert.equal(DHE, (client:info "cipher"))
      assert.equal(i, #calls)
      assert.same(pack(false, 1024), calls[i])
    end
    server:send "through\n"
    client:settimeout(10)
    assert.equal("through", (client:receive()))
  end)

  -- The end of a handshake with this function's result, the number of calls, the cipher.
  local function outcome(answer, offered, config)
    local asked = 0
    config = config or {}
    config.protocol = config.protocol or "tlsv1_2"
    config.dhparam = function()
      asked = asked + 1
      return answer
    end
    server, client = pair.wrapped(pair.rsa(config), { ciphers = offered, curveslist = "P-256" })
    local at_server, at_client = shake(server, client)
    local cipher = at_server == true and client:info "cipher" or nil
    return pack(at_server, asked, cipher), at_client
  end

  it("is not asked by a client that offers no DHE, nor where the server allows none", function()
    assert.same(pack(true, 0, ECDHE), (outcome(GROUP, ECDHE)))
    server:close()
    client:close()
    assert.same(pack(true, 0, ECDHE), (outcome(GROUP, DHE .. ":" .. ECDHE, { ciphers = ECDHE })))
  end)

  it("that answers nil leaves the other key exchanges", function()
    assert.same(pack(true, 1, ECDHE), (outcome(nil, DHE .. ":" .. ECDHE)))
    server:close()
    client:close()
    local chosen = outcome(GROUP, DHE .. ":" .. ECDHE)
    assert.same(pack(true, 1, DHE), chosen)
    server:close()
    client:close()
    local failed, at_client = outcome(nil, DHE)
    assert.same(pack("no shared cipher", 1, nil), failed)
    assert.equal(wording "sslv3 alert handshake failure", at_client)
  end)

  for title, case in pairs {
    ["a number"] = { 5, "internal error" },
    ["what is no PEM"] = { "no parameters", "no start line" },
    ["a PEM of something else"] = { read(pki.server.cert), "no start line" },
    -- 3.5 counts no security in it at all.
    ["a group of 512 bits"] = { WEAK, "dh key too small", "unknown security bits" },
  } do
    it("fails the handshake when it answers " .. title, function()
      make(function() return case[1] end)
      local at_server, at_client = shake(server, client)
      local said = at_server == case[3] and case[3] or case[2]
      assert.equal(said, at_server)
      assert(at_client == "tlsv1 alert internal error"
             or at_client == wording "sslv3 alert handshake failure", at_client)
      assert.same(pack(false, said), pack(server:dohandshake()))
    end)
  end

  it("may raise: dohandshake does, with the same value, and never succeeds", function()
    local problem = {}
    make(function() error(problem) end)
    client:settimeout(0)
    client:dohandshake()
    server:settimeout(0)
    local ok, raised = pcall(server.dohandshake, server)
    assert.is_false(ok)
    assert.equal(problem, raised)
    for _ = 1, 5 do
      local done = select(2, pcall(server.dohandshake, server))
      assert.is_false(done == true)
      client:dohandshake()
    end
    assert.same(pack(nil, "closed"), pack(client:info()))
  end)

  it("may yield through dohandshake", function()
    make(function()
      assert.equal("go on", coroutine.yield "asked")
      return GROUP
    end)
    server:settimeout(0)
    client:settimeout(0)
    client:dohandshake()
    local answer
    local co = coroutine.create(function()
      answer = pack(server:dohandshake())
      return "done"
    end)
    assert.same({ true, "asked" }, { coroutine.resume(co) })
    assert.is_nil(answer)
    collectgarbage()
    assert.same({ true, "done" }, { coroutine.resume(co, "go on") })
    assert.same(pack(false, "wantread"), answer)
    assert.same({ true, true }, { shake(server, client) })
    assert.equal(DHE, (server:info "cipher"))
  end)

  it("may close the connection that asks", function()
    make(function()
      server:close()
      return GROUP
    end)
    client:settimeout(0)
    client:dohandshake()
    assert.same(pack(false, "closed"), pack(server:dohandshake()))
    assert.matches("closed", tostring(server))
  end)

  it("is not asked by a client, nor for TLS 1.3 to be spoken", function()
    local asked = 0
    local function count()
      asked = asked + 1
      return GROUP
    end
    server, client = pair.connected({ protocol = "tlsv1_2" }, { dhparam = count })
    assert.equal(0, asked)
    server:close()
    client:close()
    server, client = pair.connected({ protocol = "any", dhparam = count }, { protocol = "any" })
    assert.equal("TLSv1.3", (client:info "protocol"))
    assert.equal(0, asked)
    server:close()
    client:close()
    server, client = pair.connected(pair.rsa { protocol = "any", dhparam = count },
                                    { protocol = "tlsv1_2", ciphers = DHE, curveslist = "P-256" })
    assert.equal(1, asked)
  end)
end)
