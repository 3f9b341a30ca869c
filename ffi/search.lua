--- Finds OpenSSL: one copy, chosen at run time.
--
-- 1. The files that the program names (named.lua); then SSL_FFI_LIBSSL and
--    SSL_FFI_LIBCRYPTO, when set. One library alone is a mistake.
-- 2. The process itself, when it already has SSL_CTX_new: nginx and every host
--    that links OpenSSL. A second copy beside a host's own crashes sooner or
--    later, so we never load one there. It is refused where the environment names one.
-- 3. Versioned names. Never an unversioned one: that is what a compiler uses,
--    it may be absent, and on macOS it aborts the process.
--
-- libssl and libcrypto must belong together: asked through either handle, the
-- version function has to be the same one. The functions that this module calls are
-- declared before it runs (lib.lua).

local ffi   = require "ffi"
local named = require "ssl.ffi.named"
local names = require "ssl.ffi.names"
local libc  = require "ssl.ffi.libc_h"

local search = {}

-- All of this runs for a moment; to compile it would take longer than to run it.
jit.off(true, true)

--- What has to be declared before `find`.
search.functions = { "dlopen", "dlsym", "dladdr", "SSL_CTX_new", "ERR_clear_error",
                     "OpenSSL_version_num", "OpenSSL_version" }

-- <dlfcn.h>; the same on every system that has it.
local RTLD_LAZY = 1

local version_num  = names.private "OpenSSL_version_num"
local version_text = names.private "OpenSSL_version"

-- Of the names on Windows.
local machine = (({ x64 = "-x64", arm64 = "-arm64" })[ffi.arch] or "") .. ".dll"

local VERSIONED = {
  Linux   = { { "libssl.so.3", "libcrypto.so.3" },
              { "libssl.so.4", "libcrypto.so.4" },
              { "libssl.so.1.1", "libcrypto.so.1.1" } },
  OSX     = { { "libssl.3.dylib", "libcrypto.3.dylib" },
              { "libssl.4.dylib", "libcrypto.4.dylib" },
              { "libssl.1.1.dylib", "libcrypto.1.1.dylib" } },
  Windows = { { "libssl-3" .. machine, "libcrypto-3" .. machine },
              { "libssl-4" .. machine, "libcrypto-4" .. machine },
              { "libssl-1_1" .. machine, "libcrypto-1_1" .. machine } },
}
VERSIONED.BSD, VERSIONED.POSIX = VERSIONED.Linux, VERSIONED.Linux
VERSIONED.Other = VERSIONED.Linux

local function index(library, name)
  return library[name]
end

-- A symbol of a library, declared before, by its public name; or nil.
local function symbol(library, name)
  local ok, f = pcall(index, library, names.private(name))
  return ok and f or nil
end

-- The linker's own handle of a library that is loaded already; NULL names the process.
local function linker_handle(file, how)
  local dlopen = symbol(ffi.C, "dlopen")
  local handle = dlopen and dlopen(how ~= "process" and file or nil, RTLD_LAZY)
  return handle ~= nil and handle or nil
end

-- Where there is no dlsym, each name needs a declaration of its own, as data.
local function declared_address(library, name)
  local private = names.private(name .. "_address")
  ffi.cdef(('void %s(void) __asm__("%s");'):format(private, name))
  local ok, f = pcall(index, library, private)
  return ok and ffi.cast("void *", f) or nil
end

--- How to look up addresses without declarations: what is only asked whether it exists,
-- or only passed on.
-- @param library  from ffi.load, or ffi.C
-- @tparam string file  what it was loaded as
-- @tparam[opt] string how  "process": `library` is ffi.C
-- @treturn function  name -> the address as void *, or nil
function search.addresses(library, file, how)
  local dlsym = symbol(ffi.C, "dlsym")
  local handle = dlsym and linker_handle(file, how)
  if not handle then
    return function(name) return declared_address(library, name) end
  end
  return function(name)
    local p = dlsym(handle, name)
    return p ~= nil and p or nil
  end
end

