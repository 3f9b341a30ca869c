--- What has to hold behind each input, whatever the harness is.
--
--   watch.begin(folder)          folder: with support.so, before the library is used
--   watch.run(target, bytes)     one input; raises what was found
--   watch.call(f, ...)           a public call: raises unless its error is one of its arguments
--
-- OpenSSL's error queue is empty. Every so many inputs the same one is given again: memory
-- of Lua, of OpenSSL and of the shim, and descriptors, do not grow each time.

local ffi = require "ffi"

-- Every so many inputs the same one is given again.
local watch = { executions = 0, each = 500 }

ffi.cdef [[
const void *fuzz_method(void);
void fuzz_begin(uint64_t seed);
double fuzz_heap(void);
int fuzz_set_rand(const void *method) __asm__("RAND_set_rand_method");
unsigned long fuzz_peek(void) __asm__("ERR_peek_error");
void fuzz_error(unsigned long e, char *out, size_t size) __asm__("ERR_error_string_n");
void fuzz_clear(void) __asm__("ERR_clear_error");
int fuzz_fcntl(int fd, int command, ...) __asm__("fcntl");
]]

-- How often an input is given again; and where it has taken memory each time, once more.
local ROUNDS = { 3, 20 }

-- Descriptors that a harness opens have lower numbers.
local MOST, F_GETFD = 64, 1

local support, crypto

--- @tparam string folder
function watch.begin(folder)
  support = ffi.load(folder .. "/support.so")
  crypto = require("ssl.ffi.lib").openssl.crypto
  assert(crypto.fuzz_set_rand(support.fuzz_method()) == 1)
end

-- The errors of arguments, in the forms that docs/errors.md has.
local DOCUMENTED = { "^bad argument #", "^calling '", "^invalid " }

--- @treturn boolean  is it an error that a wrong argument may raise?
function watch.documented(why)
  if type(why) ~= "string" then return false end
  local text = why:gsub("^[^\n:]+:%d+: ", "")
  for _, form in ipairs(DOCUMENTED) do
    if text:find(form) then return true end
  end
  return false
end

local function placed(why)
  if watch.documented(why) then return why end
  return debug.traceback("raises: " .. tostring(why), 2)
end

local function judged(ok, ...)
  if ok then return ... end
  if not watch.documented((...)) then error((...), 0) end
  return nil, (...)
end

--- Call; a documented error becomes nil and its text.
function watch.call(f, ...)
  return judged(xpcall(f, placed, ...))
end

local function clean()
  local code = crypto.fuzz_peek()
  if code == 0 then return end
  local out = ffi.new "char[256]"
  crypto.fuzz_error(code, out, 256)
  crypto.fuzz_clear()
  error("leaves an error in the queue: " .. ffi.string(out), 0)
end

local function traced(why)
  return type(why) == "string" and why:find "^leaves" and why or debug.traceback(why, 2)
end

local function once(target, bytes)
  support.fuzz_begin(1)
  target.one(bytes)
  clean()
end

local function used()
  collectgarbage()
  collectgarbage()
  local open = 0
  for fd = 0, MOST do
    if ffi.C.fuzz_fcntl(fd, F_GETFD) ~= -1 then open = open + 1 end
  end
  return { collectgarbage "count" * 1024, support.fuzz_heap(), open }
end

local NAMES = { "bytes of Lua", "bytes of malloc", "descriptors" }

-- What LuaJIT's heap needs for itself, a round.
local LEAST = { 512, 1, 1 }

-- The least that a round takes more than the one before, by kind.
local function least_growth(target, bytes, rounds)
  local least = { math.huge, math.huge, math.huge }
  once(target, bytes)
  local last = used()
  for _ = 1, rounds do
    once(target, bytes)
    local now = used()
    for i = 1, #NAMES do least[i] = math.min(least[i], now[i] - last[i]) end
    last = now
  end
  for i, name in ipairs(NAMES) do
    if least[i] >= LEAST[i] then return ("leaves %d %s each time"):format(least[i], name) end
  end
end

-- Each round has to take more: caches are filled once. LuaJIT's compiler takes some for each
-- trace, at no time that can be told, so it rests.
local function grows(target, bytes)
  local compiles, found = jit.status(), nil
  jit.off()
  for _, rounds in ipairs(ROUNDS) do
    found = least_growth(target, bytes, rounds)
    if not found then break end
  end
  if compiles then jit.on() end
  if found then error(found, 0) end
end

--- One input.
-- @tparam table target
-- @tparam string bytes
function watch.run(target, bytes)
  watch.executions = watch.executions + 1
  local f = watch.executions % watch.each == 0 and grows or once
  local ok, why = xpcall(function() f(target, bytes) end, traced)
  if not ok then error(why, 0) end
end

return watch
