-- TLS connections that outlive the request that made them.
--
-- A cosocket belongs to its request, but its TCP connection can go into nginx's pool.
-- A pool of one, under a name that only our side of that connection knows, gives back
-- exactly this one or none.

local ssl = require "ssl"

local keepalive = {}

local MOST, IDLE = 30, 60000                  -- per peer; milliseconds

local names, parked = 0, {}

-- The newest is last. The verification of one name does not count for another name, nor
-- does that of one context for another context.
local function list_of(ctx, host, port, server_name)
  local peer = ("%s:%s:%s"):format(host, port, server_name)
  parked[ctx] = parked[ctx] or {}
  parked[ctx][peer] = parked[ctx][peer] or {}
  return parked[ctx][peer]
end

-- The transport of the connection: this request's cosocket, or none.
local carrier = {}
carrier.__index = carrier

function carrier:send(data)
  if not self.sock then return nil, "closed" end
  return self.sock:send(data)
end

function carrier:receiveany(max)
  if not self.sock then return nil, "closed" end
  return self.sock:receiveany(max)
end

function carrier:settimeout(milliseconds)
  self.sock:settimeout(milliseconds)
end

function carrier:close()
  if self.sock then self.sock:close() end
  self.sock = nil
end

local function tcp(host, port, name)
  local sock = ngx.socket.tcp()
  sock:settimeout(5000)
  local ok, why = sock:connect(host, port, { pool = name, pool_size = 1 })
  if not ok then return nil, why end
  return sock
end

-- The newest that is still connected. An entry whose pool was empty is dropped, and the
-- connection that nginx made instead is as good as any for a new handshake.
local function take(list, host, port)
  while #list > 0 do
    local entry = table.remove(list)
    local sock, why = tcp(host, port, entry.name)
    if not sock then return nil, why end
    if sock:getreusedtimes() > 0 then
      entry.carrier.sock = sock
      return entry
    end
    sock:close()
  end
end

local function new(list, ctx, host, port)
  names = names + 1
  local entry = { name = "tls-" .. names, list = list }
  local sock, why = tcp(host, port, entry.name)
  if not sock then return nil, why end
  entry.carrier = setmetatable({ sock = sock }, carrier)
  entry.conn = assert(ssl.wrap(entry.carrier, ctx))
  return entry
end

--- A connection after its handshake.
-- @return entry  `entry.conn` is the connection; true when it is one that was parked
-- @return nil, and the reason
function keepalive.connect(ctx, host, port, server_name)
  local list = list_of(ctx, host, port, server_name)
  local entry, why = take(list, host, port)
  if entry then return entry, true end
  if why then return nil, why end
  entry, why = new(list, ctx, host, port)
  if not entry then return nil, why end
  entry.conn:sni(server_name)
  assert(entry.conn:setverifyname(server_name))
  local ok
  ok, why = entry.conn:dohandshake()
  if ok then return entry, false end
  entry.conn:close()
  return nil, why
end

--- Keep it for the next request. Only when the whole answer has been read.
function keepalive.park(entry)
  local list, sock = entry.list, entry.carrier.sock
  if entry.conn:dirty() or #list >= MOST or not sock:setkeepalive(IDLE) then
    return entry.conn:close()
  end
  entry.carrier.sock = nil
  list[#list + 1] = entry
end

return keepalive
