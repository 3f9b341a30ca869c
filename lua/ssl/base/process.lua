--- ssl.base.process: which process this is.
--
-- Some objects may be used by one process only: connections that are kept, sessions that
-- may be used once. After a fork the child has a copy of them. A module that keeps such
-- objects compares this number at each use.

local shim = require "ssl.ffi.shim"
local S    = shim.C

--- The number of this process, as getpid(2) has it; seldom a system call.
-- @treturn number
return function()
  return (S.process(shim.pool.lsf_pool))
end
