--- Entries for OpenSSL's error queue, as its own functions leave them.

local ffi = require "ffi"
local lib = require "ssl.ffi.lib"

local queued = {}

ffi.cdef [[
void queued_ERR_new(void) __asm__("ERR_new");
void queued_ERR_set_error(int lib, int reason, const char *format, ...) __asm__("ERR_set_error");
void queued_ERR_put_error(int lib, int f, int reason, const char *file, int line)
  __asm__("ERR_put_error");
]]

local ASN1 = 13

--- Memory has failed: ERR_R_MALLOC_FAILURE of 3.0 and later, or of the others.
function queued.memory()
  local crypto = lib.openssl.crypto
  if lib.address "ERR_set_error" then
    crypto.queued_ERR_new()
    crypto.queued_ERR_set_error(ASN1, 0xc0100, nil)
  else
    crypto.queued_ERR_put_error(ASN1, 0, 65, "", 0)
  end
end

return queued
