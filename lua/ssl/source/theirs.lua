--- ssl.source.theirs: certificates and keys of lua-resty-openssl, which may stand where ours do.
--
-- Its objects are tables with OpenSSL's pointer in the field `ctx`. Whoever takes one takes a
-- reference of its own, so the object stays what it was, and may be collected.
--
-- That library calls OpenSSL as the process exports it (ffi.C). A pointer means something to
-- the copy of OpenSSL that made it only. So an object is refused where the process exports
-- another copy than the one that this library uses, or none.

local ffi = require "ffi"
local lib = require "ssl.ffi.lib"

local theirs = {}

-- As LuaJIT names the types, and a function of each that every OpenSSL has.
local KINDS = {
  certificate = { type = "ctype<struct x509_st *>",     mark = "X509_free" },
  key         = { type = "ctype<struct evp_pkey_st *>", mark = "EVP_PKEY_free" },
}

local function pointer_of(value, kind)
  if type(value) ~= "table" then return nil end
  local ctx = rawget(value, "ctx")
  if type(ctx) ~= "cdata" or tostring(ffi.typeof(ctx)) ~= kind.type or ctx == nil then
    return nil
  end
  return ctx
end

--- Is it such an object?
-- @treturn boolean
function theirs.is(value)
  return pointer_of(value, KINDS.certificate) ~= nil or pointer_of(value, KINDS.key) ~= nil
end

--- The pointer in such an object.
-- @param value  anything
-- @tparam string what  "certificate" or "key"
-- @treturn cdata|nil  theirs; nil for any other value
-- @raise where it belongs to another copy of OpenSSL
function theirs.pointer(value, what)
  local kind = KINDS[what]
  local ctx = pointer_of(value, kind)
  if not ctx then return nil end
  if lib.exported(kind.mark) ~= lib.address(kind.mark) then
    error(("ssl: the %s is of another OpenSSL than %s, which this library uses"):format(
      what, lib.openssl.libcrypto), 0)
  end
  return ctx
end

return theirs
