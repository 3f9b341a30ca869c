--- ssl.resty.socket: nginx's cosocket, with TLS of this library.
--
--   local socket = require "ssl.resty.socket"
--   local sock = socket.tcp()
--
-- An object as ngx.socket.tcp makes it, for programs that were written for that. Before
-- sslhandshake every method is the cosocket's own. docs/resty.md has the differences.

local arg        = require "ssl.base.arg"
local carrier    = require "ssl.resty.carrier"
local clientcert = require "ssl.resty.clientcert"
local host       = require "ssl.resty.host"
local inflow     = require "ssl.resty.inflow"
local mutex      = require "ssl.io.mutex"
local outflow    = require "ssl.resty.outflow"
local place      = require "ssl.resty.place"
local policy     = require "ssl.resty.policy"
local pool       = require "ssl.resty.pool"
local queue      = require "ssl.resty.queue"
local secure     = require "ssl.resty.secure"
local sessions   = require "ssl.resty.sessions"

local methods = {}
local class = { __index = methods }

-- After these results of nginx's setkeepalive the TCP connection is no more.
local GONE = { closed = true, ["connection in dubious state"] = true }

local PATTERNS = { ["*l"] = true, ["*a"] = true }

-- Seconds for connecting: nginx's default.
local LIMIT = 60

-- What an object has while it is not connected.
local function forget(self)
  if self.place then queue.leave(self.place, self.raw) end
  self.conn, self.carrier, self.policy, self.handle = false, false, false, false
  self.place, self.name, self.held, self.failed = false, false, "", false
  self.spoken, self.direct = false, false
end

local function new(given)
  local self = setmetatable({ raw = host.tcp(), given = given, place = false }, class)
  self.certificate, self.key, self.limit, self.locks = false, false, LIMIT, false
  forget(self)
  return self
end

-- A failure of the TLS connection, after which it does not go into a pool. After a time-out
-- it may: where the answer comes late, nginx closes it.
local function note(self, value, why, partial)
  if value then return value end
  if why ~= "timeout" then self.failed = why or self.failed end
  return value, why, partial
end

-- One light thread at a time, since it may have read ahead.
local READING, BUSY = "reading", "socket busy reading"

local function receiving(self, f, ...)
  if mutex.held(self, READING) then return nil, BUSY end
  mutex.lock(self, READING)
  return note(self, mutex.finish(self, READING, pcall(f, self, ...)))
end

-- The state of a connection that came out of the pool.
local function adopt(self, entry)
  self.conn, self.carrier, self.policy = entry.conn, entry.carrier, entry.policy
  self.direct, self.spoken = entry.direct, entry.spoken
  if self.carrier then self.carrier.sock = self.raw end
end

-- Over nginx's pool of the entry, or of a new name.
local function open(self, entry)
  local to, name = self.place, entry and entry.name or pool.name()
  local ok, why = self.raw:connect(to.host, to.port, { pool = name, pool_size = 1 })
  if not ok then
    forget(self)
    return nil, why
  end
  self.name = name
  queue.connected(to, self.raw)
  if not entry then return 1 end
  if self.raw:getreusedtimes() > 0 then
    adopt(self, entry)
  elseif entry.conn then
    entry.conn:close()
  end
  return 1
end

-- When there is a place for it in the pool.
local function start(self, to, take)
  local ok, entry = queue.enter(to, self.raw, self.limit, take)
  if not ok then return nil, entry end
  self.place = to
  return open(self, entry)
end

local function nothing() end

--- Connect, or take a connection out of the pool.
-- @tparam string address  a name, an IP address, or "unix:PATH"
-- @tparam[opt] number port
-- @tparam[opt] table options  `pool`, `pool_size`, `backlog`
-- @treturn number  1
-- @treturn nil,string
function methods:connect(address, port, options)
  local to, why = place.of(address, port, options, 1)
  if not to then return nil, why end
  if self.name then
    local ok
    ok, why = self:close()
    if not ok then return nil, why end
  end
  to.key = table.concat({ to.pool, to.name, policy.mark(self.given) }, "\0")
  return start(self, to, function() return pool.take(to.key) end)
end

