--- ssl.base.gcpressure: telling the collector about memory it cannot see.
--
-- A connection is half a kilobyte to Lua and some 50 KB to OpenSSL, so a program
-- that drops connections without closing them would fill the machine, and run out
-- of descriptors, long before Lua's collector saw a reason to run. So what OpenSSL
-- takes is added up, and each quarter of a megabyte moves the collector on by as
-- much. A user who stopped the collector is left alone: a step would start it.

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

--- What was taken has been given back in time.
-- @tparam number kilobytes
function gcpressure.returned(kilobytes)
  owing = math.max(0, owing - kilobytes)
end

return gcpressure
