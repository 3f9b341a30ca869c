--- What this process uses, as the kernel counts it (Linux's /proc).

local ffi      = require "ffi"
local socket   = require "socket"
local detached = require "ssl.detached"

local resources = {}

-- As in spec.support.process, whoever is first.
ffi.cdef "int fcntl(int fd, int cmd, ...);"

local MOST, F_GETFD = 4096, 1

--- How many descriptors are open now.
function resources.open()
  local n = 0
  for fd = 0, MOST do
    if ffi.C.fcntl(fd, F_GETFD) ~= -1 then n = n + 1 end
  end
  return n
end

--- How many descriptors are open: neither garbage of others nor what a close at time
-- limit 0 looks after for a while longer.
function resources.descriptors()
  collectgarbage()
  collectgarbage()
  local deadline = socket.gettime() + 10
  while detached.count() > 0 and socket.gettime() < deadline do
    detached.sweep()
    socket.sleep(0.001)
  end
  return resources.open()
end

--- Memory in use, in KB.
function resources.rss()
  local file = assert(io.open "/proc/self/status")
  local n = file:read "*a":match "VmRSS:%s+(%d+)"
  file:close()
  return tonumber(n)
end

return resources
