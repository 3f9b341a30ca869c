-- Processes that do the same at the same time.

local ffi = require "ffi"

ffi.cdef [[
int bench_fork(void) __asm__("fork");
int bench_pipe(int ends[2]) __asm__("pipe");
int bench_wait(int *status) __asm__("wait");
long bench_read(int fd, void *data, size_t length) __asm__("read");
long bench_write(int fd, const void *data, size_t length) __asm__("write");
void bench_leave(int status) __asm__("_exit");
]]
local C = ffi.C

local function pipe()
  local ends = ffi.new "int[2]"
  assert(C.bench_pipe(ends) == 0, "pipe")
  return ends
end

-- One byte for each of `count`.
local function take(ends, count)
  local byte = ffi.new "char[1]"
  for _ = 1, count do assert(C.bench_read(ends[0], byte, 1) == 1, "a process has ended") end
end

local function give(ends, count)
  for _ = 1, count do assert(C.bench_write(ends[1], "x", 1) == 1) end
end

local function see_end(count)
  local status = ffi.new "int[1]"
  for _ = 1, count do
    assert(C.bench_wait(status) > 0 and status[0] == 0, "a process has failed")
  end
end

--- Run in this process and in copies of it.
-- @tparam number count  processes
-- @tparam function prepare  called in each; returns the work, which begins in all together
-- @tparam function wall  the time of day, in seconds
-- @treturn number  seconds until all have ended
return function(count, prepare, wall)
  local ready, start, others = pipe(), pipe(), count - 1
  for _ = 1, others do
    local child = C.bench_fork()
    assert(child >= 0, "fork")
    if child == 0 then
      local ok, err = pcall(function()
        local work = prepare()
        give(ready, 1)
        take(start, 1)
        work()
      end)
      if not ok then io.stderr:write(tostring(err), "\n") end
      C.bench_leave(ok and 0 or 1)
    end
  end
  local work = prepare()
  take(ready, others)
  local before = wall()
  give(start, others)
  work()
  see_end(others)
  return wall() - before
end
