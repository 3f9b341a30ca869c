--- What this process uses, as the kernel counts it (Linux's /proc).

local ffi      = require "ffi"
local socket   = require "socket"
local house    = require "spec.support.init"
local linger   = require "ssl.io.linger"

local resources = {}

-- The same text as in spec.support.process: the file that is loaded first declares it.
ffi.cdef [[
int fcntl(int fd, int cmd, ...);
long spec_readlink(const char *path, char *out, size_t size) __asm__("readlink");
void *opendir(const char *name);
void *readdir(void *dir);
int closedir(void *dir);
]]

local MOST, F_GETFD = 4096, 1

--- How many descriptors are open now.
function resources.open()
  -- Linux has a list, which does not have to be tried for each number.
  local n, dir = 0, ffi.C.opendir "/proc/self/fd"
  if dir ~= nil then
    while ffi.C.readdir(dir) ~= nil do n = n + 1 end
    ffi.C.closedir(dir)
    return n - 3 -- ".", "..", and the list itself
  end
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
  local late = house.patience()
  while linger.count() > 0 and not late() do
    linger.poll()
    socket.sleep(0.001)
  end
  return resources.open()
end

--- What the open descriptors refer to, each with a name of its own: "socket:[4711]".
-- @treturn table  a set
function resources.open_files()
  local found, out = {}, ffi.new "char[256]"
  for fd = 0, MOST do
    local n = tonumber(ffi.C.spec_readlink("/proc/self/fd/" .. fd, out, 256))
    if n > 0 then found[ffi.string(out, n)] = true end
  end
  return found
end

--- Those that are open now and were not before, by name: what other tests left and the
-- collector takes meanwhile hides none of them.
-- @tparam table before  of `open_files`
-- @treturn {string,...}
function resources.more_than(before)
  local more = {}
  for name in pairs(resources.open_files()) do
    if not before[name] then more[#more + 1] = name end
  end
  return more
end

--- Memory in use, in KB. What is mapped from files comes and goes with the machine's other
-- work, so it does not count where the kernel tells it apart.
function resources.rss()
  local file = assert(io.open "/proc/self/status")
  local text = file:read "*a"
  file:close()
  return tonumber(text:match "RssAnon:%s+(%d+)" or text:match "VmRSS:%s+(%d+)")
end

-- LuaJIT's heap and the allocator keep the most that they ever needed, and one round may need
-- a little more than all before it. What is lost is lost in every round.
resources.ROUNDS = 6

--- Does this mode keep memory that was freed? ASan and valgrind look for later use of it, and
-- find leaks by themselves.
resources.kept = house.slow or house.mode == "asan"

--- How much more memory is in use after a round of work than before it, in KB: the least of
-- `ROUNDS` rounds. One round before them, to warm up, does not count.
-- @tparam function round  does the work once; runs 1 + `ROUNDS` times
-- @treturn number  of the process; 0 where freed memory is `kept`
-- @treturn number  of the Lua heap
function resources.growth(round)
  local function used()
    round()
    collectgarbage()
    collectgarbage()
    return resources.rss(), collectgarbage "count"
  end
  local least, least_lua = math.huge, math.huge
  local rss, lua = used()
  for _ = 1, resources.ROUNDS do
    local rss2, lua2 = used()
    least, least_lua = math.min(least, rss2 - rss), math.min(least_lua, lua2 - lua)
    rss, lua = rss2, lua2
  end
  return resources.kept and 0 or least, least_lua
end

return resources