local function load_pair(libssl, libcrypto, tried)
  local ok_crypto, crypto = pcall(ffi.load, libcrypto)
  local ok_ssl, ssl = pcall(ffi.load, libssl)
  if ok_crypto and ok_ssl then return ssl, crypto end
  tried[#tried + 1] = ("  %s: %s"):format(libssl, ok_ssl and "found" or tostring(ssl))
  tried[#tried + 1] = ("  %s: %s"):format(libcrypto,
                                          ok_crypto and "found" or tostring(crypto))
end

local function address(f)
  return tonumber(ffi.cast("intptr_t", ffi.cast("void *", f)))
end

-- Through the handle of libssl a dynamic linker also finds the functions to which libssl
-- was linked (Windows does not, and returns nil).
local function same_openssl(found)
  local mine   = symbol(found.crypto, "OpenSSL_version_num")
  local theirs = symbol(found.ssl, "OpenSSL_version_num")
  for _, name in ipairs { "OpenSSL_version_num", "OpenSSL_version" } do
    if not symbol(found.crypto, name) then
      error(("ssl: %s is not OpenSSL's libcrypto: it has no %s")
            :format(found.libcrypto, name), 0)
    end
  end
  if theirs and address(theirs) ~= address(mine) then
    local text = function(library)
      return ffi.string(library[version_text](0))
    end
    error(("ssl: libssl and libcrypto do not belong together: %s works with %s, "
           .. "but %s is %s"):format(found.libssl, text(found.ssl),
                                     found.libcrypto, text(found.crypto)), 0)
  end
end

-- LibreSSL has the interface of OpenSSL 1.1, as far as it has it, with numbers of its own.
local function libressl(found, text, number)
  local major, minor = text:match "^LibreSSL (%d+)%.(%d+)"
  if not major then return false end
  if tonumber(major) < 4 then
    error(("ssl: %s is %s; LibreSSL 4.0 or later is needed"):format(found.libcrypto, text), 0)
  end
  found.version, found.number, found.major, found.minor = text, number, 1, 1
  found.libressl = { major = tonumber(major), minor = tonumber(minor) }
  return true
end

-- Forks keep the names and change what stands behind them.
local function genuine(found)
  local text = ffi.string(found.crypto[version_text](0))
  local number = tonumber(found.crypto[version_num]())
  if libressl(found, text, number) then return end
  local major, minor = math.floor(number / 2^28), math.floor(number / 2^20) % 2^8
  if not text:find("^OpenSSL ") then
    error(("ssl: %s is %s; only OpenSSL itself and LibreSSL are supported")
          :format(found.libcrypto, text), 0)
  end
  if number < 0x10101000 then
    error(("ssl: %s is %s; OpenSSL 1.1.1 or later is needed")
          :format(found.libcrypto, text), 0)
  end
  -- Numbers move with a major version, and these are not known yet.
  if major > 4 then
    error(("ssl: %s is %s; this version of the library knows OpenSSL up to 4")
          :format(found.libcrypto, text), 0)
  end
  found.version, found.number, found.major, found.minor = text, number, major, minor
end

-- The file of a function, where the system can tell it.
local function file_of(library, name)
  local dladdr = symbol(ffi.C, "dladdr")
  local f = dladdr and symbol(library, name)
  if not f then return nil end
  local info = ffi.new("struct { " .. libc.structs.Dl_info .. " }[1]")
  local found = dladdr(ffi.cast("void *", f), ffi.cast("void *", info))
  if found == 0 or info[0].dli_fname == nil then return nil end
  return ffi.string(info[0].dli_fname)
end

-- Where a library's own references are bound to the program's symbols first, whatever the
-- version: a Mach-O or a Windows library names the library that it wants.
local BINDS_TO_PROGRAM = not ({ OSX = true, Windows = true })[ffi.os]

-- The program exports functions of an OpenSSL that was linked into it: a libssl that is
-- loaded beside it would call these, with structs of its own, and crash. A shared
-- library of another version in the process does no harm, since its symbols have versions.
local function refuse_mixture(libssl, advice)
  for _, name in ipairs(BINDS_TO_PROGRAM and { "SSL_CTX_new", "ERR_clear_error" } or {}) do
    local program = file_of(ffi.C, name)
    if program and not program:find "%.so[%.%d]*$" then
      local text = symbol(ffi.C, "OpenSSL_version")
      error(("ssl: %s exports functions of an OpenSSL of its own (%s), which %s would call "
             .. "in place of those that belong to it; %s"):format(program,
             text and ffi.string(text(0)) or "of an unknown version", libssl, advice), 0)
    end
  end
end

-- The libraries named by a place with names of its own for them; nil where it names none.
local function explicit(how, place, libssl, libcrypto, names_of)
  if not libssl and not libcrypto then return nil end
  if not libssl or not libcrypto then
    error(("ssl: set both %s and %s, or neither"):format(names_of[1], names_of[2]), 0)
  end
  refuse_mixture(libssl, ("unset %s and %s"):format(names_of[1], names_of[2]))
  local tried = {}
  local ssl, crypto = load_pair(libssl, libcrypto, tried)
  if not ssl then
    error(("ssl: cannot load the OpenSSL named by %s:\n"):format(place)
          .. table.concat(tried, "\n"), 0)
  end
  return { ssl = ssl, crypto = crypto, libssl = libssl, libcrypto = libcrypto, how = how }
end

local function by_program()
  local files, config = named.files(), named.config
  return explicit("program", config, files.libssl, files.libcrypto,
                  { config .. ".libssl", config .. ".libcrypto" })
end

local function by_environment(getenv)
  local function set(name)
    local value = getenv(name)
    return value ~= "" and value or nil
  end
  local names_of = { "SSL_FFI_LIBSSL", "SSL_FFI_LIBCRYPTO" }
  return explicit("environment", "SSL_FFI_LIBSSL and SSL_FFI_LIBCRYPTO",
                  set(names_of[1]), set(names_of[2]), names_of)
end

local function process()
  if not symbol(ffi.C, "SSL_CTX_new") then return nil end
  return { ssl = ffi.C, crypto = ffi.C, libssl = "this process",
           libcrypto = "this process", how = "process" }
end

local function versioned()
  refuse_mixture((VERSIONED[ffi.os] or VERSIONED.Other)[1][1],
                 "link its libssl into the program too, or export neither")
  local tried = {}
  for _, pair in ipairs(VERSIONED[ffi.os] or VERSIONED.Other) do
    local ssl, crypto = load_pair(pair[1], pair[2], tried)
    if ssl then
      return { ssl = ssl, crypto = crypto, libssl = pair[1], libcrypto = pair[2],
               how = "name" }
    end
  end
  error("ssl: no OpenSSL found. Install it, or name its libraries in "
        .. "SSL_FFI_LIBSSL and SSL_FFI_LIBCRYPTO. Tried:\n"
        .. table.concat(tried, "\n"), 0)
end

--- Find OpenSSL.
-- @tparam[opt=os.getenv] function getenv
-- @treturn table  `ssl`, `crypto` (where symbols are looked up), `libssl`,
--   `libcrypto` (their files, or the names by which they were loaded), `how`
--   ("program", "environment", "process" or "name"), `version` (text), `number`, `major`,
--   `minor`; `ssl_address`, `crypto_address`: see search.addresses
-- @raise a sentence for each refusal: nothing found, one library named alone, a
--   pair that does not belong together, one beside the program's own,
--   a fork, an OpenSSL older than 1.1.1 or newer than we know
function search.find(getenv)
  local found = by_program() or by_environment(getenv or os.getenv)
                or process() or versioned()
  same_openssl(found)
  genuine(found)
  found.ssl_address    = search.addresses(found.ssl, found.libssl, found.how)
  found.crypto_address = search.addresses(found.crypto, found.libcrypto, found.how)
  found.libssl    = file_of(found.ssl, "SSL_CTX_new") or found.libssl
  found.libcrypto = file_of(found.crypto, "OpenSSL_version_num") or found.libcrypto
  return found
end

return search
