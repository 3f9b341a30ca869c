--- busted helper, loaded before any spec, with values for every spec.
--
-- `require "spec.support.init"` gives
--   mode           "jit", "interpreter", ... : see script/test
--   build, stage   folders, absolute
--   slow           true where everything takes many times as long
--   scale(n, small)  n, or small where slow
--   crossed(i, j)  is this pair of two lists tried?
--   share(n, some, small)  n in the first mode, some in others, small where slow
--   patience()     waits for what takes a moment: a function that tells when to give up
--   in_time(f)     a verdict for which the machine has to keep up with a limit
--   headers        folders with the headers of the OpenSSL that is tested, as in CPATH; nil: the
--                  system's
--   quote(s)       s as one word of a shell
--   run(command)   did a command of the shell succeed?

local function absolute(path)
  if path:sub(1, 1) == "/" then return path end
  local pipe = assert(io.popen "pwd")
  local here = pipe:read "*l"
  pipe:close()
  return here .. "/" .. path
end

local house = {
  mode  = os.getenv "SSL_SPEC_MODE" or "jit",
  build = absolute(os.getenv "BUILD_DIR" or "build"),
  slow  = os.getenv "SSL_SPEC_SLOW" == "1",
}
house.stage = absolute(os.getenv "SSL_SPEC_STAGE" or house.build .. "/stage")

-- busted runs this file with dofile; specs get the same table with require.
package.loaded["spec.support.init"] = house

-- ASan's runtime is preloaded for the shim in this process. The openssl command
-- and other peers are none of its business; a luajit that specs start gets it
-- again (script/modes.sh). unsetenv changes what children get, nothing here.
local ffi = require "ffi"
ffi.cdef [[
int unsetenv(const char *name);
int setenv(const char *name, const char *value, int overwrite);
struct spec_timespec { long seconds, nanoseconds; };
int clock_gettime(int clock, struct spec_timespec *now);
]]
ffi.C.unsetenv "LD_PRELOAD"

function house.quote(s)
  return "'" .. s:gsub("'", "'\\''") .. "'"
end

--- Run a command. LuaJIT built for Lua 5.2's ways answers true, and else 0.
-- @treturn boolean  did it succeed?
function house.run(command)
  local status = os.execute(command)
  return status == 0 or status == true
end

--- Sizes for specs: full, or small where valgrind or the like is at work.
function house.scale(n, small)
  return house.slow and small or n
end

-- script/test has said where this checkout's build lies. Who runs busted by itself has
-- it said here, for this process and for those that specs start.
local function use_stage()
  local pipe = assert(io.popen [[
    eval "$(env -u LUA_PATH -u LUA_CPATH script/env)" && echo "$LUA_PATH" && echo "$LUA_CPATH"]])
  for _, kind in ipairs { "path", "cpath" } do
    local own = pipe:read "*l":gsub(";;$", "")
    ffi.C.setenv("LUA_" .. kind:upper(), own .. ";;", 1)
    package[kind] = own .. ";" .. package[kind]
  end
  pipe:close()
end

-- Seconds for what takes a moment: they are over only when it does not happen. A machine
-- that is busy with other things takes ten times as long as a quiet one.
local PATIENCE = 120

-- CLOCK_MONOTONIC. No module is loaded for it: a program of a spec may be without files.
local CLOCK = ffi.os == "OSX" and 6 or 1
local time = ffi.new "struct spec_timespec"

local function now()
  assert(ffi.C.clock_gettime(CLOCK, time) == 0)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

--- Begin to wait. The clock is one that nobody sets.
-- @tparam[opt] number seconds  two minutes, six where everything is slow
-- @treturn function  is it time to give up?
function house.patience(seconds)
  local over = now() + (seconds or house.scale(PATIENCE, 3 * PATIENCE))
  return function() return now() > over end
end

--- A verdict that a machine could spoil that stands still for a while: asked for again,
-- with longer limits. A defect shows under each of them.
-- @tparam function f  f(factor) raises where the verdict is wrong; it begins from the start
function house.in_time(f)
  for _, factor in ipairs { 1, 4, 16 } do
    if pcall(f, factor) then return end
  end
  f(64)
end

--- The same for what walks over very many points: all of them in the first mode. The
-- others look for what a mode breaks, which some of them tell.
function house.share(n, some, small)
  return house.mode == "jit" and n or house.scale(some, small)
end

--- Of two lists that are tried one over the other: is this pair tried? Where everything
-- is slow, every other one over each.
function house.crossed(i, j)
  return not house.slow or (i + j) % 2 == 0
end

-- A LuaSec of the distribution is called `ssl` too. Testing that one, or what
-- was installed last month, would pass and mean nothing.
local function from_stage(name, path)
  local found = package.searchpath(name, path)
  if found and absolute(found):sub(1, #house.stage + 1) ~= house.stage .. "/" then
    error(("%s would come from %s, not from %s: script/bootstrap first")
          :format(name, found, house.stage), 0)
  end
end

if not os.getenv "SSL_SPEC_STAGE" then use_stage() end

from_stage("ssl", package.path)
from_stage("ssl.https", package.path)
from_stage("ssl.ffi.lib", package.path)
from_stage("ssl.shim", package.cpath)

-- An OpenSSL that lacks these functions (spec/support/lacking.lua).
if os.getenv "SSL_SPEC_LACKS" then
  local lacking = require "spec.support.lacking"
  lacking.hide(lacking.names())
end

-- Another OpenSSL than the system's is for the library, and no business of nginx, LuaSec, the
-- openssl program and the compiler, which are the system's. So the library reads these
-- variables now. A luajit that specs start gets them again (script/modes.sh), and keeps them.
house.headers, house.libraries = os.getenv "CPATH", os.getenv "LD_LIBRARY_PATH"
if package.loaded.busted and (os.getenv "SSL_FFI_LIBSSL" or "") ~= "" then
  require "ssl.ffi.lib"
  for _, name in ipairs { "SSL_FFI_LIBSSL", "SSL_FFI_LIBCRYPTO", "CPATH", "LD_LIBRARY_PATH" } do
    ffi.C.unsetenv(name)
  end
end

-- Where it lacks what a test uses, the test is skipped and says so.
if package.loaded.busted then require("spec.support.refused").watch(require "busted") end

-- Forced collection: a full cycle every so many VM instructions and around each
-- test, so that whatever nothing refers to is gone at the worst moment. The
-- count hook sees interpreted code only; script/test runs this under -joff.
if os.getenv "SSL_SPEC_COLLECT" == "1" then
  local EVERY = tonumber(os.getenv "SSL_SPEC_COLLECT_EVERY" or 10000)
  local busted = require "busted"

  local function collect()
    collectgarbage()
    return nil, true
  end

  debug.sethook(function() collectgarbage() end, "", EVERY)
  busted.subscribe({ "test", "start" }, collect)
  busted.subscribe({ "test", "end" }, collect)
end

return house
