-- Everything in nginx that has to do with OpenSSL, in one Lua state, by turns.

local theirs_first = ngx.var.arg_first == "theirs"

local load = {
  function() require "ngx.ssl" require "ngx.ssl.session" require "foreign" end,
  function() require "ssl" require "ssl.x509" require "contexts" end,
}
load[theirs_first and 1 or 2]()
load[theirs_first and 2 or 1]()

local ssl, ngx_ssl, foreign = require "ssl", require "ngx.ssl", require "foreign"
local contexts, fetch = require "contexts", require "fetch"
local settings = require "settings"

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

local pem, key = read(settings.pki.server.cert), read(settings.pki.server.key)

local function native(name)
  local sock = ngx.socket.tcp()
  assert(sock:connect("127.0.0.1", settings.tls_port))
  local ok, why = sock:sslhandshake(nil, name, true)
  if not ok then return why end
  assert(sock:send "GET /a HTTP/1.0\r\n\r\n")
  local answer = assert(sock:receive "*a")
  sock:close()
  return answer:match "[^\n]*$"
end

local function ours(name)
  local answer, why = fetch(contexts.client, name, settings.tls_port, "/a")
  return answer and answer:match "[^\n]*$" or why
end

local turns = {
  function() return native "localhost" end,
  function() return ours "localhost" end,
  function() return native "x.test" end,
  function() return ours "x.test" end,
  function() return tostring(ngx_ssl.parse_pem_cert(pem) and ngx_ssl.parse_pem_priv_key(key)
                             and true) end,
  function() return tostring((ngx_ssl.parse_pem_cert "no certificate")) end,
  function() return tostring((ssl.loadcertificate "no certificate")) end,
  function() return tostring(ssl.loadcertificate(pem):issued(ssl.loadcertificate(pem))) end,
}

-- Each guest runs after each other guest.
local expected = {}
for i, turn in ipairs(turns) do expected[i] = turn() end
for i, first in ipairs(turns) do
  for j, second in ipairs(turns) do
    foreign.work(pem)
    assert(first() == expected[i])
    foreign.work(pem)
    assert(second() == expected[j])
  end
end
ngx.say(table.concat(expected, "\n"))
ngx.say(ssl.config.openssl.how, " ", ssl.config.openssl.libssl:match "[^/]*$")
