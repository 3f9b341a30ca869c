-- An HTTPS request over a cosocket.

local ssl = require "ssl"

local function request(conn, host, path)
  local ok, why = conn:dohandshake()
  if not ok then return nil, why end
  ok, why = conn:send(("GET %s HTTP/1.0\r\nHost: %s\r\n\r\n"):format(path, host))
  if not ok then return nil, why end
  return conn:receive "*a"
end

--- @return the answer, headers and all; the protocol; or nil and the reason
return function(ctx, host, port, path)
  local sock = ngx.socket.tcp()
  sock:settimeout(5000)                       -- the cosocket's unit: milliseconds
  local ok, why = sock:connect("127.0.0.1", port)
  if not ok then return nil, why end

  local conn = assert(ssl.wrap(sock, ctx))
  conn:sni(host)
  assert(conn:setverifyname(host))
  local answer
  answer, why = request(conn, host, path)
  local protocol = answer and conn:info "protocol"
  conn:close()
  if not answer then return nil, why end
  return answer, protocol
end
