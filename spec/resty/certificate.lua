-- setclientcert, of nginx's own cosockets and of ours.

local nginx = require "ngx.ssl"
local args  = ngx.req.get_uri_args()
local pki   = require("settings").pki
local tcp   = require(args.tcp).tcp

local function read(name)
  local file = assert(io.open(name))
  local text = file:read "*a"
  file:close()
  return text
end

local function who(certificate, key)
  local sock = tcp()
  assert(sock:connect("127.0.0.1", args.port))
  ngx.say(sock:setclientcert(certificate, key))
  assert(sock:sslhandshake(false, "localhost", true))
  sock:send "GET /who HTTP/1.0\r\n\r\n"
  ngx.say((sock:receive "*a"):match "[^\n]*$")
  sock:close()
end

local function parsed(entry)
  return assert(nginx.parse_pem_cert(read(entry.chain or entry.cert))),
         assert(nginx.parse_pem_priv_key(read(entry.key)))
end

who(parsed(pki.client))
who(parsed(pki.ec_client))
who(nil, nil)
local certificate, key = parsed(pki.ec_client)
for _ = 1, 2 do who(certificate, key) end
