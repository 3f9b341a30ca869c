--- One half of the parity check: the cases, under the `ssl` that this process finds.
--
--   PARITY_PKI=FOLDER luajit spec/parity/run.lua [ours|theirs [number]]
--
-- A line a case, its result, and `end`. "theirs" leaves out the cases in which LuaSec
-- is known to end the process, unless one is asked for by its number.

local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path

local ffi       = require "ffi"
local cases     = require "cases"
local serialise = require "serialise"

ffi.cdef 'void parity_ERR_clear_error(void) __asm__("ERR_clear_error");'

local theirs, only = arg[1] == "theirs", tonumber(arg[2])

local function pack(...)
  return ...
end

-- Not a tail call into the library: it would have no caller to blame.
local function compile(text)
  return loadstring("return pack(" .. text .. "\n)", "=case")
      or assert(loadstring(text, "=case"))
end

local states = require "states"

-- LuaSec 1.3 takes no reference to the own certificate that it returns, and frees one with the
-- object: some later call ends the process then. So these objects are never collected.
local kept = {}

local function keep(...)
  kept[#kept + 1] = ...
  return ...
end

local function keeping(method)
  return function(self, n)
    if type(n) == "string" then return method(self, n) end -- an error about the caller
    return keep(method(self, n))
  end
end

local function keep_own_certificates()
  local methods = debug.getregistry()["SSL:Connection"].__index
  for _, name in ipairs { "getlocalcertificate", "getlocalchain" } do
    methods[name] = methods[name] and keeping(methods[name])
  end
end
if theirs then keep_own_certificates() end

-- LuaSec reports the oldest error that anybody left in OpenSSL's queue, so a case
-- begins with an empty one. The library is the one that `ssl` has loaded.
local function forget_errors()
  for _, name in ipairs { "libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.so.4" } do
    local ok, crypto = pcall(ffi.load, name)
    if ok then return crypto.parity_ERR_clear_error() end
  end
  error "no libcrypto"
end

local function run(case)
  -- LuaSec can come to share a descriptor, which is then closed twice: before the next
  -- case opens one of that number.
  if theirs then
    collectgarbage()
    collectgarbage()
  end
  local env = states[case.state]()
  env.pack = pack
  forget_errors()
  return serialise(pcall(setfenv(compile(case.text), env)))
end

io.stdout:setvbuf "line"
for i, case in ipairs(cases.load(here)) do
  if only == i or not only then
    if theirs and case.crash and not only then
      print "skipped"
    else
      print(run(case))
    end
  end
end
print "end"
-- Without the finalizers of what was kept.
os.exit(0)
