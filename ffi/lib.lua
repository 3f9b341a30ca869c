--- OpenSSL, loaded: functions, constants, and the capabilities of this copy.
--
-- Everything else in the library reaches OpenSSL through this one table and asks
-- `has` for a capability, never for a version.
--
--   lib.C         name -> function (libssl, libcrypto and the C library together)
--   lib.has       name -> true for each optional function this OpenSSL has
--   lib.K         OpenSSL's constants
--   lib.options   SSL_OP_* by LuaSec's names -> bits
--   lib.openssl   version, number, libssl, libcrypto, how

local ffi       = require "ffi"
local names     = require "ssl.ffi.names"
local constants = require "ssl.ffi.constants"
local search    = require "ssl.ffi.search"

local FILES = {
  { part = "ssl",    declarations = require "ssl.ffi.ssl_h" },
  { part = "crypto", declarations = require "ssl.ffi.crypto_h" },
  { part = "crypto", declarations = require "ssl.ffi.x509_h" },
  { part = "crypto", declarations = require "ssl.ffi.store_h" },
  { part = "crypto", declarations = require "ssl.ffi.extension_h" },
  { part = "crypto", declarations = require "ssl.ffi.ocsp_h" },
  { part = "crypto", declarations = require "ssl.ffi.material_h" },
  { part = "ssl",    declarations = require "ssl.ffi.protocol_h" },
  { part = "ssl",    declarations = require "ssl.ffi.session_h" },
  { part = "libc",   declarations = require "ssl.ffi.libc_h" },
}

for _, file in ipairs(FILES) do
  local text
  text, file.functions = names.cdef(file.declarations)
  ffi.cdef(text)
end

local openssl = search.find()
local libraries = { ssl = openssl.ssl, crypto = openssl.crypto, libc = ffi.C }

local lib = { C = {}, has = {}, options = nil, K = nil, openssl = openssl }

-- Required names are all looked up at once: a host with a static OpenSSL that
-- lacks one gets its name now, and not a crash at its first use.
local function bind(library, functions, where)
  for _, name in ipairs(functions.required) do
    lib.C[name] = search.symbol(library, name) or error(
      ("ssl: %s (%s) has no %s, which is needed"):format(where, openssl.version, name), 0)
  end
  for _, name in ipairs(functions.optional) do
    local f = search.symbol(library, name)
    lib.C[name], lib.has[name] = f, f ~= nil
  end
end

for _, file in ipairs(FILES) do
  bind(libraries[file.part], file.functions,
       openssl["lib" .. file.part] or "the C library")
end

lib.K       = constants.pick(openssl.major, openssl.minor)
lib.options = constants.options(openssl.major, openssl.minor)

-- 3.0 renamed getters; the rest of the code uses the new names.
for new, old in pairs {
  SSL_get1_peer_certificate = "SSL_get_peer_certificate",
  EVP_PKEY_get_id           = "EVP_PKEY_id",
  EVP_PKEY_get_bits         = "EVP_PKEY_bits",
  EVP_PKEY_get_base_id      = "EVP_PKEY_base_id",
} do
  lib.C[new] = lib.C[new] or lib.C[old]
end

--- The errno in an error code of the queue, or nil: 3.0 moved it.
-- @tparam number code
lib.system_errno = openssl.major >= 3
  and function(code)
    return code >= 2^31 and code - 2^31 or nil
  end
  or function(code)
    return math.floor(code / 2^24) == 2 and code % 2^12 or nil
  end

--- The reason in an error code of the queue, a number of its library; 3.0 widened it.
-- @tparam number code
function lib.error_reason(code)
  return code % (openssl.major >= 3 and 2^23 or 2^12)
end

--- The library of an error code of the queue, ERR_LIB_*; 3.0 moved it.
-- @tparam number code
function lib.error_library(code)
  if lib.system_errno(code) then return nil end
  return math.floor(code / (openssl.major >= 3 and 2^23 or 2^24)) % 2^8
end

-- Error texts of libssl exist only once it has been initialised. It cannot be
-- once a host has cleaned OpenSSL up.
if lib.C.OPENSSL_init_ssl(0, nil) ~= 1 then
  error(("ssl: %s (%s) cannot be initialised"):format(openssl.libssl,
                                                      openssl.version), 0)
end

return lib
