--- What specs say about values.
--
--   values.pack(...)       all of them, and how many: `n`
--   values.raised(f, ...)  the message of the error that f raises, without its position
--   values.descriptors()   how many descriptors are open, after a collection; with
--                          true as things are, so that what was dropped counts

local ffi = require "ffi"

ffi.cdef "int fcntl(int fd, int cmd, ...);"
local F_GETFD, MAX_FD = 1, 1024

local values = {}

function values.pack(...)
  return { n = select("#", ...), ... }
end

function values.raised(f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok, "nothing was raised")
  return (message:gsub("^[^:]+:%d+: ", ""))
end

function values.descriptors(dropped)
  if not dropped then
    collectgarbage()
    collectgarbage()
  end
  local open = 0
  for fd = 0, MAX_FD - 1 do
    if ffi.C.fcntl(fd, F_GETFD) ~= -1 then open = open + 1 end
  end
  return open
end

return values
