--- ssl.trust.systemca: the certificate authorities that this system trusts.
--
-- First the file and the folder of OpenSSL's build, or those that SSL_CERT_FILE and
-- SSL_CERT_DIR name instead. An OpenSSL that is not the system's may have places that do
-- not exist. So where neither variable is set and its file is missing, the places of the
-- usual systems are tried.

local ffi       = require "ffi"
local lib       = require "ssl.ffi.lib"
local filestamp = require "ssl.source.filestamp"
local C         = lib.C

local FILES = {
  "/etc/ssl/certs/ca-certificates.crt",                 -- Debian, Ubuntu, Arch
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  -- RHEL, Fedora
  "/etc/pki/tls/certs/ca-bundle.crt",                   -- older ones
  "/etc/ssl/ca-bundle.pem",                             -- SUSE
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

--- The places of the system's certificate authorities.
-- @treturn table  `cafile` and `capath`, for ssl.newcontext, one of them perhaps nil;
--   `tried`: an array of texts, each a place and its source
-- @treturn nil,string  there are none; with all places that were tried
return function()
  local found = { tried = {} }
  local function try(key, exists, path, origin)
    found.tried[#found.tried + 1] = ("%s (%s)"):format(path, origin)
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
  if not found.cafile and not found.capath then
    return nil, "no certificate authorities found; tried "
                .. table.concat(found.tried, ", ")
  end
  return found
end
