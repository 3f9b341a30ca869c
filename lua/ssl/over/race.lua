--- ssl.over.race: one connection out of several addresses, as RFC 8305 has it.
--
-- IPv6 and IPv4 take turns. The next address is tried when an attempt has failed, or when the
-- last one has taken DELAY. The first that is connected wins, and the others are closed.
--
-- A loop gives `start(address, port)` -> an attempt, or nil and a message where none can begin,
-- since the process has no descriptor left for example; and `wait(attempts, seconds)` ->
-- the attempt that has ended, or nil when the time is over. An attempt has `object` when it
-- succeeded, else `why`; and `cancel()`.

local ip      = require "ssl.x509.ip"
local timeout = require "ssl.io.timeout"

local race = {}

-- Seconds: the recommended Connection Attempt Delay (RFC 8305 section 5).
local DELAY = 0.25

local function is_v6(address)
  return address:find(":", 1, true) ~= nil
end

--- Is it an address, which needs no resolver? The zone of a link is a part of it.
-- @tparam string host
-- @treturn boolean
function race.is_address(host)
  return (ip.v4(host) or ip.v6(host:match "^[^%%]*")) ~= nil
end

--- In the order in which they are tried: the first family is that of the first address.
-- @tparam {string,...} addresses  as the resolver sorted them
-- @treturn {string,...}
function race.order(addresses)
  local families, out = { {}, {} }, {}
  local first = addresses[1] and is_v6(addresses[1])
  for _, address in ipairs(addresses) do
    local family = families[is_v6(address) == first and 1 or 2]
    family[#family + 1] = address
  end
  for i = 1, #addresses do
    out[#out + 1] = families[1][i]
    out[#out + 1] = families[2][i]
  end
  return out
end

local function cancel(attempts)
  for _, attempt in ipairs(attempts) do attempt.cancel() end
end

local function without(attempts, one)
  local left = {}
  for _, attempt in ipairs(attempts) do
    if attempt ~= one then left[#left + 1] = attempt end
  end
  return left
end

-- How long to wait for those under way.
local function patience(more, deadline)
  local left = timeout.remaining(deadline)
  return more and math.min(DELAY, left or DELAY) or left
end

--- The first attempt that has said so: for loops whose attempts set `ended` by themselves.
-- @tparam {table,...} attempts
-- @treturn table|nil
function race.ended(attempts)
  for _, attempt in ipairs(attempts) do
    if attempt.ended then return attempt end
  end
end

-- Begin the next attempt, past the addresses for which none can begin -> the index behind it,
-- and the reason of the last that could not.
local function begin(loop, attempts, order, at, port)
  local attempt, why
  repeat
    attempt, why = loop.start(order[at], port)
    attempts[#attempts + 1] = attempt
    at = at + 1
  until attempt or not order[at]
  return at, why
end

--- Connect to one of these addresses.
-- @tparam table loop  `start` and `wait`
-- @tparam {string,...} addresses
-- @tparam number port
-- @tparam[opt] number seconds  for all attempts together
-- @return the object of the first attempt that succeeded
-- @treturn nil,string  the reason of the last one that failed, or "timeout"
function race.connect(loop, addresses, port, seconds)
  local deadline, order = timeout.after(seconds), race.order(addresses)
  local attempts, at, why = {}, 1, "the name has no address"
  while true do
    if order[at] then
      local failed
      at, failed = begin(loop, attempts, order, at, port)
      why = failed or why
    end
    if #attempts == 0 then return nil, why end
    local one = loop.wait(attempts, patience(order[at], deadline))
    if one then attempts, why = without(attempts, one), one.why end
    local over = timeout.remaining(deadline) == 0
    if over or one and one.object then cancel(attempts) end
    if one and one.object then return one.object end
    if over then return nil, "timeout" end
  end
end

return race
