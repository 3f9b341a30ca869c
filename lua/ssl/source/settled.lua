--- ssl.source.settled: may a file still change without a trace?
--
-- A file that is written twice between two ticks of the system's clock, of some ms, looks
-- the same after both. So what was read just after a change is not trusted for long.

-- Seconds after which a second change shows for sure.
local SURE = 2

--- Would one more change of a file show in its times?
-- @tparam number changed  its last change, in seconds since the epoch
-- @treturn boolean
return function(changed)
  return changed + SURE <= os.time()
end
