--- ssl.source.filestamp: has a file changed since we read it?

local ffi    = require "ffi"
local arg    = require "ssl.base.arg"
local errors = require "ssl.base.errors"
local folder = require "ssl.source.folder"
local shim   = require "ssl.ffi.shim"

local stamp_t = ffi.typeof("double[" .. shim.K.LSF_STAMP .. "]")
local FOLDER = shim.K.LSF_STAMP - 1

--- A text that differs when a file has changed, or a folder, or what lies in one under
-- the names of certificates and lists. Made of device, inode, size and times: no file is
-- read.
-- @tparam string path
-- @treturn string,string  the stamp; "file" or "folder"
-- @treturn nil,string  the reason
return function(path)
  path = arg.string(path, 1)
  if path:find("%z") then return nil, "the name contains a NUL byte" end
  local stamp = stamp_t()
  local errno = shim.C.file_stamp(path, stamp)
  if errno ~= 0 then return nil, errors.system(errno) end
  local parts = {}
  for i = 0, FOLDER do parts[i + 1] = ("%.17g"):format(stamp[i]) end
  if stamp[FOLDER] == 0 then return table.concat(parts, " "), "file" end
  parts[#parts + 1] = folder.stamp(path)
  return table.concat(parts, " "), "folder"
end
