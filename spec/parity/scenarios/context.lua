-- ssl.context, function by function.

local over = ...

local FUNCTIONS = {
  "checkkey", "loadcert", "loadkey", "locations", "setalpn", "setalpncb", "setcipher",
  "setciphersuites", "setcurve", "setcurveslist", "setdane", "setdepth", "setdhparam",
  "setmode", "setoptions", "setverify",
}

local list = {}
for _, name in ipairs(FUNCTIONS) do
  for _, self in ipairs { "", "nil", "5", "'x'", "{}", "io.stdout" } do
    list[#list + 1] = ("context.%s(%s)"):format(name, self)
  end
end
for _, name in ipairs { "loadcert", "setalpn", "setcipher", "setciphersuites", "setcurve",
                        "setcurveslist", "setmode" } do
  for _, value in ipairs { "", ", nil", ", {}", ", true", ", print", ", ctx" } do
    list[#list + 1] = ("context.%s(ctx%s)"):format(name, value)
  end
end
over("ctx", list)

over("plain", {
  "context.create()", "context.create(nil)", "context.create({})", "context.create(true)",
  "context.create('sslv2')", "context.create('sslv4')", "context.create('')",
  "context.create('ANY')", "context.create('TLSv1_2')", "context.create(12)",
  "context.create('tlsv1.2')",
  { "context.create('sslv3')", differs = "sslv3" },
  "tostring(context.create 'any')", "tostring(context.create 'sslv23')",
  "tostring(context.create 'tlsv1')", "tostring(context.create 'tlsv1_1')",
  "tostring(context.create 'tlsv1_2')", "tostring(context.create 'tlsv1_3')",
  "select('#', context.create 'any')", "select('#', context.create 'x')",
  "context.create('any', 'more')  ~= nil",
})

over("ctx", {
  "context.setmode(ctx, 'client')", "context.setmode(ctx, 'server')",
  { "context.setmode(ctx, 'x')", differs = "setmode-unknown" },
  { "context.setmode(ctx, '')", differs = "setmode-unknown" },
  { "context.setmode(ctx, 'Server')", differs = "setmode-unknown" },
  { "context.setmode(ctx, 5)", differs = "setmode-unknown" },
  "context.setmode(ctx, 'server', 1)",

  { "context.locations(ctx)", differs = "errno-words" },
  { "context.locations(ctx, nil)", differs = "errno-words" },
  { "context.locations(ctx, nil, nil)", differs = "errno-words" },
  "context.locations(ctx, pki 'root.pem')",
  "context.locations(ctx, pki 'root.pem', nil)",
  "context.locations(ctx, nil, pki 'capath')",
  "context.locations(ctx, pki 'root.pem', pki 'capath')",
  "context.locations(ctx, nil, '/nowhere')",
  { "context.locations(ctx, '/nowhere')", differs = "errno-words" },
  { "context.locations(ctx, '')", differs = "errno-words" },
  "context.locations(ctx, pki 'rsa_server.key')",
  "context.locations(ctx, {})", "context.locations(ctx, true)", "context.locations(ctx, false)",
  "context.locations(ctx, nil, {})", "context.locations(ctx, nil, true)",
  "context.locations(ctx, pki 'root_with_crl.pem')",
  "context.locations(ctx, pki 'root_crl.pem')",

  "context.loadcert(ctx, pki 'rsa_server.pem')",
  "context.loadcert(ctx, pki 'rsa_server_chain.pem')",
  { "context.loadcert(ctx, '/nowhere')", differs = "errno-words" },
  { "context.loadcert(ctx, '')", differs = "errno-words" },
  "context.loadcert(ctx, pki 'rsa_server.key')",
  "context.loadcert(ctx, folder)",
  { "context.loadcert(ctx, 5)", differs = "errno-words" },

  "context.loadkey(ctx)", "context.loadkey(ctx, {})", "context.loadkey(ctx, nil)",
  "context.loadkey(ctx, pki 'rsa_server.key')",
  "context.loadkey(ctx, pki 'rsa_server.key', nil)",
  "context.loadkey(ctx, pki 'rsa_server.key', 'password')",
  "context.loadkey(ctx, pki 'rsa_server.key', function() return 'x' end)",
  "context.loadkey(ctx, pki 'rsa_server.key', 5)",
  "context.loadkey(ctx, pki 'rsa_server.key', true)",
  "context.loadkey(ctx, pki 'rsa_server.key', {})",
  "context.loadkey(ctx, pki 'rsa_server_encrypted.key', 'foobar')",
  "context.loadkey(ctx, pki 'rsa_server_encrypted.key', function() return 'foobar' end)",
  "context.loadkey(ctx, pki 'rsa_server_encrypted.key', 'wrong')",
  "context.loadkey(ctx, pki 'rsa_server_encrypted.key', '')",
  "context.loadkey(ctx, pki 'rsa_server_encrypted.key', function() return 'wrong' end)",
  "context.loadkey(ctx, pki 'rsa_server_encrypted.key', function() end)",
  "context.loadkey(ctx, pki 'rsa_server_encrypted.key', function() return 5 end)",
  "context.loadkey(ctx, pki 'rsa_server_encrypted.key', function() return {} end)",
  "context.loadkey(ctx, pki 'rsa_server_encrypted.key', function() error('mine', 0) end)",
  "context.loadkey(ctx, pki 'rsa_server_encrypted.key', function() error { 1 } end)",
  [[context.loadkey(ctx, pki 'rsa_server_encrypted.key',
      function(...) return 'foobar' .. select('#', ...) end)]],
  { "context.loadkey(ctx, pki 'rsa_server_encrypted.key', 'wrong', 'foobar')",
    differs = "password-argument" },
  { "context.loadkey(ctx, pki 'rsa_server_encrypted.key', 'foobar', 'wrong')",
    differs = "password-argument" },
  { "context.loadkey(ctx, pki 'rsa_server_encrypted.key', 'foobar\\0junk')",
    differs = "password-whole" },
  { "context.loadkey(ctx, pki 'rsa_server_encrypted.key', ('x'):rep(2000))",
    differs = "password-whole" },
  { "context.loadkey(ctx, '/nowhere', nil)", differs = "errno-words" },
  { "context.loadkey(ctx, '', nil)", differs = "errno-words" },
  "context.loadkey(ctx, pki 'rsa_server.pem', nil)",
  "context.loadkey(ctx, folder, nil)",

  "context.checkkey(ctx)",
  "context.loadkey(ctx, pki 'rsa_server.key', nil) return context.checkkey(ctx)",
  "context.loadcert(ctx, pki 'rsa_server.pem') return context.checkkey(ctx)",
  [[context.loadkey(ctx, pki 'rsa_server.key', nil) context.loadcert(ctx, pki 'rsa_server.pem')
    return context.checkkey(ctx)]],
  [[context.loadkey(ctx, pki 'rsa_server.key', nil) context.loadcert(ctx, pki 'client.pem')
    return context.checkkey(ctx)]],
  [[context.loadcert(ctx, pki 'client.pem')
    return context.loadkey(ctx, pki 'rsa_server.key', nil)]],
  "select('#', context.checkkey(ctx))",

  "context.setcipher(ctx, 'HIGH')", "context.setcipher(ctx, 'nothing')",
  "context.setcipher(ctx, '')", "context.setcipher(ctx, 'HIGH:nothing')",
  "context.setcipher(ctx, 5)",
  "context.setciphersuites(ctx, 'TLS_AES_128_GCM_SHA256')", "context.setciphersuites(ctx, '')",
  "context.setciphersuites(ctx, 'nothing')", "context.setciphersuites(ctx, 5)",
  "context.setciphersuites(ctx, 'nothing:TLS_AES_128_GCM_SHA256')",

  "context.setdepth(ctx)", "context.setdepth(ctx, nil)", "context.setdepth(ctx, 'x')",
  "context.setdepth(ctx, {})", "context.setdepth(ctx, true)", "context.setdepth(ctx, 1)",
  "context.setdepth(ctx, '2')", "context.setdepth(ctx, -1)", "context.setdepth(ctx, 1.9)",

  "context.setverify(ctx)", "context.setverify(ctx, 'none')", "context.setverify(ctx, 'peer')",
  "context.setverify(ctx, 'client_once')", "context.setverify(ctx, 'fail_if_no_peer_cert')",
  "context.setverify(ctx, 'peer', 'fail_if_no_peer_cert')", "context.setverify(ctx, 'x')",
  "context.setverify(ctx, 'peer', 'x')", "context.setverify(ctx, 'Peer')",
  "context.setverify(ctx, nil)", "context.setverify(ctx, {})", "context.setverify(ctx, true)",
  "context.setverify(ctx, 5)", "context.setverify(ctx, 'peer', nil)",
  "context.setverify(ctx, 'peer', {})",
  "ctx:setverifyext()", "ctx:setverifyext('lsec_continue')",
  "ctx:setverifyext('lsec_ignore_purpose')", "ctx:setverifyext('crl_check')",
  "ctx:setverifyext('crl_check_chain')", "ctx:setverifyext('x')",
  "ctx:setverifyext('crl_check', 'x')", "ctx:setverifyext(nil)", "ctx:setverifyext({})",
  "ctx:setverifyext('crl_check', {})", "ctx.setverifyext()", "ctx.setverifyext(5)",
  "ctx.setverifyext({}, 'crl_check')",

  "context.setoptions(ctx)", "context.setoptions(ctx, 'all')",
  "context.setoptions(ctx, 'no_sslv3')", "context.setoptions(ctx, 'no_ticket', 'no_tlsv1')",
  "context.setoptions(ctx, 'x')", "context.setoptions(ctx, 'all', 'x')",
  "context.setoptions(ctx, '')", "context.setoptions(ctx, 'NO_SSLV3')",
  "context.setoptions(ctx, nil)", "context.setoptions(ctx, {})", "context.setoptions(ctx, true)",
  "context.setoptions(ctx, 'all', nil)", "context.setoptions(ctx, 5)",
  [[local refused = {}
    for name in pairs(config.options) do
      if not context.setoptions(ctx, name) then refused[#refused + 1] = name end
    end
    return refused]],

  "context.setdhparam(ctx, print)",
  { "context.setdhparam(ctx, 5)", differs = "callback-types" },
  { "context.setdhparam(ctx, nil)", differs = "callback-types" },
  "context.setalpncb(ctx, print)",
  { "context.setalpncb(ctx, 5)", differs = "callback-types" },
  { "context.setalpncb(ctx, nil)", differs = "callback-types" },
  { "context.setdhparam(ctx)", differs = "callback-types" },

  "context.setcurve(ctx, 'prime256v1')", "context.setcurve(ctx, 'P-256')",
  "context.setcurve(ctx, 'P-384')", "context.setcurve(ctx, 'secp521r1')",
  "context.setcurve(ctx, 'x')", "context.setcurve(ctx, '')", "context.setcurve(ctx, 5)",
  "context.setcurve(ctx, 'P-256:P-384')", "context.setcurve(ctx, 'p-256')",
  { "context.setcurve(ctx, 'X25519')", differs = "curve-x25519" },
  { "context.setcurve(ctx, 'X448')", differs = "curve-x25519" },
  { "context.setcurve(ctx, 'SM2')", differs = "curve-unusable" },
  { "context.setcurve(ctx, 'secp112r1')", differs = "curve-unusable" },
  "context.setcurveslist(ctx, 'P-256')", "context.setcurveslist(ctx, 'X25519:P-256')",
  "context.setcurveslist(ctx, 'x')",
  { "context.setcurveslist(ctx, '')", differs = "curves-none", from = "3.5" },
  "context.setcurveslist(ctx, 'P-256:P-256')", "context.setcurveslist(ctx, 'P-256:x')",
  "context.setcurveslist(ctx, 5)",

  "context.setalpn(ctx, '\\2h2')", "context.setalpn(ctx, '\\2h2\\8http/1.1')",
  "context.setalpn(ctx, '')",
  { "context.setalpn(ctx, 'h2')", differs = "alpn-wire-error" },
  { "context.setalpn(ctx, '\\0')", differs = "alpn-wire-error" },
  { "context.setalpn(ctx, '\\9h2')", differs = "alpn-wire-error" },

  "context.setdane(ctx)", "context.setdane(ctx) return context.setdane(ctx)",
  { "context.setdane(ctx, 'no_ee_namechecks')", differs = "setdane-flag" },
  "context.setdane(ctx, 'x')", "context.setdane(ctx, {})", "context.setdane(ctx, nil)",
  "context.setdane(ctx, true)",
  { "context.setdane(ctx, 'no_ee_namechecks', 'x')", differs = "setdane-flag" },

  "select('#', context.setmode(ctx, 'client'))", "select('#', context.setdepth(ctx, 1))",
  "select('#', context.setdhparam(ctx, print))", "select('#', context.setalpncb(ctx, print))",
  "select('#', context.setverify(ctx))", "select('#', context.setoptions(ctx))",
})

-- An unrelated error before: LuaSec never empties OpenSSL's queue.
over("ctx", {
  { "ssl.loadcertificate('x') return context.setcipher(ctx, 'nothing')",
    differs = "stale-reasons" },
  { "ssl.loadcertificate('x') return context.loadcert(ctx, pki 'rsa_server.key')",
    differs = nil },
  { [[context.loadcert(ctx, '/nowhere')
      return context.setcipher(ctx, 'nothing')]], differs = "stale-reasons" },
  { [[context.checkkey(ctx)
      return context.locations(ctx, pki 'rsa_server.key')]], differs = "stale-reasons" },
})

over("plain", {
  { "context.setpskhint()", since = "1.3.0",
    is = [[raises "case:1: bad argument #1 to 'setpskhint' ]]
      .. [[(SSL:Context expected, got no value)"]] },
})
over("ctx", {
  { "context.setpskhint(ctx, 'hint')", since = "1.3.0", is = "1: true" },
  { "context.setpskhint(ctx, ('x'):rep(300))", since = "1.3.0", is = "1: false" },
  { "context.setpskhint(ctx, {})", since = "1.3.0",
    is = [[raises "case:1: bad argument #2 to 'setpskhint' (string expected, got table)"]] },
  { "context.setserverpskcb(ctx, print)", since = "1.3.0", is = "1: true" },
  { "context.setclientpskcb(ctx, print)", since = "1.3.0", is = "1: true" },
})
