--- ssl.https.pool: connections that are kept for the next request.
--
-- One request uses a connection at a time: `take` takes it out of the pool. A request
-- returns it only after it has read an answer to its end, and no byte behind it. The key
-- contains everything on which the trust in the peer depends, so a request finds only
-- connections that it would have made itself.
--
-- The peer may close a kept connection at any time. `take` checks it, and the caller handles
-- a close that comes later.

local ssl      = require "ssl"
local timeouts = require "ssl.https.timeouts"
local tls      = require "ssl.https.tls"
local now      = ssl.monotonic

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local pool = {}

local DEFAULTS = { size = 32, perhost = 8, idle = 60 }

-- Seconds. A request must not meet the server's close on its way.
local MARGIN = 1

local methods = {}
local class = { __index = methods, __name = "https.pool" }

local function all() return true end

-- A pool may have to close many at once. The loop of another process does not run here.
local function discard(entry, foreign)
  if not foreign then tls.turn(entry.stream) end
  entry.stream:close()
end

-- Those for which `unwanted(entry)` holds. Closing may yield where the connection is
-- over a stream, so they are out of the list by then.
local function remove(self, unwanted, foreign)
  if #self.kept == 0 then return end
  local left, out = {}, {}
  for _, entry in ipairs(self.kept) do
    local list = unwanted(entry) and out or left
    list[#list + 1] = entry
  end
  if #out == 0 then return end
  self.kept = left
  for _, entry in ipairs(out) do discard(entry, foreign) end
end

-- Connections that a parent process has kept belong to the parent: drop them. Nothing is
-- sent.
local function own(self)
  local process = ssl.processid()
  if self.process == process then return end
  self.process = process
  remove(self, all, true)
end

local function sweep(self)
  own(self)
  local time, over = now(), false
  for _, entry in ipairs(self.kept) do over = over or time >= entry.till end
  if over then remove(self, function(entry) return time >= entry.till end) end
end

-- The newest one: the server has probably not closed it yet.
local function find(self, key)
  local kept = self.kept
  for i = #kept, 1, -1 do
    if kept[i].key == key then return table.remove(kept, i) end
  end
end

--- A connection that was kept under this key, and lives.
-- @tparam table self
-- @tparam string key
-- @tparam table limit  of ssl.https.timeouts: an adapter may connect anew to find out
-- @treturn table  a stream, which belongs to the caller now; nil when there is none, or when
--   the time is over
function pool.take(self, key, limit)
  sweep(self)
  while true do
    local left, late = timeouts.left(limit, "connect")
    local entry = not late and find(self, key)
    if not entry then return nil end
    if tls.unpark(entry.stream, left) then return entry.stream end
    discard(entry)
  end
end

-- The oldest ones beyond `most`, of those that `counts(entry)`.
local function trim(self, most, counts)
  local n = 0
  for _, entry in ipairs(self.kept) do
    if counts(entry) then n = n + 1 end
  end
  if n <= most then return end
  remove(self, function(entry)
    local excess = n > most and counts(entry)
    if excess then n = n - 1 end
    return excess
  end)
end

--- Keep a connection. It may be closed at once: the pool is full, or closed.
-- @tparam table self
-- @tparam string key
-- @tparam string host  where it leads, for `perhost`
-- @tparam table s  the stream
-- @tparam[opt] number lifetime  seconds after which the server closes it
function pool.give(self, key, host, s, lifetime)
  own(self)
  local life = math.min(self.idle, lifetime and lifetime - MARGIN or math.huge)
  if self.closed or not tls.park(s, life) then return s:close() end
  table.insert(self.kept, { key = key, host = host, stream = s, till = now() + life })
  sweep(self)
  trim(self, self.perhost, function(entry) return entry.host == host end)
  trim(self, self.size, all)
end

--- Can a connection be kept at all?
pool.keepable = tls.keepable

--- Close the kept connections. From then on the pool keeps none: requests that use it, or
-- are under way, work and close their connections. It may be called any number of times.
function methods:close()
  self.closed = true
  own(self)
  remove(self, all)
end

--- How many connections are kept now.
-- @treturn number
function methods:count()
  sweep(self)
  return #self.kept
end

local function amount(options, name, least)
  local value = options[name]
  if value == nil then return DEFAULTS[name] end
  if type(value) ~= "number" or value < least or value ~= value then
    error(("bad argument #1 to 'pool' (number of at least %d expected in field '%s', got %s)")
          :format(least, name, tostring(value)), 4)
  end
  return value
end

--- A pool, empty.
-- @tparam[opt] table options  `size` (32): the most connections that are kept,
--   `perhost` (8): the most to one host and port, `idle` (60): seconds until an unused one
--   is closed, at the next use of the pool
-- @tparam function request  the method of that name
-- @treturn table
-- @raise when `options` or one of them is something else
function pool.new(options, request)
  if options == nil then options = {} end
  if type(options) ~= "table" then
    error(("bad argument #1 to 'pool' (table expected, got %s)"):format(type(options)), 3)
  end
  local problem = ssl.cfg.unknown(options, { "idle", "perhost", "size" }, "field")
  if problem then error(("bad argument #1 to 'pool' (%s)"):format(problem), 3) end
  return setmetatable({
    request = request, size = amount(options, "size", 0), perhost = amount(options, "perhost", 0),
    idle = amount(options, "idle", 0), kept = {}, closed = false,
    process = ssl.processid(),
  }, class)
end

--- Is this a pool?
function pool.is(value)
  return type(value) == "table" and getmetatable(value) == class
end

return pool
