--- ssl.base.gcpressure: telling the collector about memory it cannot see.
--
-- A connection takes half a kilobyte of Lua's memory and some 50 KB of OpenSSL's. So a
-- program that drops connections without closing them would fill the machine, and run out
-- of descriptors, long before Lua's collector has a reason to run. So OpenSSL's memory is
-- added up, and what is taken beyond a quarter of a megabyte moves the collector on by as much.
-- Each piece is paid for when it is taken: a step for several connections together would hold an
-- event loop for milliseconds. Where the program has stopped the collector, nothing is done: a
-- step would start it.
--
-- Lua's collector rests between two cycles until the heap has doubled. A step ends that rest,
-- and then one cycle follows another. So what was taken before the last cycle no longer counts:
-- that cycle has freed it, or it is in use. Sessions and closed connections alone thus cause no
-- step, since the heap's own growth starts the next cycle in time.

local gcpressure = {
  CONNECTION = 50, -- KB, both buffers and handshake state included
  CONTEXT    = 20,
}

-- KB that may be taken without a step: the least and the most. A cycle costs as much as there is
-- of Lua's memory, so in between half as much may be taken as Lua has: many connections that are
-- in use would cause one cycle after another.
local FREE, MOST = 256, 8192

-- KB that may be taken, and that are, since the last cycle.
local free, taken = FREE, 0

-- Nobody refers to this object, so its finalizer runs at the end of the cycle. It makes the
-- next one, which has the same finalizer.
getmetatable(newproxy(true)).__gc = function(object)
  taken, free = 0, math.min(math.max(FREE, collectgarbage "count" / 2), MOST)
  newproxy(object)
end

--- Account for memory taken outside Lua.
-- @tparam number kilobytes
function gcpressure.took(kilobytes)
  if taken + kilobytes < free then
    taken = taken + kilobytes
  elseif collectgarbage "isrunning" then
    collectgarbage("step", kilobytes)
  end
end

--- Memory that was taken has been given back before the collector had to run.
-- @tparam number kilobytes
function gcpressure.returned(kilobytes)
  taken = math.max(0, taken - kilobytes)
end

return gcpressure
