-- The key `certcompression` (RFC 8879): what an observer between the ends sees.

describe("certcompression", function()
  local ssl         = require "ssl"
  local compression = require "ssl.feature.certcompression"
  local needs       = require "spec.support.needs"
  local pair        = require "spec.support.pair"
  local pki         = require "spec.support.pki"
  local process     = require "spec.support.process"
  local servers     = require "spec.support.servers"
  local wire        = require "spec.support.wire"

  local there = ssl.config.capabilities.certcompression
  local it_may = needs.each(it, there, "compressed certificates")
  local NAMES = compression.list()

  teardown(process.stop_all)

  it("is refused by name where this OpenSSL lacks it", function()
    for _, name in ipairs { "brotli", "zlib", "zstd" } do
      local ctx, why = ssl.newcontext(pair.client_config { certcompression = name })
      if there and there[name] then
        assert.is_truthy(ctx)
      else
        assert.is_nil(ctx)
        assert.equal(("invalid certcompression (this OpenSSL cannot do '%s')"):format(name), why)
      end
    end
  end)

  it("of a wrong kind is refused", function()
    for value, why in pairs { gzip = "unknown algorithm 'gzip'", [""] = "unknown algorithm ''" } do
      assert.same({ nil, ("invalid certcompression (%s)"):format(why) },
                  { ssl.newcontext(pair.client_config { certcompression = value }) })
    end
    assert.same({ nil, "invalid certcompression (empty list)" },
                { ssl.newcontext(pair.client_config { certcompression = {} }) })
    assert.has_error(function() ssl.newcontext(pair.client_config { certcompression = true }) end)
  end)

  it_may("takes an algorithm once", function()
    local ctx, why = ssl.newcontext(pair.client_config {
      certcompression = { NAMES[1], NAMES[1] } })
    assert.is_nil(ctx)
    assert.equal(("invalid certcompression ('%s' twice)"):format(NAMES[1]), why)
  end)

  -- How many bytes a server sends in its handshake. The certificate has 4001 names.
  local function sent(server, client, chosen)
    local config = { protocol = "tlsv1_3", key = pki.huge.key, certificate = pki.huge.cert }
    for key, value in pairs(server) do config[key] = value end
    local w, s, c = wire.pair(assert(ssl.newcontext(pair.server_config(config))),
                              assert(ssl.newcontext(pair.client_config(client))))
    if chosen then
      s:sni({ localhost = chosen }, true)
      c:sni "localhost"
    end
    assert.same({ true, true }, { wire.handshake(w, s, c) })
    local length = #w.down:text()
    assert.equal("CN", c:getpeercertificate():subjecttext():sub(1, 2))
    s:close()
    c:close()
    w:close()
    return length
  end

  it_may("makes a server's certificates shorter", function()
    local plain = sent({}, {})
    assert.is_true(plain > 80000)
    for _, name in ipairs(NAMES) do
      assert.is_true(sent({ certcompression = name }, {}) < plain / 2)
      assert.is_true(sent({ certcompression = NAMES }, { certcompression = name }) < plain / 2)
    end
    assert.is_true(sent({ certcompression = NAMES },
                        { options = "no_rx_certificate_compression" }) > 80000)
  end)

  it_may("needs an algorithm that both have", function()
    needs.that(#NAMES > 1, "two algorithms")
    assert.is_true(sent({ certcompression = NAMES[1] }, { certcompression = NAMES[2] }) > 80000)
  end)

  it_may("follows the context that a name chooses", function()
    local config = { protocol = "tlsv1_3", key = pki.huge.key, certificate = pki.huge.cert }
    local plain = assert(ssl.newcontext(pair.server_config(config)))
    config.certcompression = NAMES[1]
    local short = assert(ssl.newcontext(pair.server_config(config)))
    assert.is_true(sent({}, {}, short) < 40000)
    assert.is_true(sent({ certcompression = NAMES[1] }, {}, plain) > 80000)
  end)

  it_may("is spoken with s_client", function()
    local help = process.capture "openssl s_client -help 2>&1"
    needs.that(help:find("no_rx_cert_comp", 1, true), "a program `openssl` that knows it")
    local child = servers.start { tls = { protocol = "tlsv1_3", certcompression = NAMES[1] } }
    local text = process.capture((
      "echo | openssl s_client -connect 127.0.0.1:%d -msg -CAfile '%s' 2>&1"):format(
        child.port, pki.root.cert))
    assert.matches("CompressedCertificate", text)
    child:stop()
  end)
end)
