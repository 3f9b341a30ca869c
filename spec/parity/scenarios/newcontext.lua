-- The table of parameters.

local over = ...

over("plain", {
  "ssl.newcontext()", "ssl.newcontext(nil)", "ssl.newcontext('x')", "ssl.newcontext(5)",
  "ssl.newcontext(true)",
  "ssl.newcontext {}", "ssl.newcontext { protocol = 'any' }", "ssl.newcontext { mode = 'client' }",
  "ssl.newcontext { mode = 'client', protocol = {} }",
  "ssl.newcontext { mode = 'client', protocol = true }",
  "ssl.newcontext { mode = 'client', protocol = false }",
  "ssl.newcontext { mode = 'client', protocol = 'x' }",
  "ssl.newcontext { mode = 'client', protocol = 'sslv2' }",
  { "ssl.newcontext { mode = 'client', protocol = 'sslv3' }", differs = "sslv3" },
  "ssl.newcontext { mode = 'client', protocol = 12 }",
  "ssl.newcontext { mode = 'client', protocol = '' }",
  "ssl.newcontext { mode = {}, protocol = 'any' }",
  "ssl.newcontext { mode = true, protocol = 'any' }",
  "ssl.newcontext { mode = false, protocol = 'any' }",
  { "ssl.newcontext { mode = 'x', protocol = 'any' }", differs = "setmode-unknown" },
  { "ssl.newcontext { mode = 5, protocol = 'any' }", differs = "setmode-unknown" },
  "ssl.newcontext { mode = 'client', protocol = 'any' }",
  "ssl.newcontext { mode = 'server', protocol = 'any' }",
  "select('#', ssl.newcontext { mode = 'client', protocol = 'any' })",
  "select('#', ssl.newcontext { mode = 'client', protocol = 'x' })",
  "ssl.newcontext(setmetatable({}, { __index = { mode = 'client', protocol = 'any' } }))",
  [[local cfg = client() local before = {} for k, v in pairs(cfg) do before[k] = v end
    ssl.newcontext(cfg)
    for k, v in pairs(cfg) do if before[k] ~= v then return k end end
    return 'unchanged']],
})

-- One key at a time on top of what works.
local function with(what)
  return "ssl.newcontext(client { " .. what .. " })"
end

