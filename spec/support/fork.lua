--- Real children of this process. For programs of spec.support.fresh alone: busted has
-- no use for a second one of itself.
--
--   local wait = fork(function() ... end)   f runs in the child
--   assert(wait())                          it returned, and did not raise
--
-- The child ends its Lua state, finalizers included.

local ffi = require "ffi"

ffi.cdef [[
int fork(void);
int waitpid(int pid, int *status, int options);
int fork_flush(void *file) __asm__("fflush");
]]

return function(f)
  -- All files: the child would write what waits in them once more.
  ffi.C.fork_flush(nil)
  local child = ffi.C.fork()
  assert(child >= 0, "no child")
  if child == 0 then
    local ok, why = pcall(f)
    if not ok then io.stderr:write(tostring(why), "\n") end
    os.exit(ok and 0 or 1, true)
  end
  return function()
    local status = ffi.new "int[1]"
    return ffi.C.waitpid(child, status, 0) == child and status[0] == 0
  end
end