-- The result of a handshake that went through, or was not necessary.
local function shaken(self, session)
  if session == false then return true end
  self.handle = self.handle or sessions.handle(self.conn)
  return self.handle
end

-- A kept connection was verified in another way. Where a new one would be the same to the
-- program, it gets a new one.
local function replace(self)
  if not self.direct or self.failed or self.spoken then
    self:close()
    return nil, "the kept connection was verified in another way"
  end
  local to = self.place
  self:close()
  return start(self, to, nothing)
end

--- Make the handshake.
-- @param[opt] session  what an earlier call has returned; false: return true in its place
-- @tparam[opt] string name  is sent to the server, and its certificate has to have it where
--   it is verified
-- @tparam[opt=false] boolean verify  verify the chain; also where the configuration says so
-- @tparam[opt=false] boolean status  ask for a stapled OCSP response, and judge it
-- @treturn table|boolean  for the next handshake; true
-- @treturn nil,string  then the connection is closed
function methods:sslhandshake(session, name, verify, status)
  if not self.name then return nil, "closed" end
  local wanted, why = policy.of(self.given, {
    name = name, verify = verify and true or false, status = status,
    certificate = self.certificate, key = self.key,
  })
  if not wanted then return nil, why end
  if self.conn and self.policy.key ~= wanted.key then
    local ok
    ok, why = replace(self)
    if not ok then return nil, why end
  end
  if self.conn then return shaken(self, session) end
  local stream, to = carrier.new(self.raw), self.place
  local conn
  conn, why = secure.open(stream, wanted, to.name, session)
  if not conn then
    forget(self)
    return nil, why
  end
  self.conn, self.carrier, self.policy = conn, stream, wanted
  self.direct, self.spoken = not self.spoken, false
  return shaken(self, session)
end

--- The context or the configuration of the handshakes to come.
-- @tparam table|userdata given  a table as for ssl.newcontext, with the keys of
--   docs/resty.md beside them; or a client's context. The table is not modified, and must not
--   be while the object uses it
-- @treturn boolean  true
-- @raise for a key that nobody knows
function methods:setcontext(given)
  local problem
  if type(given) == "table" then
    problem = policy.problem(given)
  elseif type(given) ~= "userdata" then
    problem = arg.expected("table or context", given)
  end
  if problem then arg.fail(2, problem) end
  self.given = given
  return true
end

--- The certificate that the handshakes to come show, in place of the configuration's.
-- @param certificate  what parse_pem_cert of ngx.ssl returns, or a value for `certificate` of
--   ssl.newcontext; nil for none
-- @param key  what parse_pem_priv_key returns, or a value for `key`
-- @treturn boolean  true
-- @treturn nil,string
function methods:setclientcert(certificate, key)
  local shown, private = clientcert.of(certificate, key)
  if shown == nil then return nil, private end
  self.certificate, self.key = shown, private
  return true
end

--- The TLS connection below, for what a cosocket cannot say; nil where there is none. It
-- belongs to this object.
function methods:connection()
  return self.conn or nil
end

--- Send.
-- @param data  a string, a number, a boolean, nil, or an array of them
-- @treturn number  of bytes
-- @treturn nil,string
function methods:send(data)
  self.spoken = true
  if not self.conn then return self.raw:send(data) end
  local bytes = outflow.bytes(data)
  if bytes == "" then return 0 end
  local last, why = self.conn:send(bytes)
  if last then return last end
  if why == "busy" then return nil, "socket busy writing" end
  self.failed = why
  return nil, why
end

--- Receive a line without its end, a number of bytes, or all up to the end.
-- @param[opt="*l"] pattern  "*l", "*a", or a number
-- @treturn string
-- @treturn nil,string,string  and the bytes that came before
function methods:receive(...)
  self.spoken = true
  if not self.conn then return self.raw:receive(...) end
  local pattern = (...) or "*l"
  if not PATTERNS[pattern] and (tonumber(pattern) or -1) < 0 then
    arg.fail(2, "bad pattern argument: " .. tostring(pattern))
  end
  if self.failed == "closed" and self.held == "" then return nil, "closed" end
  return receiving(self, inflow.receive, pattern)
end

