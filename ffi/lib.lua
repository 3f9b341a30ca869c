--- OpenSSL, loaded: functions, constants, and the capabilities of this copy.
--
-- Everything else in the library reaches OpenSSL through this one table and asks
-- `has` for a capability, never for a version.
--
--   lib.C         name -> function (libssl, libcrypto and the C library together)
--   lib.has       name -> true for each function this OpenSSL has, else false
--   lib.K         OpenSSL's constants
--   lib.options   SSL_OP_* by LuaSec's names -> bits
--   lib.openssl   version, number, libssl, libcrypto, how
--
-- A function is looked up when it is first asked for, and a file of declarations is
-- declared with the first of its functions: OCSP's, say, in a program that uses OCSP.

local ffi       = require "ffi"
local names     = require "ssl.ffi.names"
local otherways = require "ssl.ffi.otherways"
local constants = require "ssl.ffi.constants"
local open      = require "ssl.ffi.open"
local search    = require "ssl.ffi.search"

-- The first three are declared at once: nothing works without them.
local FILES = { "ssl_h", "crypto_h", "libc_h", "x509_h", "store_h", "session_h", "protocol_h",
                "material_h", "extension_h", "ocsp_h" }
local AT_ONCE = 3
local PART = { ssl_h = "ssl", protocol_h = "ssl", session_h = "ssl", libc_h = "libc" }

-- A declaration file. It is text to read once, so it is not kept.
local function declarations(file)
  local name = "ssl.ffi." .. file
  local kept = package.loaded[name]
  local text = open(name)
  package.loaded[name] = kept
  return text
end

local undeclared = {}
for i, file in ipairs(FILES) do
  if i > AT_ONCE then undeclared[#undeclared + 1] = file end
end

for i = 1, AT_ONCE do ffi.cdef((names.cdef(declarations(FILES[i])))) end

local openssl = search.find()
local libraries = { openssl.ssl, openssl.crypto, ffi.C }

-- Is there another way to a function?
local function elsewhere(name, address)
  local older = otherways.older[name]
  return older and address(older) or openssl.libressl and otherways.made[name]
end

-- Required names are all looked up at once: a host with a static OpenSSL that
-- lacks one gets its name now, and not a crash at its first use.
local function check(file)
  local part = PART[file] or "crypto"
  local address = openssl[part .. "_address"]
  if not address then return end
  for name in names.each(declarations(file).required) do
    if not address(name) and not elsewhere(name, address) then
      error(("ssl: %s (%s) has no %s, which is needed")
            :format(openssl["lib" .. part], openssl.version, name), 0)
    end
  end
end
for _, file in ipairs(FILES) do check(file) end

-- Declare the file of a function, if there is one that is not declared yet.
local function declare(name)
  for i, file in ipairs(undeclared) do
    local d = declarations(file)
    for _, part in ipairs { "required", "optional" } do
      if d[part] and d[part]:find("%f[%w_]" .. name .. "%s*%(") then
        ffi.cdef((names.cdef(d)))
        table.remove(undeclared, i)
        return true
      end
    end
  end
  return false
end

local function index(library, name)
  return library[name]
end

-- LuaJIT's words for a name without a declaration.
local UNDECLARED = "missing declaration"

-- The function, or nil.
local function bind(name)
  local private, known = names.private(name), true
  for _, library in ipairs(libraries) do
    local ok, f = pcall(index, library, private)
    if ok then return f end
    known = known and not f:find(UNDECLARED, 1, true)
  end
  if not known and declare(name) then return bind(name) end
  return nil
end

local K = constants.pick(openssl.major, openssl.minor, openssl.libressl)

-- The function by another way, or nil.
local function another(name)
  local older, made = otherways.older[name], otherways.made[name]
  if older then return bind(older) end
  return made and openssl.libressl and made(bind, K) or nil
end

local C = setmetatable({}, { __index = function(self, name)
  local f = bind(name)
  if f == nil then f = another(name) end
  self[name] = f
  return f
end })

local has = setmetatable({}, { __index = function(self, name)
  local there = C[name] ~= nil
  self[name] = there
  return there
end })

local lib = setmetatable({
  C = C, has = has, openssl = openssl, K = K,
}, { __index = function(self, name)
  if name ~= "options" then return nil end
  self.options = open("ssl.ffi.constants").options(openssl.major, openssl.minor,
                                                             openssl.libressl)
  return self.options
end })

-- Numbers are copied out of it; the options are for those who ask for them.
package.loaded["ssl.ffi.constants"] = nil

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
