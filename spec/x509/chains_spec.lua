-- The certificates of the other side, one by one and as a chain.

describe("the peer's certificates", function()
  local pair   = require "spec.support.pair"
  local pki    = require "spec.support.pki"
  local values = require "spec.support.values"
  local x509   = require "ssl.x509"
  local pack, raised = values.pack, values.raised

  local function digest_of(path)
    local file = assert(io.open(path))
    local cert = assert(x509.load(file:read "*a"))
    file:close()
    return cert:digest "sha256"
  end

  local function digests(chain)
    local out = {}
    for i, cert in ipairs(chain) do out[i] = cert:digest "sha256" end
    return out
  end

  local INTERMEDIATE = digest_of(pki.intermediate.cert)
  local SERVER, CLIENT = digest_of(pki.server.leaf), digest_of(pki.client.leaf)

  for _, version in ipairs(pair.versions) do
    describe("over " .. version, function()
      local server, client
      after_each(function()
        server:close()
        client:close()
      end)

      local function mutual()
        server, client = pair.connected(
          { protocol = version, certificate = pki.server.chain, cafile = pki.root.cert,
            verify = { "peer", "fail_if_no_peer_cert" } },
          { key = pki.client.key, certificate = pki.client.chain })
        return { [server] = CLIENT, [client] = SERVER }
      end

      it("come by index, the peer's own first", function()
        for conn, leaf in pairs(mutual()) do
          assert.equal(leaf, conn:getpeercertificate():digest "sha256")
          assert.equal(leaf, conn:getpeercertificate(1):digest "sha256")
          assert.equal(INTERMEDIATE, conn:getpeercertificate(2):digest "sha256")
          assert.same(pack(nil), pack(conn:getpeercertificate(3)))
          assert.same(pack(nil), pack(conn:getpeercertificate(1e9)))
          assert.is_true(conn:getpeercertificate() ~= conn:getpeercertificate())
        end
      end)

      it("come as the chain that was sent, and not the one that was verified", function()
        for conn, leaf in pairs(mutual()) do
          assert.equal(1, pack(conn:getpeerchain()).n)
          assert.same({ leaf, INTERMEDIATE }, digests(conn:getpeerchain()))
          assert.is_false(conn:getpeerchain() == conn:getpeerchain())
        end
      end)

      it("are counted from 1, in any spelling of a number", function()
        for conn, leaf in pairs(mutual()) do
          for _, n in ipairs { 0, -1, "0", 0.9, -0.5 } do
            assert.same(pack(nil, "invalid certificate index"), pack(conn:getpeercertificate(n)))
          end
          for _, n in ipairs { "1", 1.9, 1 } do
            assert.equal(leaf, conn:getpeercertificate(n):digest "sha256")
          end
          for got, value in pairs { string = "x", table = {}, boolean = true } do
            assert.equal("bad argument #1 to 'getpeercertificate' (number expected, got "
                         .. got .. ")", raised(function() conn:getpeercertificate(value) end))
          end
        end
      end)

      it("outlive the connection", function()
        mutual()
        local leaf, chain = server:getpeercertificate(), client:getpeerchain()
        server:close()
        client:close()
        server, client = pair.connected { protocol = version }
        collectgarbage()
        collectgarbage()
        assert.equal(CLIENT, leaf:digest "sha256")
        assert.same({ SERVER, INTERMEDIATE }, digests(chain))
        assert.matches("BEGIN CERTIFICATE", chain[2]:pem())
      end)

      it("are none on a server with a client without any", function()
        server, client = pair.connected { protocol = version }
        assert.same(pack(nil), pack(server:getpeercertificate()))
        assert.same(pack(nil), pack(server:getpeercertificate(2)))
        -- D5: LuaSec's array would contain an object without a certificate.
        assert.same(pack({}), pack(server:getpeerchain()))
        collectgarbage()
      end)

      it("are those that were sent, though none was verified", function()
        server, client = pair.connected({ protocol = version, certificate = pki.server.chain },
                                        { verify = "none", cafile = false })
        assert.same({ SERVER, INTERMEDIATE }, digests(client:getpeerchain()))
      end)

      it("are the leaf alone when only it was sent", function()
        server, client = pair.connected({ protocol = version, certificate = pki.server.leaf },
                                        { verify = "none" })
        assert.same({ SERVER }, digests(client:getpeerchain()))
        assert.same(pack(nil), pack(client:getpeercertificate(2)))
      end)
    end)
  end
end)
