-- From HTTP to another protocol on the same connection.

local upgrade = {}

--- In a content handler: the client's connection, raw.
function upgrade.accept()
  local sock = assert(ngx.req.socket(true))
  assert(sock:send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: tls\r\n"
                   .. "Connection: Upgrade\r\n\r\n"))
  return sock
end

--- At a client: a connection to such a handler.
function upgrade.connect(port, path)
  local sock = ngx.socket.tcp()
  sock:settimeout(5000)
  local ok, why = sock:connect("127.0.0.1", port)
  if not ok then return nil, why end
  sock:send("GET " .. path .. " HTTP/1.1\r\nHost: localhost\r\n"
            .. "Upgrade: tls\r\nConnection: Upgrade\r\n\r\n")
  local status = assert(sock:receive())
  if not status:find " 101 " then return nil, status end
  repeat local line = assert(sock:receive()) until line == ""
  return sock
end

return upgrade
