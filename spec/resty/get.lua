-- A program that was written for ngx.socket.tcp, and knows nothing of this library.

local tcp = ngx.socket.tcp

-- The body, and whether the server closes the connection.
local function answer(sock)
  local length, closes
  repeat
    local line, why = sock:receive()
    if not line then return nil, why end
    length = line:match "^Content%-Length: (%d+)" or length
    closes = closes or line:lower() == "connection: close"
  until line == ""
  return sock:receive(tonumber(length)), closes
end

--- One GET, over a kept connection where there is one.
return function(host, port, name, path)
  local sock = tcp()
  sock:settimeout(5000)                         -- milliseconds
  local ok, why = sock:connect(host, port)
  if not ok then return nil, why end
  ok, why = sock:sslhandshake(nil, name, true)
  if not ok then return nil, why end
  ok, why = sock:send { "GET ", path, " HTTP/1.1\r\nHost: ", name, "\r\n\r\n" }
  if not ok then return nil, why end
  local body, closes = answer(sock)
  if not body then return nil, closes end
  if closes then sock:close() else sock:setkeepalive(10000, 10) end
  return body
end
