--- ssl.over.cosocket: nginx's cosockets, in OpenResty or nginx with lua-nginx-module.
--
-- A cosocket belongs to its request, but its TCP connection can go into nginx's pool. A pool of
-- one, under a name that only one connection has, gives back exactly this one or none: so a
-- TLS connection outlives the request that made it. Names are resolved by nginx (`resolver`).

local poolname = require "ssl.over.poolname"
local ngx      = rawget(_G, "ngx")

-- lua-resty-core's, which nginx with lua-nginx-module alone may lack.
local there, semaphore = pcall(require, "ngx.semaphore")

local adapter = { name = "cosocket", unit = "seconds" }

-- Milliseconds: the shortest limit, since 0 stands for nginx's configuration and nginx warns of
-- a sleep of 0; and the longest.
local SHORTEST, LONGEST = 1, 2^31 - 1

-- Phases with cosockets.
local PHASES = { rewrite = true, access = true, content = true, timer = true,
                 ssl_cert = true, ssl_session_fetch = true, preread = true }

local carrier = {}
carrier.__index = carrier

local function milliseconds(seconds)
  if not seconds then return LONGEST end
  return math.min(math.max(math.ceil(seconds * 1000), SHORTEST), LONGEST)
end

function carrier:settimeout(seconds)
  self.limit = seconds
  if self.sock then self.sock:settimeout(milliseconds(seconds)) end
end

function carrier:receiveany(most)
  if not self.sock then return nil, "closed" end
  return self.sock:receiveany(most)
end

function carrier:send(data)
  if not self.sock then return nil, "closed" end
  return self.sock:send(data)
end

function carrier:close()
  local sock = self.sock
  self.sock = nil
  if sock then sock:close() end
end

local function connect(self, seconds)
  local sock = ngx.socket.tcp()
  sock:settimeout(milliseconds(seconds))
  local ok, why = sock:connect(self.host, self.port, { pool = self.name, pool_size = 1 })
  if not ok then return nil, why end
  pcall(sock.setoption, sock, "tcp-nodelay", true)
  self.sock = sock
  return self
end

--- Into nginx's pool, for so many seconds. A cosocket of the program stays with its request.
function carrier:park(seconds)
  local sock = self.sock
  if not sock or not self.name then return false end
  self.sock = nil
  return sock:setkeepalive(milliseconds(seconds)) == 1
end

--- The same TCP connection, still open and without bytes that came without a request? Where it
-- is not, nginx connects anew, for at most so many seconds.
function carrier:unpark(seconds)
  if not connect(self, seconds) then return false end
  self.sock:settimeout(milliseconds(self.limit))
  return self.sock:getreusedtimes() > 0
end

--- Connect.
-- @tparam string host  a name is resolved by nginx, which needs the directive `resolver`
-- @tparam number port
-- @tparam[opt] number seconds
-- @return an object for ssl.wrap
-- @treturn nil,string
function adapter.connect(host, port, seconds)
  return connect(setmetatable({
    host = host:find(":", 1, true) and "[" .. host .. "]" or host, port = port,
    name = poolname(), limit = nil,
  }, carrier), seconds)
end

--- The object for a cosocket.
function adapter.carry(sock)
  if getmetatable(sock) == carrier then return sock end
  return setmetatable({ sock = sock, limit = nil }, carrier)
end

--- Let others run for so many seconds.
function adapter.sleep(seconds)
  ngx.sleep(math.max(seconds, SHORTEST / 1000))
end

local nap = {}
nap.__index = nap

function nap:sleep(seconds)
  self.semaphore:wait(seconds)
end

function nap:wake()
  if self.semaphore:count() < 0 then self.semaphore:post() end
end

if there then
  --- Sleep that another coroutine can end.
  function adapter.nap()
    return setmetatable({ semaphore = assert(semaphore.new()) }, nap)
  end
end

--- Does the phase have cosockets?
function adapter.running()
  return ngx.get_phase ~= nil and PHASES[ngx.get_phase()] == true
end

return adapter
