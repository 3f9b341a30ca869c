-- luajit socks.lua URL CAFILE SOCKSHOST SOCKSPORT: prints the page of an HTTPS server that is
-- reached through a SOCKS5 proxy (RFC 1928), which looks the name up. `create` makes the object
-- that connects; ssl.https does the rest.
local socket, https = require "socket", require "ssl.https"

local url, cafile, sockshost, socksport = unpack(arg)

local ADDRESS = { [1] = 4, [4] = 16 } -- bytes of an address, by its type

-- Asks for a connection on a socket that is connected to the proxy.
local function ask(tcp, host, port)
  assert(tcp:send "\5\1\0") -- version 5, one method: no authentication
  if tcp:receive(2) ~= "\5\0" then return nil, "SOCKS: no such proxy" end
  assert(tcp:send("\5\1\0\3" .. string.char(#host) .. host
                  .. string.char(math.floor(port / 256), port % 256)))
  local answer = tcp:receive(4)
  if not answer then return nil, "SOCKS: no answer" end
  local _, refused, _, kind = answer:byte(1, 4)
  if refused ~= 0 then return nil, "SOCKS: refused with code " .. refused end
  local length = ADDRESS[kind] or assert(tcp:receive(1)):byte()
  return tcp:receive(length + 2) and 1
end

-- LuaSocket's object, but for its `connect`.
local function create()
  local tcp, object = assert(socket.tcp()), {}
  function object.connect(_, host, port)
    local ok, why = tcp:connect(sockshost, socksport)
    if not ok then return nil, why end
    return ask(tcp, host, port)
  end
  return setmetatable(object, { __index = function(_, name)
    return function(_, ...) return tcp[name](tcp, ...) end
  end })
end

local ok, code = https.request {
  url = url, cafile = cafile, create = create, timeout = 20,
  sink = function(piece) return not piece or io.write(piece) end,
}
if not ok then
  io.stderr:write(code, "\n")
  os.exit(1)
end
