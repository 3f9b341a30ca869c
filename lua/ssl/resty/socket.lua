--- ssl.resty.socket: nginx's cosocket, with TLS of this library.
--
--   local socket = require "ssl.resty.socket"
--   local sock = socket.tcp()
--
-- An object as ngx.socket.tcp makes it, for programs that were written for that. Before
-- sslhandshake every method is the cosocket's own. docs/resty.md has the differences.

local arg        = require "ssl.base.arg"
local carrier    = require "ssl.resty.carrier"
local host       = require "ssl.resty.host"
local inflow     = require "ssl.resty.inflow"
local mutex      = require "ssl.io.mutex"
local outflow    = require "ssl.resty.outflow"
local place      = require "ssl.resty.place"
local policy     = require "ssl.resty.policy"
local pool       = require "ssl.resty.pool"
local poolname   = require "ssl.over.poolname"
local queue      = require "ssl.resty.queue"
local secure     = require "ssl.resty.secure"
local sessions   = require "ssl.resty.sessions"
local settings   = require "ssl.resty.settings"
local ssl        = require "ssl"

local methods = {}
local class = { __index = methods }

-- After these results of nginx's setkeepalive the TCP connection is no more.
local GONE = { closed = true, ["connection in dubious state"] = true }

local PATTERNS = { ["*l"] = true, ["*a"] = true }

-- Milliseconds that a connection is kept at most. nginx keeps one without end, and so what is
-- kept here would have no end either.
local LONGEST = 3600000

-- What an object has while it is not connected.
local function forget(self)
  if self.place then queue.leave(self.place, self.raw) end
  self.conn, self.carrier, self.policy, self.handle = false, false, false, false
  self.place, self.name, self.held, self.failed = false, false, "", false
  self.spoken, self.direct, self.ended, self.shaking = false, false, false, false
end

-- All fields at once: a table that gets them one by one grows five times.
local function new(given)
  local self = {
    raw = host.tcp(), given = given, certificate = false, key = false, locks = false,
    limit = false, times = false,
    conn = false, carrier = false, policy = false, handle = false,
    place = false, name = false, held = "", failed = false,
    spoken = false, direct = false, ended = false, shaking = false,
  }
  settings.begin(self)
  return setmetatable(self, class)
end

-- A failure of the TLS connection, after which it does not go into a pool. After a time-out
-- it may: where the answer comes late, nginx closes it. After a send that found it closed
-- there is what has arrived before, and no more.
local function note(self, value, why, partial)
  if value then return value end
  if why and why ~= "timeout" and self.failed == "closed" then
    self.ended = true
    if partial == "" then return nil, "closed" end
    return nil, "closed", partial
  end
  if why ~= "timeout" then self.failed = why or self.failed end
  self.ended = self.ended or why == "closed"
  return value, why, partial
end

-- One light thread at a time, since it may have read ahead.
local READING, BUSY = "reading", "socket busy reading"
-- And during the handshake and the close nobody else: these bytes would be no TLS.
local SHAKING, CLOSING = "shaking", "closing"

-- A light thread that was killed in the handshake has left half of one.
local function abandon(self)
  if self.carrier then self.carrier.sock = false end
  self.raw:close()
  forget(self)
  return "closed"
end

-- Why others have to keep out, or nil.
local function between(self)
  if mutex.held(self, CLOSING) then return "socket busy closing" end
  if not self.shaking then return nil end
  if mutex.held(self, SHAKING) then return "socket busy connecting" end
  return abandon(self)
end

local function receiving(self, f, ...)
  mutex.lock(self, READING)
  return note(self, mutex.finish(self, READING, pcall(f, self, ...)))
end

-- The state of a connection that came out of the pool.
local function adopt(self, entry)
  self.conn, self.carrier, self.policy = entry.conn, entry.carrier, entry.policy
  self.direct, self.spoken, self.handle = entry.direct, entry.spoken, entry.handle
  if self.carrier then self.carrier.sock = self.raw end
end

-- Over nginx's pool of the entry, or of a new name.
local function open(self, entry)
  local to, name = self.place, entry and entry.name or poolname()
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
  else
    pool.drop(entry)
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
  why = between(self)
  if why and why ~= "closed" then return nil, why end
  if self.name then
    local ok
    ok, why = self:close()
    if not ok and why ~= "closed" then return nil, why end
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

-- The end of a TLS connection. Its wait for the peer's end has changed the limits.
local function finish(self)
  local conn = self.conn
  forget(self)
  mutex.lock(self, CLOSING)
  mutex.finish(self, CLOSING, pcall(conn.close, conn))
  self.raw:settimeouts(unpack(self.times))
end

-- The handshake over the TCP connection.
local function secured(self, wanted, session)
  local stream = carrier.new(self.raw)
  self.shaking, self.carrier = true, stream
  mutex.lock(self, SHAKING)
  local ok, conn, why = pcall(secure.open, stream, wanted, self.place.name, session)
  mutex.unlock(self, SHAKING)
  self.shaking = false
  if not ok or not conn then
    forget(self)
    if not ok then error(conn, 0) end
    return nil, why
  end
  self.conn, self.policy = conn, wanted
  self.direct, self.spoken = not self.spoken, false
  return shaken(self, session)
end

