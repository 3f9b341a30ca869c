--- ssl.over.luasocket: LuaSocket, which blocks. The adapter where none is named.
--
-- Its objects give their descriptor away, so the connection waits by itself.

local socket  = require "socket"
local timeout = require "ssl.io.timeout"

local luasocket = { name = "luasocket", unit = "seconds" }

local function attempt(address, port, seconds)
  local sock, why = socket.tcp()
  if not sock then return nil, why end
  sock:settimeout(seconds)
  local ok
  ok, why = sock:connect(address, port)
  if ok then return sock end
  sock:close()
  return nil, why
end

--- Connect.
--
-- LuaSocket's own `connect` of a name gives each address the whole time, and returns
-- "already in progress" for an address that does not answer. So the addresses are tried here,
-- each with its share of the time that is left.
-- @tparam string host
-- @tparam number port
-- @tparam[opt] number seconds
-- @return LuaSocket's object
-- @treturn nil,string
function luasocket.connect(host, port, seconds)
  local deadline = timeout.after(seconds)
  local found, why = socket.dns.getaddrinfo(host)
  if not found then return nil, why end
  for i, one in ipairs(found) do
    local share = deadline and timeout.remaining(deadline) / (#found - i + 1)
    local sock
    sock, why = attempt(one.addr, port, share)
    if sock then return sock end
  end
  return nil, why
end

luasocket.sleep = socket.sleep

return luasocket
