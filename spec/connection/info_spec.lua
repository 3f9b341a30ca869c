-- info: the results of negotiation.

describe("info", function()
  local limits = require "spec.support.limits"
  local pair   = require "spec.support.pair"
  local pki    = require "spec.support.pki"
  local values = require "spec.support.values"
  local core   = require "ssl.core"
  local pack   = values.pack

  local EC = { key = pki.ec_server.key, certificate = pki.ec_server.cert,
               cafile = pki.ec_root.cert }
  local RSA = pair.rsa()
  local DH = pair.rsa { dhparam = function()
    local file = assert(io.open(pki.dh.ffdhe2048))
    local text = file:read "*a"
    file:close()
    return text
  end }

  local function fields(text, bits, key, authentication, encryption, mac)
    return { protocol = text, bits = bits, algbits = bits, key = key, export = false,
             authentication = authentication, encryption = encryption, mac = mac }
  end

  -- The cipher, keys of the server, and what info says but for the cipher's name.
  local VECTORS = {
    { "ECDHE-RSA-AES256-GCM-SHA384", RSA,
      fields("TLSv1.2", 256, "ECDH", "RSA", "AESGCM(256)", "AEAD") },
    { "ECDHE-RSA-AES128-SHA", RSA,
      fields("TLSv1.2", 128, "ECDH", "RSA", "AES(128)", "SHA1") },
    { "ECDHE-RSA-AES128-SHA256", RSA,
      fields("TLSv1.2", 128, "ECDH", "RSA", "AES(128)", "SHA256") },
    { "AES256-SHA", RSA,
      fields("TLSv1.2", 256, "RSA", "RSA", "AES(256)", "SHA1") },
    { "DHE-RSA-AES128-GCM-SHA256", DH,
      fields("TLSv1.2", 128, "DH", "RSA", "AESGCM(128)", "AEAD") },
    { "ECDHE-ECDSA-CHACHA20-POLY1305", EC,
      fields("TLSv1.2", 256, "ECDH", "ECDSA", limits.chacha20, "AEAD") },
    { "TLS_AES_256_GCM_SHA384", {},
      fields("TLSv1.3", 256, limits.any_13, limits.any_13, "AESGCM(256)", "AEAD") },
    { "TLS_AES_128_GCM_SHA256", EC,
      fields("TLSv1.3", 128, limits.any_13, limits.any_13, "AESGCM(128)", "AEAD") },
    { "TLS_CHACHA20_POLY1305_SHA256", {},
      fields("TLSv1.3", 256, limits.any_13, limits.any_13, limits.chacha20, "AEAD") },
  }

  -- LuaSec's fields alone. connection/negotiated_spec has the others.
  local function known(all)
    for _, name in ipairs { "group", "sigalg", "resumed", "servername", "alpn" } do
      all[name] = nil
    end
    return all
  end

  for _, vector in ipairs(VECTORS) do
    local cipher, extra, expected = vector[1], vector[2], vector[3]
    expected.cipher = cipher
    it("describes " .. cipher .. ", whole and by field, on both sides", function()
      local cfg = { protocol = expected.protocol == "TLSv1.2" and "tlsv1_2" or "tlsv1_3" }
      cfg[cipher:find "^TLS_" and "ciphersuites" or "ciphers"] = cipher
      for key, value in pairs(extra) do cfg[key] = value end
      local server, client = pair.connected(cfg, { cafile = extra.cafile or pki.root.cert })
      for _, conn in ipairs { server, client } do
        assert.same(expected, known(conn:info()))
        assert.same(expected, known(conn:info(nil)))
        assert.same(expected, known(conn:info(false)))
        for field, value in pairs(expected) do
          assert.same(pack(value), pack(conn:info(field)))
        end
        assert.same(pack(nil), pack(conn:info "compression"))
        assert.same(pack(nil), pack(conn:info "nothing"))
        assert.is_false(conn:info() == conn:info())
        local text, bits, algbits, protocol = core.info(conn)
        assert.matches("^" .. cipher:gsub("%-", "%%-") .. " .*\n$", text)
        assert.same({ expected.bits, expected.algbits, expected.protocol },
                    { bits, algbits, protocol })
        assert.same(pack(nil), pack(core.compression(conn)))
        conn:close()
      end
    end)
  end

  it("follows what was agreed, not what was asked", function()
    for _, version in ipairs(pair.versions) do
      local server, client = pair.connected({ protocol = version }, { protocol = "any" })
      assert.equal("TLSv1." .. version:match "%d$", (client:info "protocol"))
      assert.equal((server:info "cipher"), (client:info "cipher"))
      server:close()
      client:close()
    end
  end)
end)
