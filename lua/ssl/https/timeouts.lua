--- ssl.https.timeouts: how long each phase of a request may take, and all of it.
--
-- Seconds, by a clock that nobody sets: LuaSocket's is the time of the day. A limit of a
-- phase bounds each call for itself: one connect, one handshake, one read, one write.
-- The total is a point in time, so what is left of it shrinks from call to call, over
-- redirects, a second attempt and the close too.

local now = require("ssl").monotonic

local timeouts = {}

local PHASES = { "connect", "handshake", "send", "receive" }

local KNOWN = { total = true }
for _, phase in ipairs(PHASES) do KNOWN[phase] = true end

--- Is this something that `timeout` may be?
-- @treturn string  what is wrong with it; nil when nothing is
function timeouts.problem(timeout)
  if not timeout or tonumber(timeout) then return nil end
  if type(timeout) ~= "table" then
    return "number or table expected in field 'timeout', got " .. type(timeout)
  end
  for name, value in pairs(timeout) do
    if not KNOWN[name] then
      return ("unknown phase '%s' in field 'timeout'"):format(tostring(name))
    end
    if value and not tonumber(value) then
      return ("number expected for '%s' in field 'timeout', got %s"):format(
        name, type(value))
    end
  end
end

-- What a phase may take: nil for no end, which a negative number is too.
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

--- What a call in this phase may take from now on.
-- @tparam table self
-- @tparam string phase
-- @tparam[opt] number since  when that began which this call is only a part of
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

--- Let the close of a connection take no more than what is left of the total.
-- @tparam table self
-- @param sock  what is closed; before TLS it is LuaSocket's, whose close waits for nothing
-- @tparam[opt] boolean unwanted  the peer does not want what is still on its way
function timeouts.close(self, sock, unwanted)
  if unwanted then sock:settimeout(0) end
  if not self.deadline then return end
  local left = math.max(0, self.deadline - now())
  -- A connection over a stream closes what is below, which knows the limit alone.
  if not unwanted and left < (self.armed or math.huge) then sock:settimeout(left) end
  if sock.setdeadline then sock:setdeadline(left) end
end

--- Forget what was set last: somebody else has had his hands on it.
function timeouts.disarm(self)
  self.on = nil
end

return timeouts
