--- ssl.trust.systemca: the certificate authorities that this system trusts.
--
-- First the file and the folder of OpenSSL's build, or those that SSL_CERT_FILE and
-- SSL_CERT_DIR name instead. An OpenSSL that is not the system's may have places that do
-- not exist. So where neither variable is set and its file is missing, the places of the
-- usual systems are tried.

local ffi       = require "ffi"
local arg       = require "ssl.base.arg"
local lib       = require "ssl.ffi.lib"
local filestamp = require "ssl.source.filestamp"
local C         = lib.C

local FILES = {
  "/etc/ssl/certs/ca-certificates.crt",                 -- Debian, Ubuntu, Arch
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  -- RHEL, Fedora
  "/etc/pki/tls/certs/ca-bundle.crt",                   -- older ones
  "/etc/ssl/ca-bundle.pem",                             -- SUSE
  "/etc/pki/tls/cacert.pem",                            -- OpenELEC
  "/etc/ssl/cert.pem",                                  -- Alpine, FreeBSD, macOS
  "/usr/local/share/certs/ca-root-nss.crt",             -- FreeBSD's port
  "/opt/homebrew/etc/ca-certificates/cert.pem",         -- Homebrew, arm64
  "/usr/local/etc/ca-certificates/cert.pem",            -- Homebrew, x86-64
}

local SEPARATOR = package.config:sub(1, 1) == "\\" and ";" or ":"

local function readable(path)
  local _, kind = filestamp.of(path)
  if kind ~= "file" then return false end
  local f = io.open(path, "rb")
  if f then f:close() end
  return f ~= nil
end

-- A list of folders counts when one of them is there.
local function listed(path)
  for folder in path:gmatch("[^" .. SEPARATOR .. "]+") do
    local _, kind = filestamp.of(folder)
    if kind == "folder" then return true end
  end
  return false
end

-- The variable's value, or OpenSSL's own; and a text that names the source.
local function named(variable, default)
  variable = ffi.string(variable)
  local value = os.getenv(variable)
  if value then return value, variable end
  return ffi.string(default), "OpenSSL's own", true
end

-- The places, and the files that were tried.
local function search()
  local found, files = { tried = {} }, {}
  local function try(key, exists, path, origin)
    found.tried[#found.tried + 1] = ("%s (%s)"):format(path, origin)
    if key == "cafile" then files[#files + 1] = path end
    if not found[key] and exists(path) then found[key] = path end
  end

  local file, file_origin, own_file = named(C.X509_get_default_cert_file_env(),
                                            C.X509_get_default_cert_file())
  local path, path_origin, own_path = named(C.X509_get_default_cert_dir_env(),
                                            C.X509_get_default_cert_dir())
  try("cafile", readable, file, file_origin)
  try("capath", listed, path, path_origin)
  if own_file and own_path and not found.cafile then
    for _, place in ipairs(FILES) do
      try("cafile", readable, place, "a usual place")
      if found.cafile then break end
    end
  end
  return found, files
end

local systemca = {}

--- The places of the system's certificate authorities: `ssl.systemca`.
-- @treturn table  `cafile` and `capath`, for ssl.newcontext, one of them perhaps nil;
--   `tried`: an array of texts, each a place and its source
-- @treturn nil,string  there are none; with all places that were tried
function systemca.places()
  local found = search()
  if not found.cafile and not found.capath then
    return nil, "no certificate authorities found; tried "
                .. table.concat(found.tried, ", ")
  end
  return found
end

--- The file of the system's certificate authorities: `ssl.find_system_ca`. The next functions
-- are those of LuaSec's development version.
-- @treturn string  for `cafile`
-- @treturn nil,string  there is none; with all files that were tried, each in a line
function systemca.find()
  local found, files = search()
  if found.cafile then return found.cafile end
  return nil, ("no system CA bundle found:\n\tno file '%s'")
              :format(table.concat(files, "'\n\tno file '"))
end

-- The file that the program has set or that was found; nil for none yet; false where the program
-- has forbidden it.
local current

--- The file that `ssl.set_system_ca` has set, else the one that was found first:
-- `ssl.get_system_ca`.
-- @treturn string  for `cafile`
-- @treturn nil,string  that of `find`, which is called again the next time; or the program has
--   forbidden it
function systemca.get()
  if current == false then return nil, "no system CA bundle (set_system_ca(false))" end
  if current then return current end
  local why
  current, why = systemca.find()
  return current, why
end

--- Decide what `ssl.get_system_ca` returns from now on: `ssl.set_system_ca`. Nothing else
-- depends on it.
-- @tparam string|nil|false path  not looked at; nil: to be found anew, false: none
-- @treturn boolean  true
-- @raise for a value of another type
function systemca.set(path)
  if path and type(path) ~= "string" then
    arg.fail(1, arg.expected("string, nil or false", path))
  end
  current = path
  return true
end

return systemca
