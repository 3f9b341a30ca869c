-- The fields of info beside LuaSec's: group, sigalg, resumed, servername, alpn.

describe("info also returns", function()
  local ssl    = require "ssl"
  local pair   = require "spec.support.pair"
  local pki    = require "spec.support.pki"
  local values = require "spec.support.values"
  local limits = require "spec.support.limits"
  local needs  = require "spec.support.needs"
  local pack   = values.pack

  local function close(...)
    for _, conn in ipairs { ... } do conn:close() end
  end

  local EC = { key = pki.ec_server.key, certificate = pki.ec_server.cert }

  -- The server's keys, the client's, and the signature that the client sees.
  local SIGNATURES = {
    { "tlsv1_3", pair.rsa(), {}, limits.signature_rsa },
    { "tlsv1_3", pair.rsa(), { sigalgs = "rsa_pss_rsae_sha384" }, "rsa_pss_rsae_sha384" },
    { "tlsv1_3", EC, { cafile = pki.ec_root.cert }, "ecdsa_secp256r1_sha256" },
    { "tlsv1_2", pair.rsa(), { sigalgs = "RSA+SHA512" }, "rsa_pkcs1_sha512" },
    { "tlsv1_2", pair.rsa(), { sigalgs = "RSA+SHA256" }, "rsa_pkcs1_sha256" },
    { "tlsv1_2", EC, { cafile = pki.ec_root.cert, sigalgs = "ECDSA+SHA384" },
      "ecdsa_secp384r1_sha384" },
    { "tlsv1_2", pair.rsa { ciphers = "AES128-SHA" }, {}, nil },
  }

  for _, case in ipairs(SIGNATURES) do
    local version, server, client, name = unpack(case, 1, 4)
    it(("what was signed with: %s in %s"):format(tostring(name), version), function()
      server.protocol = version
      local s, c = pair.connected(server, client)
      assert.same(pack(name), pack(c:info "sigalg"))
      assert.equal(name, c:info().sigalg)
      assert.same(pack(nil), pack(s:info "sigalg"))
      close(s, c)
    end)
  end

  it("what a client signed with", function()
    for _, version in ipairs(pair.versions) do
      local s, c = pair.connected(
        { protocol = version, verify = "peer", cafile = pki.root.cert },
        { key = pki.ec_client.key, certificate = pki.ec_client.cert })
      assert.equal(limits.signature_p256[version], (s:info "sigalg"))
      close(s, c)
    end
  end)

  it("the keys that have a name of their own", function()
    local process = require "spec.support.process"
    local dir = process.folder()
    for kind, name in pairs {
      ["ed25519"] = limits.key_kinds.ed25519 and "ed25519" or nil,
      ["ed448"] = limits.key_kinds.ed25519 and "ed448" or nil,
      ["rsa-pss -pkeyopt rsa_keygen_bits:2048"] = limits.signature_pss,
    } do
      local key, cert = dir .. "/key", dir .. "/cert"
      process.capture(("openssl req -x509 -newkey %s -nodes -subj /CN=x -keyout %s -out %s 2>&1")
                      :format(kind, key, cert))
      for _, version in ipairs(pair.versions) do
        local s, c = pair.connected({ protocol = version, key = key, certificate = cert },
                                    { verify = "none" })
        assert.equal(name, (c:info "sigalg"))
        close(s, c)
      end
    end
    process.stop_all()
  end)

  it("the group, where there was one", function()
    local s, c = pair.connected(pair.rsa { protocol = "tlsv1_2", ciphers = "AES128-SHA" })
    assert.same(pack(nil), pack(c:info "group"))
    close(s, c)
    needs.group "ffdhe2048"
    s, c = pair.connected({ protocol = "tlsv1_3", groups = "ffdhe2048" },
                          { groups = "ffdhe2048" })
    assert.equal("ffdhe2048", (c:info "group"))
    assert.equal("ffdhe2048", s:info().group)
    close(s, c)
  end)

  it("the name that was asked for, and the protocol that was agreed on", function()
    for _, version in ipairs(pair.versions) do
      local s, c = pair.wrapped({ protocol = version, alpn = { "one", "other" } },
                                { alpn = "other" })
      c:sni "some.test"
      assert.same(pack(nil, "closed"), pack(c:info "servername"))
      assert.same({ { true }, { true } }, { pair.handshake(s, c) })
      for _, conn in ipairs { s, c } do
        assert.same({ "some.test", "other" }, { conn:info "servername", conn:info "alpn" })
        assert.same({ "some.test", "other" }, { conn:info().servername, conn:info().alpn })
      end
      close(s, c)
      assert.same(pack(nil, "closed"), pack(c:info "alpn"))
    end
    local s, c = pair.connected()
    assert.same({ nil, nil }, { c:info "servername", c:info "alpn" })
    close(s, c)
  end)

  it("whether a session was resumed, which has no signature then", function()
    for _, version in ipairs(limits.resumed_versions) do
      local sctx = assert(ssl.newcontext(pair.server_config { protocol = version }))
      local cctx = assert(ssl.newcontext(pair.client_config {}))
      local s, c = pair.connected(sctx, cctx)
      assert.same({ false, false }, { s:info "resumed", c:info "resumed" })
      s:send "ticket\n"
      c:receive()
      local found = assert(c:getsession())
      close(s, c)
      s, c = pair.wrapped(sctx, cctx)
      assert.is_true(c:setsession(found))
      assert.same({ { true }, { true } }, { pair.handshake(s, c) })
      assert.same({ true, true }, { s:info "resumed", c:info "resumed" })
      assert.is_nil(c:info().sigalg)
      close(s, c)
    end
  end)
end)
