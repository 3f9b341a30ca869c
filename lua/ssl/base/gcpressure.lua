--- ssl.base.gcpressure: telling the collector about memory it cannot see.
--
-- A connection takes half a kilobyte of Lua's memory and some 50 KB of OpenSSL's. So a
-- program that drops connections without closing them would fill the machine, and run out
-- of descriptors, long before Lua's collector has a reason to run. So OpenSSL's memory is
-- added up, and what is taken beyond a quarter of a megabyte moves the collector on by as much.
-- Each piece is paid for when it is taken: a step for several connections together would hold an
-- event loop for milliseconds. Where the program has stopped the collector, nothing is done: a
-- step would start it.

local gcpressure = {
  CONNECTION = 50, -- KB, both buffers and handshake state included
  CONTEXT    = 20,
}

-- KB that may be taken without a step, and those that are.
local FREE = 256
local taken = 0

--- Account for memory taken outside Lua.
-- @tparam number kilobytes
function gcpressure.took(kilobytes)
  if taken + kilobytes < FREE then
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
