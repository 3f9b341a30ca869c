-- Keys, passwords and certificates in the table of parameters.

local over = ...

local function with(what)
  return "ssl.newcontext { mode = 'server', protocol = 'any', " .. what .. " }"
end

over("plain", {
  with "key = pki 'server.key', certificate = pki 'server.pem'",
  with "key = pki 'server.key', certificate = pki 'chain.pem'",
  with "key = pki 'server.key'", with "certificate = pki 'server.pem'",
  with "key = pki 'server.key', certificate = pki 'client.pem'",
  { with "key = '/nowhere'", differs = "errno-words" },
  { with "key = ''", differs = "errno-words" },
  { with "certificate = '/nowhere'", differs = "errno-words" },
  { with "key = pki 'server.key', certificate = '/nowhere'", differs = "errno-words" },
  with "key = pki 'server.pem'", with "certificate = pki 'server.key'",
  with "key = pki 'server.key', password = 5", with "key = pki 'server.key', password = {}",
  with "key = pki 'server.key', password = true", with "password = 5",
  { with "key = pki 'server.key', password = false", differs = "password-false" },
  with "key = pki 'server.key', password = 'x'",
  with "key = pki 'server_encrypted.key', password = 'foobar'",
  with "key = pki 'server_encrypted.key', password = 'x'",
  with "key = pki 'server_encrypted.key', password = ''",
  with "key = pki 'server_encrypted.key', password = function() return 'foobar' end",
  with "key = pki 'server_encrypted.key', password = function() return 'x' end",
  with "key = pki 'server_encrypted.key', password = function() end",
  with "key = pki 'server_encrypted.key', password = function() return 5 end",
  with "key = pki 'server_encrypted.key', password = function() error('mine', 0) end",
  with "key = pki 'server_encrypted.key', password = function() error() end",
  with "key = pki 'server_encrypted.key', password = function() error { a = 1 } end",
  { with "key = pki 'server_encrypted.key'", differs = "no-prompt" },
  with "certificates = {}", with "certificates = 5", with "certificates = 'x'",
  with "certificates = true", with "certificates = print",
  { with "certificates = { 'x' }", differs = "certificates-entry" },
  { with "certificates = { 5 }", differs = "certificates-entry" },
  with "certificates = { {} }",
  with "certificates = { { key = pki 'server.key', certificate = pki 'server.pem' } }",
  with [[certificates = { { key = pki 'server.key', certificate = pki 'server.pem' },
    { key = pki 'ec_server.key', certificate = pki 'ec_server.pem' } }]],
  with "certificates = { { key = pki 'server.key', certificate = pki 'client.pem' } }",
  with "certificates = { { key = pki 'server.pem' } }",
  with "certificates = { { certificate = pki 'server.key' } }",
  with "certificates = { { key = {} } }", with "certificates = { { certificate = {} } }",
  with "certificates = {}, key = '/nowhere'",
  { with "certificate = { pki 'server.pem' }", differs = "material" },
  with "certificates = false, key = pki 'server.key'",
  with "certificates = { { key = pki 'server_encrypted.key', password = 'foobar' } }",
  with "certificates = { { key = pki 'server_encrypted.key', password = 'x' } }",
  with "certificates = { { key = pki 'server.key', password = 5 } }",
  with [[certificates = { { key = pki 'server.key', certificate = pki 'server.pem' },
    { key = pki 'server.pem' } }]],
})
