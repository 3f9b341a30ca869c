--- ssl.source.filestamp: has a file changed since it was read?

local ffi     = require "ffi"
local later   = require "ssl.base.later"
local arg     = require "ssl.base.arg"
local errors  = require "ssl.base.errors"
local folder  = later.module "ssl.source.folder"
local shim    = require "ssl.ffi.shim"
local settled = require "ssl.source.settled"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local filestamp = {}

local stamp_t = ffi.typeof("double[" .. shim.K.LSF_STAMP .. "]")

-- Places in a stamp (shim/file.c): the second of the last change of the inode; is it a folder?
local CHANGED, FOLDER = 5, shim.K.LSF_STAMP - 1

-- The numbers of one look; or nil and the reason.
local function look(path)
  if path:find("%z") then return nil, "the name contains a NUL byte" end
  local stamp = stamp_t()
  local errno = shim.C.file_stamp(path, stamp)
  if errno ~= 0 then return nil, errors.system(errno) end
  return stamp
end

-- The bytes of the numbers: in digits they would take longer than the look.
local function text(stamp, path)
  local bytes = ffi.string(stamp, ffi.sizeof(stamp_t))
  if stamp[FOLDER] == 0 then return bytes, "file" end
  return bytes .. folder.stamp(path), "folder"
end

--- Bytes that differ when a file has changed, or a folder, or what lies in one under
-- the names of certificates and lists. Made of device, inode, size and times: no file is
-- read.
-- @tparam string path
-- @treturn string,string  the stamp; "file" or "folder"
-- @treturn nil,string  the reason
function filestamp.of(path)
  path = arg.string(path, 1)
  local stamp, why = look(path)
  if not stamp then return nil, why end
  local made, kind = text(stamp, path)
  return made, kind
end

--- The same where it can be trusted: not of a file that has just changed, since one more
-- change might not show (ssl.source.settled).
-- @tparam string path
-- @treturn string|nil
function filestamp.settled(path)
  local stamp = look(path)
  if not stamp or not settled(stamp[CHANGED]) then return nil end
  return (text(stamp, path))
end

return filestamp
