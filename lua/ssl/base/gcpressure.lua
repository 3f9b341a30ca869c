--- ssl.base.gcpressure: telling the collector about memory it cannot see.
--
-- A connection takes half a kilobyte of Lua's memory and some 50 KB of OpenSSL's. So a
-- program that drops connections without closing them would fill the machine, and run out
-- of descriptors, long before Lua's collector has a reason to run. So OpenSSL's memory is
-- added up, and each quarter of a megabyte moves the collector on by as much. Where the
-- program has stopped the collector, nothing is done: a step would start it.

local gcpressure = {
  CONNECTION = 50, -- KB, both buffers and handshake state included
  CONTEXT    = 20,
}

local STEP = 256
local owing = 0

--- Account for memory taken outside Lua.
-- @tparam number kilobytes
function gcpressure.took(kilobytes)
  owing = owing + kilobytes
  if owing < STEP then return end
  local sum = owing
  owing = 0
  if collectgarbage "isrunning" then collectgarbage("step", sum) end
end

--- Memory that was taken has been given back before the collector had to run.
-- @tparam number kilobytes
function gcpressure.returned(kilobytes)
  owing = math.max(0, owing - kilobytes)
end

return gcpressure
