--- ssl.process: which process this is.
--
-- What a process has that only one may use - connections that are kept, sessions that
-- are good for once - its child has a copy of after a fork. Who keeps such things asks
-- here, at each use, whether they are its own.

local shim = require "ssl.ffi.shim"
local S    = shim.C

--- The number of this process, as getpid(2) has it; seldom a system call.
-- @treturn number
return function()
  return (S.process(shim.pool.lsf_pool))
end
