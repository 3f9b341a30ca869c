-- Handshakes: how they end, and what disturbs them.

local over = ...

-- Ours has more.
local LUASEC_FIELDS = [[
    local i = c:info() or {}
    i.group, i.sigalg, i.resumed, i.servername, i.alpn = nil
    return how, i]]

local function ends(server, client)
  return ("handshake({ %s }, { %s })"):format(server or "", client or "")
end

over("plain", {
  ends(), ends("protocol = 'tlsv1_2'"), ends("protocol = 'tlsv1_3'"),
  ends(nil, "protocol = 'tlsv1_2'"), ends(nil, "protocol = 'sslv23'"),
  ends("protocol = 'tlsv1_2'", "protocol = 'tlsv1_3'"),
  ends("protocol = 'tlsv1_3'", "protocol = 'tlsv1_2'"),
  ends("options = 'no_tlsv1_3'", "protocol = 'tlsv1_3'"),
  ends("protocol = 'tlsv1_1'", "protocol = 'tlsv1_1'"),
  ends("protocol = 'tlsv1'", "protocol = 'tlsv1'"),
  ends("protocol = 'tlsv1_1', ciphers = 'DEFAULT@SECLEVEL=0'",
       "protocol = 'tlsv1_1', ciphers = 'DEFAULT@SECLEVEL=0'"),
  ends("protocol = 'tlsv1_2', ciphers = 'ECDHE-ECDSA-AES128-GCM-SHA256'",
       "ciphers = 'ECDHE-ECDSA-AES256-GCM-SHA384'"),
  ends("protocol = 'tlsv1_3', ciphersuites = 'TLS_AES_128_GCM_SHA256'",
       "ciphersuites = 'TLS_AES_256_GCM_SHA384'"),
  ends("protocol = 'tlsv1_3', ciphersuites = ''"),
  ends("protocol = 'tlsv1_3', curveslist = 'P-384'", "curveslist = 'P-256'"),
  ends("protocol = 'tlsv1_2', curveslist = 'P-384'", "curveslist = 'P-256'"),
  ends("protocol = 'tlsv1_3', curve = 'P-384'", "curveslist = 'P-256:P-384'"),
  ends(nil, "cafile = pki 'root.pem'"),
  ends("protocol = 'tlsv1_2'", "cafile = pki 'root.pem'"),
  ends(nil, "cafile = pki 'root.pem', verify = 'none'"),
  ends(nil, "cafile = false"),
  ends("key = pki 'server.key', certificate = pki 'selfsigned.pem'"),
  ends("key = pki 'server.key', certificate = pki 'selfsigned.pem'", "verify = 'none'"),
  ends("key = pki 'server.key', certificate = pki 'expired.pem'",
       "cafile = pki 'root.pem'"),
  ends("key = pki 'server.key', certificate = pki 'server_leaf.pem'",
       "cafile = pki 'root.pem'"),
  ends("key = pki 'server.key', certificate = pki 'chain.pem'", "cafile = pki 'root.pem'"),
  ends("key = pki 'server.key', certificate = pki 'chain.pem'",
       "cafile = pki 'root.pem', depth = 0"),
  ends("key = pki 'server.key', certificate = pki 'chain.pem'",
       "cafile = pki 'root.pem', depth = 1"),
  ends("key = pki 'client.key', certificate = pki 'client.pem'", "cafile = pki 'root.pem'"),
  ends("key = pki 'rsa_server.key', certificate = pki 'rsa_server.pem'",
       "cafile = nil, capath = pki 'capath'"),
  ends("key = false, certificate = false", "protocol = 'tlsv1_2'"),
  { ends("key = false, certificate = false", "protocol = 'tlsv1_3'"),
    differs = "no-certificate-text" },
  ends("key = false", "protocol = 'tlsv1_2'"),
  ends("certificate = false", "protocol = 'tlsv1_2'"),
  [[local s, c, how = connect({ certificates = {
      { key = pki 'rsa_server.key', certificate = pki 'rsa_server.pem' },
      { key = pki 'ec_server.key', certificate = pki 'ec_server.pem' } } },
      { protocol = 'tlsv1_2', ciphers = 'ECDHE-RSA-AES128-GCM-SHA256',
        cafile = pki 'root.pem' })
    return how, c:info('authentication')]],
  [[local s, c, how = connect({ certificates = {
      { key = pki 'rsa_server.key', certificate = pki 'rsa_server.pem' },
      { key = pki 'ec_server.key', certificate = pki 'ec_server.pem' } } },
      { protocol = 'tlsv1_2', ciphers = 'ECDHE-ECDSA-AES128-GCM-SHA256' })
    return how, c:info('authentication')]],
  [[local s, c, how = connect({ protocol = 'tlsv1_2', key = pki 'rsa_server.key',
      certificate = pki 'rsa_server.pem' }, { cafile = pki 'root.pem' })
    ]] .. LUASEC_FIELDS,
  [[local s, c, how = connect({ protocol = 'tlsv1_2', ciphers = 'ECDHE-ECDSA-CHACHA20-POLY1305' })
    ]] .. LUASEC_FIELDS,
  [[local s, c, how = connect({ protocol = 'tlsv1_2',
      ciphers = 'ECDHE-ECDSA-AES128-SHA@SECLEVEL=0' })
    ]] .. LUASEC_FIELDS,
  [[local s, c, how = connect({ protocol = 'tlsv1_2', key = pki 'rsa_server.key',
      certificate = pki 'rsa_server.pem', ciphers = 'AES256-GCM-SHA384' },
      { cafile = pki 'root.pem' })
    ]] .. LUASEC_FIELDS,
})

