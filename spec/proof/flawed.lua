--- Targets of script/fuzz with a planted fault each, for fuzz_spec.lua: FLAW names it. The
-- input that shows it has a byte above 199.

local ffi   = require "ffi"
local lib   = require "ssl.ffi.lib"
local watch = require "fuzz.watch"

ffi.cdef [[
void *flawed_malloc(size_t size) __asm__("malloc");
int flawed_dup(int fd) __asm__("dup");
]]

local kept = {}

local flaws = {
  ["nothing"] = function() end,
  ["a crash"] = function() ffi.cast("int *", 8)[0] = 1 end,
  ["a mistake"] = function() watch.call(function() return #nil end) end,
  ["a stale error"] = function()
    local at = ffi.new("const unsigned char *[1]", ffi.cast("const unsigned char *", "none"))
    lib.C.d2i_X509(nil, at, 4)
  end,
  ["lost memory"] = function() ffi.C.flawed_malloc(100) end,
  ["lost memory of Lua"] = function() kept[#kept + 1] = ("x"):rep(2000) .. #kept end,
  ["a lost descriptor"] = function() ffi.C.flawed_dup(0) end,
  ["a documented error"] = function() watch.call(require("ssl").hostname, {}) end,
}

local flaw = assert(flaws[os.getenv "FLAW"])

watch.each = 1

local target = { about = "a planted fault" }

function target.one(bytes)
  if bytes:find "[\200-\255]" then flaw() end
end

return target
