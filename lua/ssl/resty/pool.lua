--- ssl.resty.pool: TCP connections in nginx's pools, and the TLS connections above them.
--
-- nginx keeps the TCP connection alone. To find it again, each one has a pool of size one
-- under a name that no other connection of this worker ever has: such a pool gives back this
-- connection or none. `getreusedtimes` tells which; where it is 0 nginx has made a new
-- connection, and the TLS state of the old one is dropped. So no TLS state ever meets the
-- bytes of another connection.
--
-- The limits of a pool, which nginx would apply to all connections of one name, are applied
-- here.

local sessions = require "ssl.resty.sessions"
local ssl      = require "ssl"

local now = ssl.monotonic

local pool = {}

-- nginx's default, in milliseconds.
local IDLE = 60000
-- Seconds between two searches for entries whose time is over.
local PERIOD = 1

local parked = {}    -- key -> list of entries, the newest last
local swept = 0

--- Close the TLS connection of an entry. The TCP connection is nginx's, and ends there by itself.
function pool.drop(entry)
  if entry.handle then sessions.settle(entry.handle) end
  if entry.conn then entry.conn:close() end
end

local function over(entry, time)
  return time >= entry.till
end

-- Without those whose time is over; nil where none is left.
local function living(list, time)
  local left = {}
  for _, entry in ipairs(list) do
    if over(entry, time) then pool.drop(entry) else left[#left + 1] = entry end
  end
  return left[1] and left or nil
end

local function sweep(time)
  if time < swept + PERIOD then return end
  swept = time
  for key, list in pairs(parked) do parked[key] = living(list, time) end
end

--- The newest entry, which belongs to the caller then.
-- @tparam string key
-- @treturn table|nil
function pool.take(key)
  local list, time = parked[key] or {}, now()
  repeat
    local entry = table.remove(list)
    if not list[1] then parked[key] = nil end
    if entry and not over(entry, time) then return entry end
    if entry then pool.drop(entry) end
  until not entry
end

--- Is there room for one more?
-- @tparam string key
-- @tparam number size
function pool.room(key, size)
  sweep(now())
  return not parked[key] or #parked[key] < size
end

--- Keep an entry.
-- @tparam string key
-- @tparam table entry  `name`, and with TLS `conn` and `handle`, the last result of
--   sslhandshake; whoever takes it gets it as it is
-- @tparam[opt] number milliseconds
function pool.give(key, entry, milliseconds)
  milliseconds = milliseconds or IDLE
  entry.till = now() + milliseconds / 1000
  parked[key] = parked[key] or {}
  table.insert(parked[key], entry)
end

return pool
