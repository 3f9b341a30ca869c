-- What is left after a failure.

local resty  = require "ssl.resty"
local socket = require "ssl.resty.socket"
local args   = ngx.req.get_uri_args()

local function connected(context)
  local sock = socket.tcp()
  sock:settimeout(60000)
  sock:setcontext(context)
  assert(sock:connect("127.0.0.1", args.port))
  return sock
end

-- Half of a handshake must not wait for the next request.
local function raising(context)
  local sock = connected(context)
  local ok, why = pcall(sock.sslhandshake, sock, nil, "localhost")
  assert(not ok)
  ngx.say(why:match "of the program" or why:match "there is no lua_shared_dict" or why)
  ngx.say((select(2, sock:setkeepalive())))
end

local function fails() error "of the program" end

raising { onverify = fails }
raising { psk = fails, maxversion = "tlsv1_3" }
raising { sessions = "nowhere" }

-- A server may answer and close before it has read everything.
local sock = connected { verify = "none" }
assert(sock:sslhandshake(nil, "localhost"))
sock:send "GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n"
sock.carrier.send = function() return nil, "broken pipe" end
ngx.say((select(2, sock:send "more")))
ngx.say((sock:receive()))
sock:close()

-- One who is killed in the handshake leaves nothing that could be used.
sock = connected { verify = "none" }
ngx.thread.kill(ngx.thread.spawn(sock.sslhandshake, sock, nil, "localhost"))
ngx.say((select(2, sock:send "plain text")))

-- While close waits for the peer's end, the object is still in use.
sock = connected { verify = "none" }
assert(sock:sslhandshake(nil, "localhost"))
sock:send "GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n"
local closing = ngx.thread.spawn(sock.close, sock)
ngx.say((select(2, sock:send "plain text")))
ngx.say((select(2, sock:connect("127.0.0.1", args.port))))
ngx.say(select(2, ngx.thread.wait(closing)))
ngx.say(sock:connect("127.0.0.1", args.port))
sock:close()

-- A loader of package.preload is called again by others.
local function loader(name) error(name) end
package.preload.failing = loader
local before = getfenv(loader)
assert(not pcall(resty.load, "failing"))
ngx.say(getfenv(loader) == before)
package.preload.failing = nil
