-- What a configuration adds to a cosocket.

local settings = require "settings"
local socket   = require "ssl.resty.socket"
local ssl      = require "ssl"
local args     = ngx.req.get_uri_args()
local pki      = settings.pki

local function open(port, context, name, verify)
  local sock = socket.tcp()
  sock:settimeout(60000)
  sock:setcontext(context)
  assert(sock:connect("127.0.0.1", port))
  local ok, why = sock:sslhandshake(nil, name, verify)
  if ok then return sock end
  ngx.say(why)
end

local function say(field, ...)
  local sock = open(args.port, ...)
  if not sock then return end
  ngx.say(sock:connection():info(field))
  sock:close()
end

local function pinned(digest)
  return function(_, _, certificate, depth)
    return depth > 0 or certificate:digest "sha256" == digest
  end
end

local file = assert(io.open(pki.server.leaf))
local digest = ssl.loadcertificate(file:read "*a"):digest "sha256"
file:close()

say("protocol", { maxversion = "tlsv1_2" }, nil, false)
say("alpn", { alpn = { "h2", "http/1.1" } })
say("group", { groups = "P-384" })
say("protocol", { onverify = pinned(digest) })
say("protocol", { onverify = pinned "another" })
say("protocol", { verify = "peer", cafile = pki.other.cert }, "localhost", false)
say("protocol", { servername = "localhost", cafile = pki.root.cert })
say("protocol", { servername = "elsewhere.test", cafile = pki.root.cert })

local context = assert(ssl.newcontext { mode = "client", protocol = "any" })
say("protocol", context, "localhost", false)
say("protocol", context, "localhost", true)
context = assert(ssl.newcontext { mode = "client", protocol = "any", verify = "peer",
                                  cafile = pki.root.cert })
say("protocol", context, "localhost", true)
say("protocol", context, "elsewhere.test", true)

local path = settings.folder .. "/keys"
say("protocol", { keylog = path })
ngx.say(io.open(path):read "*a":match "CLIENT_TRAFFIC_SECRET_0")

local sock = open(args.psk, { protocol = "tlsv1_3", ciphersuites = "TLS_AES_128_GCM_SHA256",
                              psk = function() return "device", ("k"):rep(32) end })
sock:send "hello\n"
ngx.say(sock:connection():info "protocol", " ", tostring(sock:connection():getpeercertificate()))
sock:close()

ngx.say(select(2, pcall(function()
  local cosocket = socket.tcp()
  cosocket:setcontext { verfy = "peer" }
end)))

-- A wrong type, where the program calls.
ngx.say(select(2, pcall(function()
  local cosocket = open(args.port, { cafile = {} }, nil, true)
  return cosocket
end)))
