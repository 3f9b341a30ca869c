--- Handles: a C pointer in a struct that frees it once.
--
-- When a Lua state ends, every cdata finalizer runs before any userdata `__gc`,
-- in no useful order, and a `__gc` of the program may still call us. So a pointer is never
-- kept alone: it is in a struct whose one finalizer frees it and sets it to NULL, and code
-- that uses it tests for NULL. The finalizer cannot raise and does no I/O.
--
-- An object drops its handle when it is finalized, by the collector or by hand, and
-- frees nothing: that may happen in the middle of a call that has read the pointer and
-- is about to hand it to OpenSSL. The struct is freed when nothing refers to it any more,
-- at the earliest in the collector's next cycle.

local ffi = require "ffi"
local lib = require "ssl.ffi.lib"

local handle = {}

--- A handle type for one kind of object.
-- @tparam string pointer  the C type with its field: "lsf_X509 *x509". The field
--   name keeps the types of the project apart (busted remembers `ffi.typeof` by
--   its text).
-- @tparam string free  the OpenSSL function that gives the reference back
-- @treturn function  takes ownership: `new(p)` -> the struct, or nil for NULL;
--   `struct:free()` gives the reference back now, any number of times; the caller must be
--   the only user of the struct. `struct:drop()` marks it as not to be used any more.
--   `struct:lost()` returns whether it was dropped or freed
function handle.type(pointer, free)
  local field = pointer:match("([%w_]+)%s*$")
  local release = lib.C[free]
  local function finalize(self)
    local p = self[field]
    if p ~= nil then
      self[field] = nil
      release(p)
    end
  end
  local methods = { free = finalize }
  function methods:drop()
    self.lsf_dropped = 1
  end
  function methods:lost()
    return self.lsf_dropped ~= 0 or self[field] == nil
  end
  local struct = ffi.metatype(
    ffi.typeof("struct { " .. pointer .. "; unsigned char lsf_dropped; }"),
    { __gc = finalize, __index = methods })
  return function(p)
    if p == nil then return nil end
    return struct(p, 0)
  end
end

return handle
