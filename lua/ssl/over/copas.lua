--- ssl.over.copas: Copas, from 1.1 on.
--
-- Copas waits for objects that it can select on, and calls their methods again when they
-- returned "timeout". So an object of ours stands between Copas and LuaSocket's: it returns
-- what has come, and looks at its own time limit, which Copas before 2 does not have.
--
-- Names are resolved by the system, which blocks: Copas has no resolver.

local copas   = require "copas"
local socket  = require "socket"
local later   = require "ssl.base.later"
local race    = require "ssl.over.race"
local timeout = require "ssl.io.timeout"

local adapter = { name = "copas", unit = "seconds" }

-- Copas 1 has neither sleep nor the way to wake a thread.
local pause = copas.pause or copas.sleep
local doze = copas.pauseforever or function() copas.sleep(-1) end

-- A time limit of ours is over; Copas would call again after "timeout".
local LATE = "the time is over"

-- What Copas selects on and calls.
local waiter = {}
waiter.__index = waiter

function waiter:getfd()
  return self.sock:getfd()
end

function waiter:dirty()
  return self.sock:dirty()
end

-- Copas before 2 closes what a thread has waited for last when the thread ends. A connection
-- may be in a pool by then.
function waiter:close()
  if not copas.close then return end
  self.closed = true
  return self.sock:close()
end

local function late(self, why)
  return why == "timeout" and timeout.remaining(self.due) == 0 and LATE or why
end

function waiter:settimeout(seconds)
  return self.sock:settimeout(seconds)
end

-- Copas wakes a thread whose attempt was closed, and calls this again. LuaSocket's object would
-- begin a new attempt then, with a new descriptor.
function waiter:connect(address, port)
  if self.closed then return nil, "closed" end
  local ok, why = self.sock:connect(address, port)
  if why == "already connected" then return 1 end
  return ok, late(self, why)
end

function waiter:receive(most)
  local data, why, partial = self.sock:receive(most)
  if data then return data end
  if partial and partial ~= "" then return partial end
  return nil, late(self, why)
end

function waiter:send(data, from, to)
  local last, why, partial = self.sock:send(data, from, to)
  if last then return last end
  return nil, late(self, why), partial
end

local carrier = {}
carrier.__index = carrier

-- nil and a message for none: the process may have no descriptor left.
local function new(sock, why)
  if not sock then return nil, why end
  sock:settimeout(0)
  local inner = setmetatable({ sock = sock, due = nil, closed = false }, waiter)
  return setmetatable({ sock = sock, waiter = inner, limit = nil }, carrier)
end

-- Copas before 3 has one limit, for the whole program.
local function limit(self)
  self.waiter.due = timeout.after(self.limit)
  if copas.settimeouts then
    local seconds = self.limit or -1
    copas.settimeouts(self.waiter, seconds, seconds, seconds)
  end
end

local function word(why)
  return why == LATE and "timeout" or why
end

function carrier:settimeout(seconds)
  self.limit = seconds
end

function carrier:receiveany(most)
  local data, why = self.waiter:receive(most)
  if not data and why == "timeout" and self.limit ~= 0 then
    limit(self)
    data, why = copas.receive(self.waiter, most)
  end
  if data then return data end
  return nil, word(why)
end

function carrier:send(data)
  if self.limit == 0 then
    local last, why, partial = self.sock:send(data)
    return last, why, partial
  end
  limit(self)
  local last, why, partial = copas.send(self.waiter, data)
  if last then return last end
  return nil, word(why), partial
end

function carrier:getfd()
  return self.sock:getfd()
end

--- Threads that wait in Copas learn of the end.
function carrier:close()
  if copas.close then return copas.close(self.waiter) end
  return self.sock:close()
end

-- Between two requests: nothing to do, as long as nobody waits for it.
function carrier.park()
  return true
end

--- Still connected, and no byte has come without a request?
function carrier:unpark()
  local data, why = self.sock:receive(1)
  return not data and why == "timeout"
end

-- Copas before 2 cannot wait for two. It does not end an attempt whose time is over either,
-- which the system does, but no other one begins.
local function in_turn(addresses, port, deadline)
  local why
  for _, address in ipairs(addresses) do
    if timeout.remaining(deadline) == 0 then return nil, "timeout" end
    local object, ok
    object, why = new(socket.tcp())
    if not object then return nil, why end
    ok, why = copas.connect(object.waiter, address, port)
    if ok then return object end
    object.sock:close()
  end
  return nil, why
end

local attempts = {}

-- A thread for each attempt, which wakes the one that waits.
function attempts.start(address, port)
  local object, problem = new(socket.tcp())
  if not object then return nil, problem end
  local attempt = { cancelled = false }
  function attempt.cancel()
    attempt.cancelled = true
    object:close()
  end
  copas.addthread(function()
    local ok, why = copas.connect(object.waiter, address, port)
    if attempt.cancelled then return end
    if ok then attempt.object = object else object.sock:close() end
    attempt.why, attempt.ended = why, true
    if attempt.waits then copas.wakeup(attempt.waits) end
  end)
  return attempt
end

function attempts.wait(list, seconds)
  local one = race.ended(list)
  if one or seconds == 0 then return one end
  local thread = coroutine.running()
  for _, attempt in ipairs(list) do attempt.waits = thread end
  if seconds then pause(seconds) else doze() end
  for _, attempt in ipairs(list) do attempt.waits = nil end
  return race.ended(list)
end

--- Connect, to the address that answers first (RFC 8305); one after another before Copas 2.
-- @tparam string host
-- @tparam number port
-- @tparam[opt] number seconds
-- @return an object for ssl.wrap
-- @treturn nil,string
function adapter.connect(host, port, seconds)
  local deadline = timeout.after(seconds)
  local found, why = socket.dns.getaddrinfo(host)
  if not found then return nil, why end
  local addresses = {}
  for i, one in ipairs(found) do addresses[i] = one.addr end
  local object
  if copas.wakeup then
    object, why = race.connect(attempts, addresses, port, timeout.remaining(deadline))
  else
    object, why = in_turn(race.order(addresses), port, deadline)
  end
  if object then pcall(object.sock.setoption, object.sock, "tcp-nodelay", true) end
  return object, why
end

--- The object for a socket: LuaSocket's, or one that Copas has wrapped.
function adapter.carry(sock)
  if getmetatable(sock) == carrier then return sock end
  return new(type(sock) == "table" and sock.socket or sock)
end

if pause then
  --- Let other threads run for so many seconds.
  adapter.sleep = pause
else
  local clock = later.require "ssl.over.copasclock"
  adapter.sleep, adapter.nap = clock.sleep, clock.nap
end

local nap = {}
nap.__index = nap

function nap:sleep(seconds)
  self.thread = coroutine.running()
  pause(seconds)
  self.thread = nil
end

function nap:wake()
  local thread = self.thread
  self.thread = nil
  if thread then copas.wakeup(thread) end
end

--- Sleep that another thread can end.
adapter.nap = adapter.nap or function()
  return setmetatable({ thread = nil }, nap)
end

--- Is this a thread of Copas? Copas does not know it before 3: then any coroutine is.
function adapter.running()
  local thread, main = coroutine.running()
  return thread ~= nil and not main and copas.running ~= false
end

return adapter
