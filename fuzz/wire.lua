--- A pair of real descriptors: one for a connection, one that the harness reads itself.
--
--   local w = wire.new(size)    size: of the sending buffer; nil: the system's
--   w.object                    for ssl.wrap, which takes its descriptor
--   w:put(bytes)                how many bytes found room
--   w:take()                    all that has come
--   w:close()                   the harness's end

local ffi = require "ffi"

ffi.cdef [[
int wire_pair(int domain, int type, int protocol, int *fds) __asm__("socketpair");
int wire_setsockopt(int fd, int level, int name, const void *value, unsigned int size)
  __asm__("setsockopt");
long wire_send(int fd, const char *data, size_t n, int flags) __asm__("send");
long wire_recv(int fd, char *data, size_t n, int flags) __asm__("recv");
int wire_close(int fd) __asm__("close");
]]

local C = ffi.C

-- Of Linux.
local AF_UNIX, SOCK_STREAM, CLOEXEC, SOL_SOCKET, SO_SNDBUF = 1, 1, 0x80000, 1, 7
local DONTWAIT, NOSIGNAL = 0x40, 0x4000

local CHUNK = 65536
local room = ffi.new("char[65536]")

local wire, methods = {}, {}
methods.__index = methods

local function object_of(fd)
  local object = {}
  function object.getfd() return fd end
  function object.setfd(_, new) fd = new end
  return object
end

--- @tparam number|nil size
-- @treturn table
function wire.new(size)
  local fds = ffi.new("int[2]")
  assert(C.wire_pair(AF_UNIX, SOCK_STREAM + CLOEXEC, 0, fds) == 0, "no socket pair")
  if size then
    local value = ffi.new("int[1]", size)
    assert(C.wire_setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, value, 4) == 0)
  end
  return setmetatable({ object = object_of(fds[0]), fd = fds[1] }, methods)
end

function methods:put(bytes)
  return math.max(0, tonumber(C.wire_send(self.fd, bytes, #bytes, DONTWAIT + NOSIGNAL)))
end

function methods:take()
  local parts = {}
  while true do
    local n = tonumber(C.wire_recv(self.fd, room, CHUNK, DONTWAIT))
    if n <= 0 then return table.concat(parts) end
    parts[#parts + 1] = ffi.string(room, n)
  end
end

function methods:close()
  if self.fd then C.wire_close(self.fd) end
  self.fd = nil
end

return wire
