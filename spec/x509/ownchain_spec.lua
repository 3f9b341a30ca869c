-- The certificates of this side: conn:getlocalcertificate, conn:getlocalchain.

describe("ssl.own", function()
  local limits  = require "spec.support.limits"
  local needs   = require "spec.support.needs"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local context = require "ssl.context"
  local x509    = require "ssl.x509"

  local values  = require "spec.support.values"
  local pack, raised = values.pack, values.raised

  -- Key exchange without any certificate, up to TLS 1.2.
  local ANONYMOUS = "AECDH@SECLEVEL=0"

  local ends = {}
  after_each(function()
    for _, conn in ipairs(ends) do conn:close() end
    ends = {}
  end)

  local function remember(server, client)
    ends = { server, client }
    return server, client
  end

  local function first_pem(path)
    local file = assert(io.open(path))
    local text = file:read "*a"
    file:close()
    return assert(x509.load(text)):pem()
  end

  local function pems(certs)
    local out = {}
    for i, cert in ipairs(certs) do out[i] = cert:pem() end
    assert.equal(#certs, #out)
    return out
  end

  local INTERMEDIATE = first_pem(pki.intermediate.cert)
  local SERVER = { first_pem(pki.server.leaf), INTERMEDIATE }
  local CLIENT = { first_pem(pki.client.leaf), INTERMEDIATE }

  for _, version in ipairs(pair.versions) do
    describe("over " .. version .. ", both sides with a leaf and an intermediate", function()
      local function both()
        return remember(pair.connected(
          { protocol = version, certificate = pki.server.chain, cafile = pki.root.cert,
            verify = { "peer", "fail_if_no_peer_cert" } },
          { certificate = pki.client.chain, key = pki.client.key }))
      end

      it("gives a server its leaf, its intermediate and then nothing", function()
        local server = both()
        assert.equal(SERVER[1], server:getlocalcertificate():pem())
        assert.equal(SERVER[1], server:getlocalcertificate(1):pem())
        assert.equal(SERVER[2], server:getlocalcertificate(2):pem())
        assert.same({ n = 1 }, pack(server:getlocalcertificate(3)))
        assert.same(SERVER, pems(server:getlocalchain()))
      end)

      it("D6: gives a client the same, counted the same", function()
        local _, client = both()
        assert.equal(CLIENT[1], client:getlocalcertificate():pem())
        assert.equal(CLIENT[1], client:getlocalcertificate(1):pem())
        assert.equal(CLIENT[2], client:getlocalcertificate(2):pem())
        assert.same({ n = 1 }, pack(client:getlocalcertificate(3)))
        assert.same(CLIENT, pems(client:getlocalchain()))
      end)

      it("gives what the other side sees", function()
        local server, client = both()
        assert.same(pems(client:getpeerchain()), pems(server:getlocalchain()))
        assert.same(pems(server:getpeerchain()), pems(client:getlocalchain()))
      end)

      it("gives certificates that outlive the connection", function()
        local server, client = both()
        local chain = server:getlocalchain()
        server:close()
        client:close()
        collectgarbage()
        assert.same(SERVER, pems(chain))
      end)
    end)

    it("gives a client without a certificate nothing, over " .. version, function()
      local _, client = remember(pair.connected({ protocol = version }))
      assert.same({ n = 1 }, pack(client:getlocalcertificate()))
      assert.same({ n = 1 }, pack(client:getlocalcertificate(2)))
      assert.same({ n = 1, {} }, pack(client:getlocalchain()))
    end)

    it("gives the one of two certificates that was used, over " .. version, function()
      needs.that(limits.tells_shown_certificate, "the certificate that was chosen of several")
      local server, client = pair.wrapped({ protocol = version, certificates = {
        { key = pki.rsa_server.key, certificate = pki.rsa_server.chain },
        { key = pki.ec_server.key, certificate = pki.ec_server.cert } } },
        { ciphers = "ECDHE-RSA-AES128-GCM-SHA256", verify = "none" })
      remember(server, client)
      pair.handshake(server, client)
      assert.equal(client:getpeercertificate():pem(), server:getlocalcertificate():pem())
      assert.same(pems(client:getpeerchain()), pems(server:getlocalchain()))
    end)

    it("gives the certificate of the context that the server name chose, over " .. version,
    function()
      local other = assert(context.create "any")
      assert(context.setmode(other, "server"))
      assert(context.loadkey(other, pki.ec_server.key, nil))
      assert(context.loadcert(other, pki.ec_server.cert))
      local server, client = pair.wrapped({ protocol = version },
                                          { cafile = pki.ec_root.cert })
      remember(server, client)
      server:sni { ["other.test"] = other }
      client:sni "other.test"
      pair.handshake(server, client)
      assert.equal(first_pem(pki.ec_server.cert), server:getlocalcertificate():pem())
      assert.equal(1, #server:getlocalchain())
    end)
  end

  it("D5: gives a server without a certificate nothing, and no hollow object", function()
    local server, client = remember(pair.wrapped(
      { protocol = "tlsv1_2", key = false, certificate = false, ciphers = ANONYMOUS },
      { protocol = "tlsv1_2", ciphers = ANONYMOUS, verify = "none" }))
    assert.same({ true }, (pair.handshake(server, client)))
    assert.same({ n = 1 }, pack(server:getlocalcertificate()))
    assert.same({ n = 1, {} }, pack(server:getlocalchain()))
    assert.same({ n = 1 }, pack(client:getpeercertificate()))
    assert.same({ n = 1, {} }, pack(client:getpeerchain()))
  end)

  it("leaves out what OpenSSL adds to the configured chain by itself", function()
    local server, client = remember(pair.connected(
      { certificate = pki.server.leaf, cafile = pki.intermediate.cert }))
    assert.same(SERVER, pems(client:getpeerchain()))
    assert.same({ SERVER[1] }, pems(server:getlocalchain()))
  end)

  describe("an index", function()
    it("below 1 is refused, a fraction is cut off, a numeric string counts", function()
      local server = remember(pair.connected({ certificate = pki.server.chain }))
      for _, n in ipairs { 0, -1, 0.9, -math.huge, 0 / 0 } do
        assert.same({ n = 2, nil, "invalid certificate index" },
                    pack(server:getlocalcertificate(n)))
      end
      assert.equal(SERVER[1], server:getlocalcertificate(1.9):pem())
      assert.equal(SERVER[1], server:getlocalcertificate("1"):pem())
      assert.same({ n = 1 }, pack(server:getlocalcertificate(math.huge)))
      assert.same({ n = 1 }, pack(server:getlocalcertificate(2^32 + 2)))
    end)

    it("that is no number raises", function()
      local server = remember(pair.connected())
      assert.equal("bad argument #1 to 'getlocalcertificate' (number expected, got string)",
                   raised(function() server:getlocalcertificate "x" end))
    end)
  end)

  it("answers nil, \"closed\" before the handshake, when it failed and after close", function()
    local server, client = remember(pair.wrapped(nil, { cafile = pki.other.cert }))
    local function check()
      for _, conn in ipairs { server, client } do
        assert.same({ n = 2, nil, "closed" }, pack(conn:getlocalcertificate()))
        assert.same({ n = 2, nil, "closed" }, pack(conn:getlocalcertificate "x"))
        assert.same({ n = 2, nil, "closed" }, pack(conn:getlocalchain()))
      end
    end
    check()
    assert.is_false(pair.handshake(server, client)[1])
    check()
    server:close()
    client:close()
    check()
  end)
end)