local list = {}
for _, key in ipairs { "ciphers", "ciphersuites", "verify", "options", "depth", "dhparam",
                       "curve", "curveslist", "verifyext", "cafile", "key",
                       "certificate", "certificates", "alpn", "dane" } do
  list[#list + 1] = with(key .. " = false")
end
for _, key in ipairs { "ciphers", "ciphersuites", "curve", "curveslist", "cafile", "capath",
                       "key", "certificate" } do
  list[#list + 1] = with(key .. " = {}")
  list[#list + 1] = with(key .. " = true")
  list[#list + 1] = with(key .. " = print")
end
for _, key in ipairs { "verify", "options", "verifyext" } do
  list[#list + 1] = with(key .. " = {}")
  for _, value in ipairs { "true", "{ true }", "{ {} }", "print" } do
    list[#list + 1] = { with(key .. " = " .. value), differs = "inner-names" }
  end
  list[#list + 1] = with(key .. " = 1")
  list[#list + 1] = with(key .. " = 'x'")
  list[#list + 1] = with(key .. " = { 'x' }")
  list[#list + 1] = with(key .. " = { name = 'x' }")
end
over("plain", list)

over("plain", {
  with "verify = 'none'", with "verify = 'peer'", with "verify = { 'peer', 'client_once' }",
  with "verify = { 'none', 'peer', 'fail_if_no_peer_cert' }", with "verify = { 'peer', 'x' }",
  { with "verify = { 'peer', true }", differs = "inner-names" },
  { with "verify = { nil, 'peer' }", differs = "inner-names" },
  with "verify = { 'peer', nil, 'x' }",
  with "options = 'all'", with "options = { 'all', 'no_sslv3' }", with "options = { 'all', 5 }",
  with "options = { 'all', 'x', 'y' }",
  with "verifyext = 'crl_check'", with "verifyext = { 'lsec_continue', 'crl_check' }",
  with "verifyext = { 'lsec_continue', 'x' }",
  with "depth = 1", with "depth = '1'", with "depth = 1.5", with "depth = -1",
  with "depth = 'x'", with "depth = {}", with "depth = true",
  with "ciphers = 'HIGH'", with "ciphers = ''", with "ciphers = 'x'", with "ciphers = 5",
  with "ciphersuites = ''", with "ciphersuites = 'x'", with "ciphersuites = 5",
  with "ciphersuites = 'TLS_AES_128_GCM_SHA256'",
  with "dhparam = print", with "dhparam = 5", with "dhparam = 'x'", with "dhparam = {}",
  with "dhparam = true",
  with "curve = 'P-256'", with "curve = 'x'", with "curve = 5", with "curve = 'P-256:P-384'",
  { with "curve = 'X25519'", differs = "curve-x25519" },
  { with "curve = 'SM2'", differs = "curve-unusable" },
  with "curveslist = 'P-256:X25519'", with "curveslist = 'x'", with "curveslist = 'P-256:P-256'",
  { with "curveslist = ''", differs = "curves-none", from = "3.5" },
  with "curveslist = 5", with "curveslist = 'P-256', curve = 'x'",
  with "curveslist = false, curve = 'P-256'",
  { with "cafile = '/nowhere'", differs = "errno-words" },
  { with "cafile = ''", differs = "errno-words" },
  with "cafile = pki 'server.key'",
  with "cafile = false, capath = false", with "capath = '/nowhere'",
  { with "capath = false", differs = "cafile-false" },
  with "cafile = nil, capath = pki 'capath'",
  { "ssl.newcontext { mode = 'client', protocol = 'any', cafile = false, capath = '/nowhere' }",
    differs = "cafile-false" },
  { "ssl.newcontext { mode = 'client', protocol = 'any', cafile = '/nowhere', capath = false }",
    differs = "cafile-false" },
  "ssl.newcontext { mode = 'client', protocol = 'any', capath = pki 'capath' }",
  with "alpn = 'h2'", with "alpn = { 'h2', 'http/1.1' }", with "alpn = {}", with "alpn = 5",
  with "alpn = true", with "alpn = print", with "alpn = ''", with "alpn = { '' }",
  with "alpn = { ('x'):rep(256) }", with "alpn = ('x'):rep(256)", with "alpn = ('x'):rep(255)",
  { with "alpn = { 5 }", differs = "alpn-element" },
  { with "alpn = { true }", differs = "alpn-element" },
  { with "alpn = { 'h2', {} }", differs = "alpn-element" },
  "ssl.newcontext(server { alpn = 'h2' })", "ssl.newcontext(server { alpn = { 'h2' } })",
  "ssl.newcontext(server { alpn = print })", "ssl.newcontext(server { alpn = {} })",
  "ssl.newcontext(server { alpn = { '' } })", "ssl.newcontext(server { alpn = 5 })",
  { "ssl.newcontext(server { alpn = { 5 } })", differs = "alpn-element" },
  { "ssl.newcontext(server { alpn = { ('x'):rep(256) } })" },
  with "dane = true", with "dane = {}", with "dane = 'x'", with "dane = 5",
  with "dane = { 'no_ee_namechecks' }", with "dane = { 'x' }", with "dane = { true }",
  -- The first failure ends the work.
  "ssl.newcontext { protocol = 'x', mode = 'x' }",
  with "ciphers = 'x', verify = 'x'", with "verify = 'x', options = 'x'",
  with "options = 'x', depth = 'x'", with "dhparam = 5, curve = 'x'",
  with "curve = 'x', verifyext = 'x'", with "verifyext = 'x', alpn = 5",
  "ssl.newcontext(client { psk = print })",
  { "ssl.newcontext(client { psk = 5 })", since = "1.3.0",
    is = '2: nil, "invalid PSK configuration"' },
  { "ssl.newcontext(client { psk = {} })", since = "1.3.0",
    is = '2: nil, "invalid PSK configuration"' },
  { "ssl.newcontext(server { psk = {} })", since = "1.3.0",
    is = '2: nil, "invalid PSK configuration"' },
  { "ssl.newcontext(server { psk = { hint = 5, callback = print } })", since = "1.3.0",
    is = '2: nil, "invalid PSK configuration"' },
  "ssl.newcontext(server { psk = { hint = 'x', callback = print } })",
  { "ssl.newcontext(server { psk = { hint = ('x'):rep(300), callback = print } })",
    since = "1.3.0", differs = "psk-hint",
    is = [[2: nil, "invalid PSK configuration (hint too long)"]] },
  "ssl.newcontext(server { psk = print })",
})