--- Make the handshake.
-- @param[opt] session  what an earlier call has returned; false: return true in its place
-- @tparam[opt] string name  is sent to the server, and its certificate has to have it where
--   it is verified
-- @tparam[opt=false] boolean verify  verify the chain; also where the configuration says so
-- @tparam[opt=false] boolean status  ask for a stapled OCSP response, and judge it
-- @treturn table|boolean  for the next handshake; true
-- @treturn nil,string  then the connection is closed
-- @raise what a function of the configuration raises; the connection is closed, too
function methods:sslhandshake(session, name, verify, status)
  local busy = between(self)
  if busy or not self.name then return nil, busy or "closed" end
  local wanted, why, mistaken = policy.of(self.given, {
    name = name, verify = verify and true or false, status = status,
    certificate = self.certificate, key = self.key,
  })
  if mistaken then arg.raise(why) end
  if not wanted then return nil, why end
  if self.conn and self.policy.key ~= wanted.key then
    local ok
    ok, why = replace(self)
    if not ok then return nil, why end
  end
  if self.conn then return shaken(self, session) end
  return secured(self, wanted, session)
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
  local busy = between(self)
  if busy then return nil, busy end
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
  local pattern = ...
  local busy = between(self)
  if busy then return nil, busy end
  self.spoken = true
  if not self.conn then return self.raw:receive(...) end
  pattern = pattern or "*l"
  if not PATTERNS[pattern] and (tonumber(pattern) or -1) < 0 then
    arg.fail(2, "bad pattern argument: " .. tostring(pattern))
  end
  if self.ended and self.held == "" then return nil, "closed" end
  if mutex.held(self, READING) then return nil, BUSY end
  local data = inflow.ready(self, pattern)
  if data then return data end
  return receiving(self, inflow.receive, pattern)
end

--- Receive what is there, at most so many bytes.
function methods:receiveany(most)
  local busy = between(self)
  if busy then return nil, busy end
  self.spoken = true
  if not self.conn then return self.raw:receiveany(most) end
  local n = tonumber(most)
  if not n or n <= 0 then arg.fail(2, "bad max argument") end
  if self.ended and self.held == "" then return nil, "closed" end
  if mutex.held(self, READING) then return nil, BUSY end
  return receiving(self, inflow.any, n)
end

--- A function that receives up to a pattern.
-- @tparam string pattern
-- @tparam[opt] table options  `inclusive`: with the pattern
-- @treturn function
function methods:receiveuntil(pattern, options)
  self.spoken = true
  local plain, why
  if not self.conn then                         -- nginx counts the arguments
    plain, why = self.raw:receiveuntil(pattern, unpack { options })
    if not plain then return nil, why end
  end
  pattern = arg.string(pattern, 2)
  if pattern == "" then return nil, "pattern is empty" end
  local inclusive = arg.type(options or {}, "table", 3).inclusive
  if inclusive ~= nil then arg.type(inclusive, "boolean", 3) end
  local reader = inflow.reader(self, pattern, inclusive)
  return function(...)
    local busy = between(self)
    if busy then return nil, busy end
    if plain and not self.conn then return plain(...) end
    if mutex.held(self, READING) then return nil, BUSY end
    return receiving(self, reader, ...)
  end
end

--- Close.
-- @treturn number  1
-- @treturn nil,string
function methods:close()
  local busy = between(self)
  if busy or not self.name then return nil, busy or "closed" end
  if not self.conn then
    local ok, why = self.raw:close()
    if ok or why == "closed" then forget(self) end
    return ok, why
  end
  if mutex.held(self, READING) then return nil, BUSY end
  if self.handle then sessions.settle(self.handle) end
  finish(self)
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
-- @tparam[opt=60000] number milliseconds  until it is closed; 0 for an hour
-- @tparam[opt] number size  of the pool, where connect has not said it
-- @treturn number  1; where the pool is full, the connection is closed
-- @treturn nil,string  it goes on, except after "closed" and "connection in dubious state":
--   then bytes have come that nobody has asked for
function methods:setkeepalive(milliseconds, size)
  local why = between(self) or not self.name and "closed" or unfit(self)
  if why then return nil, why end
  milliseconds, size = arg.optnumber(milliseconds, nil, 2), arg.optnumber(size, nil, 3)
  if milliseconds == 0 then milliseconds = LONGEST end
  local to = self.place
  if not pool.room(to.key, not to.sized and size or to.size) then return self:close() end
  local ok
  ok, why = self.raw:setkeepalive(milliseconds)
  if not ok then
    if GONE[why] then self:close() end
    return nil, why
  end
  if self.carrier then self.carrier.sock = false end
  pool.give(to.key, { name = self.name, conn = self.conn, carrier = self.carrier,
                      policy = self.policy, direct = self.direct, handle = self.handle,
                      spoken = not self.conn and self.spoken, till = 0 },
            milliseconds)
  forget(self)
  return 1
end

for name, method in pairs(settings.methods) do methods[name] = method end

local socket = {}

local function functions_of(given)
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

--- The functions of ngx.socket for a configuration of one's own.
-- @tparam table|userdata given  as for `setcontext`
-- @treturn table  `tcp` and `connect`
function socket.with(given)
  -- Workers find each other's sessions by digests under one random key, which is made now.
  ssl.digest ""
  return functions_of(given)
end

local plain = functions_of {}

--- An object that is not connected yet.
socket.tcp = plain.tcp

--- The same, connected.
socket.connect = plain.connect

return socket