--- Receive what is there, at most so many bytes.
function methods:receiveany(most)
  self.spoken = true
  if not self.conn then return self.raw:receiveany(most) end
  local n = tonumber(most)
  if not n or n <= 0 then arg.fail(2, "bad max argument") end
  if self.failed == "closed" and self.held == "" then return nil, "closed" end
  return receiving(self, inflow.any, n)
end

--- A function that receives up to a pattern.
-- @tparam string pattern
-- @tparam[opt] table options  `inclusive`: with the pattern
-- @treturn function
function methods:receiveuntil(pattern, options)
  self.spoken = true
  if not self.conn then return self.raw:receiveuntil(pattern, options) end
  pattern = arg.string(pattern, 2)
  if pattern == "" then return nil, "pattern is empty" end
  local inclusive = arg.type(options or {}, "table", 3).inclusive
  if inclusive ~= nil then arg.type(inclusive, "boolean", 3) end
  local reader = inflow.reader(self, pattern, inclusive)
  return function(size)
    return receiving(self, reader, size)
  end
end

--- Close.
-- @treturn number  1
-- @treturn nil,string
function methods:close()
  if not self.name then return nil, "closed" end
  if not self.conn then
    forget(self)
    return self.raw:close()
  end
  if mutex.held(self, READING) then return nil, BUSY end
  if self.handle then sessions.settle(self.handle) end
  local conn = self.conn
  forget(self)
  conn:close()
  return 1
end

-- Why the TLS connection cannot wait in a pool, or nil.
local function unfit(self)
  if not self.conn then return nil end
  if mutex.held(self, READING) then return BUSY end
  if self.failed then return self.failed == "closed" and "closed" or "invalid connection" end
  if self.held ~= "" or self.conn:dirty() then return "unread data in buffer" end
end

--- Keep the connection for another request of this worker.
-- @tparam[opt] number milliseconds  until it is closed; 0 for never
-- @tparam[opt] number size  of the pool, where connect has not said it
-- @treturn number  1; where the pool is full, the connection is closed
-- @treturn nil,string  it goes on, except after "closed" and "connection in dubious state":
--   then bytes have come that nobody has asked for
function methods:setkeepalive(milliseconds, size)
  if not self.name then return nil, "closed" end
  local why = unfit(self)
  if why then return nil, why end
  local to = self.place
  if not pool.room(to.key, not to.sized and size or to.size) then return self:close() end
  local ok
  ok, why = self.raw:setkeepalive(milliseconds)
  if not ok then
    if GONE[why] then self:close() end
    return nil, why
  end
  if self.handle then sessions.settle(self.handle) end
  if self.carrier then self.carrier.sock = false end
  pool.give(to.key, { name = self.name, conn = self.conn, carrier = self.carrier,
                      policy = self.policy, direct = self.direct,
                      spoken = not self.conn and self.spoken },
            milliseconds)
  forget(self)
  return 1
end

--- Limit connecting, sending and receiving, each wait of its own.
-- @tparam number milliseconds
function methods:settimeout(milliseconds)
  return self:settimeouts(milliseconds, milliseconds, milliseconds)
end

--- The same, each with its own limit.
function methods:settimeouts(connecting, ...)
  local limit = tonumber(connecting) or 0
  self.limit = limit > 0 and limit / 1000 or LIMIT
  return self.raw:settimeouts(connecting, ...)
end

-- The others are the cosocket's own.
for _, name in ipairs { "setoption", "getoption", "bind", "getreusedtimes" } do
  methods[name] = function(self, ...)
    return self.raw[name](self.raw, ...)
  end
end

local socket = {}

--- The functions of ngx.socket for a configuration of one's own.
-- @tparam table|userdata given  as for `setcontext`
-- @treturn table  `tcp` and `connect`
function socket.with(given)
  local functions = {}
  function functions.tcp() return new(given) end
  function functions.connect(...)
    local self = new(given)
    local ok, why = self:connect(...)
    if not ok then return nil, why end
    return self
  end
  return functions
end

local plain = socket.with {}

--- An object that is not connected yet.
socket.tcp = plain.tcp

--- The same, connected.
socket.connect = plain.connect

return socket