-- Clients' certificates.
local function mutual(version, server, client)
  return ends(("protocol = '%s', cafile = pki 'root.pem', key = pki 'rsa_server.key', " ..
               "certificate = pki 'rsa_server.pem', %s"):format(version, server),
              "cafile = pki 'root.pem', " .. client)
end
for _, version in ipairs { "tlsv1_2", "tlsv1_3" } do
  over("plain", {
    mutual(version, "verify = { 'peer', 'fail_if_no_peer_cert' }", ""),
    mutual(version, "verify = 'peer'", ""),
    { mutual(version, "verify = 'fail_if_no_peer_cert'", ""), differs = "verify-implies-peer" },
    { mutual(version, "verify = 'client_once'",
             "key = pki 'server.key', certificate = pki 'expired.pem'"),
      differs = "verify-implies-peer" },
    mutual(version, "verify = 'peer'", "key = pki 'client.key', certificate = pki 'client.pem'"),
    mutual(version, "verify = 'peer'",
           "key = pki 'ec_client.key', certificate = pki 'ec_client.pem'"),
    mutual(version, "verify = 'peer'",
           "key = pki 'wrong_usage.key', certificate = pki 'wrong_usage.pem'"),
    mutual(version, "verify = 'peer', verifyext = 'lsec_ignore_purpose'",
           "key = pki 'wrong_usage.key', certificate = pki 'wrong_usage.pem'"),
    mutual(version, "verify = 'peer', cafile = pki 'root_with_crl.pem', verifyext = 'crl_check'",
           "key = pki 'revoked.key', certificate = pki 'revoked.pem'"),
    mutual(version, "verify = 'peer', cafile = pki 'root_with_crl.pem'",
           "key = pki 'revoked.key', certificate = pki 'revoked.pem'"),
    mutual(version, "verify = 'peer', cafile = pki 'root_with_crl.pem', verifyext = 'crl_check'",
           "key = pki 'client.key', certificate = pki 'client.pem'"),
    mutual(version, "verify = 'peer', verifyext = 'crl_check'",
           "key = pki 'client.key', certificate = pki 'client.pem'"),
    mutual(version, "verify = 'peer', verifyext = { 'crl_check', 'lsec_continue' }",
           "key = pki 'client.key', certificate = pki 'client.pem'"),
    { mutual(version, "verify = 'peer', verifyext = 'crl_check_chain'",
             "key = pki 'client.key', certificate = pki 'client.pem'"),
      differs = "crl-check-chain" },
    mutual(version, "verify = 'peer', verifyext = { 'crl_check_chain', 'crl_check' }",
           "key = pki 'client.key', certificate = pki 'client.pem'"),
    { [[local s, c, how = connect({ protocol = ']] .. version .. [[', cafile = pki 'root.pem',
          key = pki 'rsa_server.key', certificate = pki 'rsa_server.pem',
          verify = { 'peer', 'fail_if_no_peer_cert' } }, { cafile = pki 'root.pem' })
        arrive(c) return how[3], how[4], c:receive()]],
      differs = version == "tlsv1_2" and "failure-kept" or nil },
  })
end

-- DHE.
local function dhe(f)
  return ([[handshake({ protocol = 'tlsv1_2', key = pki 'rsa_server.key',
    certificate = pki 'rsa_server.pem', ciphers = 'DHE-RSA-AES128-GCM-SHA256', dhparam = %s },
    { cafile = pki 'root.pem', protocol = 'tlsv1_2' })]]):format(f)
end
over("plain", {
  dhe "nil", dhe "function() return read(pki 'dh2048.pem') end",
  { dhe "function() end", differs = "dhparam-nil" },
  dhe "function() return 5 end",
  dhe "function() return 'x' end",
  { dhe "function() return read(pki 'dh512.pem') end", differs = "dhparam-small", from = "3.2" },
  [[local seen
      local s, c, how = connect({ protocol = 'tlsv1_2', key = pki 'rsa_server.key',
        certificate = pki 'rsa_server.pem', ciphers = 'DHE-RSA-AES128-GCM-SHA256',
        dhparam = function(...) seen = all(...) return read(pki 'dh2048.pem') end },
        { cafile = pki 'root.pem' })
      return how, seen]],
  [[local calls = 0
    connect({ protocol = 'tlsv1_2', dhparam = function() calls = calls + 1 end }, {})
    return calls >= 0]],
  { [[local s, c = pair({ protocol = 'tlsv1_2', key = pki 'rsa_server.key',
        certificate = pki 'rsa_server.pem', ciphers = 'DHE-RSA-AES128-GCM-SHA256',
        dhparam = function() error('mine', 0) end }, { cafile = pki 'root.pem' })
      c:dohandshake() arrive(s)
      return pcall(s.dohandshake, s)]] },
})
