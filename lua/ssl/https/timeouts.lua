--- ssl.https.timeouts: how long each phase of a request may take, and all of it.
--
-- Seconds, by a clock that cannot be set; LuaSocket's is the time of the day. A limit of a
-- phase holds for each call by itself: one connect, one handshake, one read, one write.
-- The total is a point in time, so what is left of it shrinks from call to call, over
-- redirects, a second attempt and the close too.

local now = require("ssl").monotonic

local timeouts = {}

local PHASES = { "connect", "handshake", "send", "receive" }

local KNOWN = { total = true }
for _, phase in ipairs(PHASES) do KNOWN[phase] = true end

-- NaN is less than nothing and more than nothing: it would be no limit.
local function is_number(value)
  local n = tonumber(value)
  return n and n == n
end

local function kind(value)
  return value ~= value and "NaN" or type(value)
end

--- Is this a valid `timeout`?
-- @treturn string  the mistake in it; nil when there is none
function timeouts.problem(timeout)
  if not timeout or is_number(timeout) then return nil end
  if type(timeout) ~= "table" then
    return "number or table expected in field 'timeout', got " .. kind(timeout)
  end
  for name, value in pairs(timeout) do
    if not KNOWN[name] then
      return ("unknown phase '%s' in field 'timeout'"):format(tostring(name))
    end
    if value and not is_number(value) then
      return ("number expected for '%s' in field 'timeout', got %s"):format(
        name, kind(value))
    end
  end
end

-- The limit of a phase: nil for none, which a negative number means too.
local function of(timeout, default, phase)
  local limit = timeout or nil
  if type(timeout) == "table" then limit = timeout[phase] end
  if limit == nil then
    limit = default
    if type(default) == "table" then limit = default[phase] end
  end
  limit = tonumber(limit)
  return limit and limit >= 0 and limit or nil
end

--- The limits of a request that begins now.
-- @tparam[opt] number|table timeout  of the request: for each phase, or a table of
--   `connect`, `handshake`, `send`, `receive` and `total`, false for no limit
-- @tparam[opt] number|table default  where the request is silent; a number is none for
--   the total
-- @treturn table  for limits.arm
function timeouts.new(timeout, default)
  local self = { armed = nil, on = nil, deadline = nil }
  for _, phase in ipairs(PHASES) do self[phase] = of(timeout, default, phase) end
  local total = of(type(timeout) == "table" and timeout or nil,
                   type(default) == "table" and default or nil, "total")
  self.deadline = total and now() + total
  return self
end

--- These limits, and no more than so many seconds from now on for all calls together.
-- @treturn table
function timeouts.within(self, seconds)
  local closer = {}
  for name, value in pairs(self) do closer[name] = value end
  closer.deadline = math.min(self.deadline or math.huge, now() + seconds)
  return closer
end

--- The time that a call in this phase may take from now on.
-- @tparam table self
-- @tparam string phase
-- @tparam[opt] number since  the beginning of the whole of which this call is a part
-- @treturn number  seconds; nil for no limit
-- @treturn nil,string  "timeout": the time is over
function timeouts.left(self, phase, since)
  local limit, deadline = self[phase], self.deadline
  if since and limit then deadline = math.min(deadline or math.huge, since + limit) end
  if not deadline then return limit end
  local left = deadline - now()
  if left <= 0 then return nil, "timeout" end
  return limit and math.min(limit, left) or left
end

--- Give something with a settimeout the limit of the phase that comes.
-- @tparam table self
-- @param sock
-- @tparam string phase
-- @tparam[opt] number since  as for `left`
-- @tparam[opt] number most  seconds, where that is less
-- @treturn nil
-- @treturn string  "timeout": the time is over, so the call must not be made
function timeouts.arm(self, sock, phase, since, most)
  local limit = self[phase]
  if most and (not limit or most < limit) then limit = most end
  if not since and not self.deadline and self.on == sock and self.armed == limit then
    return nil
  end
  local left, why = timeouts.left(self, phase, since)
  if why then return why end
  if left and (not limit or left < limit) then limit = left end
  sock:settimeout(limit)
  self.on, self.armed = sock, limit
  return nil
end

--- Let the close of a connection take no longer than the rest of the total.
-- @tparam table self
-- @param sock  the object to close; before TLS it is LuaSocket's, whose close does not wait
-- @tparam[opt] boolean unwanted  the peer does not read data that is still on its way
function timeouts.close(self, sock, unwanted)
  if unwanted then sock:settimeout(0) end
  if not self.deadline then return end
  local left = math.max(0, self.deadline - now())
  -- A connection over a stream closes the stream, which knows only the limit that was set.
  if not unwanted and left < (self.armed or math.huge) then sock:settimeout(left) end
  if sock.setdeadline then sock:setdeadline(left) end
end

--- Forget the last setting: other code may have changed it.
function timeouts.disarm(self)
  self.on = nil
end

return timeouts
