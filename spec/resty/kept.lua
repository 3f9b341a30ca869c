-- What a kept connection counts for.

local settings = require "settings"
local socket   = require("ssl.resty.socket").with { cafile = settings.pki.root.cert }
local args     = ngx.req.get_uri_args()

local function open(name, verify, context, port)
  local sock = socket.tcp()
  sock:settimeout(60000)
  if context then sock:setcontext(context) end
  assert(sock:connect("127.0.0.1", port or args.port, { pool = "kept" }))
  local before = sock:getreusedtimes()
  local ok, why = sock:sslhandshake(nil, name, verify)
  return ok and sock, why or before .. " " .. sock:getreusedtimes()
end

local function say(what, sock, why)
  ngx.say(what, ": ", why)
  if not sock then return end
  sock:send "GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n"
  sock:receiveuntil "\r\n\r\n"()
  assert(sock:receiveuntil "requests=" ())
  ngx.say("request ", sock:receive(1))
  assert(sock:setkeepalive())
end

say("new", open("localhost", true))
say("the same", open("localhost", true))
say("another name", open("a.wild.test", true))
say("that name", open("a.wild.test", true))
say("a wrong name", open("elsewhere.test", true))
say("not verified", open("localhost", false))
say("verified", open("localhost", true))
say("another trust", open("localhost", true, { cafile = settings.pki.other.cert }))
say("another context", open("localhost", true, { cafile = settings.pki.root.cert,
                                                 minversion = "tlsv1_2" }))
say("the same content", open("localhost", true, { cafile = settings.pki.root.cert,
                                                  minversion = "tlsv1_2" }))
say("another port", open("localhost", true, nil, args.other))
say("the first port", open("localhost", true))
