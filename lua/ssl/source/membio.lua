--- ssl.source.membio: OpenSSL's BIO over memory, to write to and to read from.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local errors = require "ssl.base.errors"
local handle = require "ssl.ffi.handle"
local C, K   = lib.C, lib.K

local own = handle.type("lsf_BIO *membio", "BIO_free")

local membio = {}

local INT_MAX = 0x7fffffff

--- An empty BIO to write to.
-- @treturn cdata|nil  a handle with the field `membio`; nil when memory is short
function membio.new()
  return own(C.BIO_new(C.BIO_s_mem()))
end

--- A BIO that reads a string. It does not copy: keep the string until it is freed.
-- @tparam string text
-- @treturn cdata|nil  a handle, as above; nil leaves the reason queued, and nothing where the text
--   is too long
function membio.read(text)
  errors.clear()
  if #text > INT_MAX then return nil end
  return own(C.BIO_new_mem_buf(text, #text))
end

--- A BIO that reads a file.
-- @tparam string name
-- @treturn cdata|nil  a handle, as above; nil leaves the reason queued
function membio.file(name)
  return own(C.BIO_new_file(name, "r"))
end

--- The bytes that were written, and the end of the BIO.
-- @tparam cdata|nil bio
-- @param wanted  a false value frees the memory and returns nil
-- @treturn string|nil
function membio.take(bio, wanted)
  if not bio then return nil end
  local text
  if wanted then
    local data = ffi.new("char *[1]")
    local length = tonumber(C.BIO_ctrl(bio.membio, K.BIO_CTRL_INFO, 0, data))
    text = length > 0 and ffi.string(data[0], length) or ""
  end
  bio:free()
  return text
end

return membio
