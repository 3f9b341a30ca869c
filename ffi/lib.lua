--- OpenSSL, loaded: functions, constants, and the capabilities of this copy.
--
-- Everything else in the library reaches OpenSSL through this one table and asks
-- `has` for a capability, never for a version.
--
--   lib.C         name -> function (libssl, libcrypto and the C library together)
--   lib.has       name -> true for each function this OpenSSL has, else false
--   lib.K         OpenSSL's constants, name -> number, looked up when first asked for
--   lib.options   SSL_OP_* by LuaSec's names -> bits, the same
--   lib.every     function: K or options -> the same, with all that it has
--   lib.address   function: name -> where the function is, as void *, or nil; it needs no
--                 declaration
--   lib.exported  function: name -> where the process itself has it, for ffi.C; or nil
--   lib.openssl   version, number, libssl, libcrypto, how
--
--   lib.preload   function: reads now what would be read later
--
-- A function is declared and bound when it is first asked for. The texts of the declarations
-- that every connection needs stay in memory. The files of the others are read to see whether
-- this OpenSSL has all that is required, and read again when one of their functions is first
-- asked for.

local ffi       = require "ffi"
local names     = require "ssl.ffi.names"
local constants = require "ssl.ffi.constants"
local open      = require "ssl.ffi.open"
local search    = require "ssl.ffi.search"

-- The first four are those that every connection needs.
local FILES = { "libc_h", "ssl_h", "crypto_h", "store_h", "x509_h", "session_h", "protocol_h",
                "material_h", "extension_h", "ocsp_h", "nginx_h" }
local FIRST = 4
local PART = { ssl_h = "ssl", protocol_h = "ssl", session_h = "ssl", libc_h = "libc",
               nginx_h = "nginx" }

-- A declaration file. It is a table to read once, so it is not kept.
local function declarations(file)
  local name = "ssl.ffi." .. file
  local kept = package.loaded[name]
  local table_of_text = open(name)
  package.loaded[name] = kept
  return table_of_text
end

local files = {}
for i, file in ipairs(FILES) do files[i] = declarations(file) end

-- The types of all, and the functions of those that every connection needs.
local first = {}
for i, file in ipairs(files) do first[i] = i > FIRST and { types = file.types } or file end

-- The others, which are not kept.
local function others()
  local list = {}
  for i = FIRST + 1, #FILES do list[#list + 1] = declarations(FILES[i]) end
  return list
end

local declare, read_others = names.declarer(first, nil, others)
for _, name in ipairs(search.functions) do declare(name) end

local openssl = search.find()

-- OpenSSL has had all present names since 3.0.
local otherways = openssl.major < 3 and open "ssl.ffi.otherways" or { older = {} }
local older = otherways.older
-- What LibreSSL has, or lacks, whatever stands behind the name there.
local own = openssl.libressl and otherways.libressl or {}

-- Required names are all looked up at once: a host with a static OpenSSL that
-- lacks one gets its name now, and not a crash at its first use.
local function check(file, required)
  local part = PART[file] or "crypto"
  local address = openssl[part .. "_address"]
  if not address then return end
  for name in names.each(required) do
    local there = address(name) or older[name] and address(older[name]) or own[name]
    if not there then
      error(("ssl: %s (%s) has no %s, which is needed")
            :format(openssl["lib" .. part], openssl.version, name), 0)
    end
  end
end
jit.off(check)
for i, file in ipairs(FILES) do check(file, files[i].required) end

-- The C library's functions are found through libssl, too, where libssl was linked to it.
local addresses, process_address = search.addresses, nil
local function in_process(name)
  process_address = process_address or addresses(ffi.C, nil, "process")
  return process_address(name)
end

-- Where functions are looked up, in this order.
local libraries = {
  { library = openssl.ssl,    address = openssl.ssl_address },
  { library = openssl.crypto, address = openssl.crypto_address },
  { library = ffi.C,          address = in_process },
}

-- The library that has a function, and its address there; or nil.
local function home(name)
  for _, place in ipairs(libraries) do
    local found = place.address(name)
    if found then return place.library, found end
  end
  return nil
end

-- The address of a function, by its name or its older one, as void *; or nil.
local function address(name)
  local _, found = home(name)
  if not found and older[name] then _, found = home(older[name]) end
  return found
end

-- The function, or nil: this OpenSSL lacks it, or no file declares it.
local function bind(name)
  local library = home(name)
  local private = library and declare(name)
  return private and library[private]
end

local K = constants.pick(openssl.major, openssl.minor, openssl.libressl)

local function assert_initialised(result)
  if result ~= 1 then
    error(("ssl: %s (%s) cannot be initialised"):format(openssl.libssl, openssl.version), 0)
  end
end

-- With the flag 0 there is nothing to initialise. It fails in a host that has cleaned OpenSSL
-- up, which is final.
assert_initialised(bind "OPENSSL_init_crypto"(0, nil))

-- OpenSSL is initialised, with its error texts, before the first call of it. SSL_CTX_new
-- would do it, but a program may load a certificate before. At `require` it would be a fifth
-- of the time. It fails where openssl.cnf is wrong and asks for a failure in that case. OpenSSL
-- would succeed at a second try, without that configuration, so there is none.
local initialised
local function initialise()
  if not initialised then
    initialised = bind "OPENSSL_init_ssl"(K.OPENSSL_INIT_SSL_DEFAULT, nil)
  end
  assert_initialised(initialised)
end

local C = setmetatable({}, { __index = function(self, name)
  initialise()
  local f
  if own[name] then
    f = own[name](bind, K)
  elseif own[name] == nil then
    f = bind(name)
    if f == nil and older[name] then f = bind(older[name]) end
  end
  self[name] = f
  return f
end })

local has = setmetatable({}, { __index = function(self, name)
  local there = own[name]
  if there == nil then there = address(name) end
  there = there and true or false
  self[name] = there
  return there
end })

local numbers = constants.of

local lib = setmetatable({
  C = C, has = has, openssl = openssl, K = K, every = constants.every, address = address,
  exported = in_process,
}, { __index = function(self, name)
  if name ~= "options" then return nil end
  local text = declarations("options")[openssl.libressl and "libressl" or "openssl"]
  self.options = numbers({ text }, openssl.major, openssl.minor)
  return self.options
end })

function lib.preload()
  read_others()
  return lib.options
end

-- It is not needed any more.
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

return lib
