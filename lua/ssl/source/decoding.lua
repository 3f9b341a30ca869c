--- ssl.source.decoding: objects of OpenSSL's, of the PEM and the DER that ssl.source.material
-- describes. Its functions are fields of that module.

local ffi      = require "ffi"
local errors   = require "ssl.base.errors"
local material = require "ssl.source.material"
local membio   = require "ssl.source.membio"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local decoding = {
  --- The reason where more than one object was found.
  LEFT_OVER = "bytes left over behind the DER",
}

--- A BIO to read a file or a text from. Keep the text until it is freed.
-- @tparam string value
-- @treturn cdata  a handle with the field `membio`
-- @treturn nil,string  the reason
function decoding.open(value)
  if material.file(value) and value:find("\0", 1, true) then
    return nil, "NUL in the file name"
  end
  local nul = material.nul(value)
  if nul then return nil, nul end
  if material.pem(value) then
    local bio = membio.read(value)
    if bio then return bio end
    return nil, errors.reason "the text is too long"
  end
  errors.clear()
  local bio = membio.file(value)
  if not bio then return nil, errors.of_file(value) end
  return bio
end

local place_t = ffi.typeof "const unsigned char *[1]"

--- Decode one value that fills all the bytes.
-- @tparam string bytes
-- @tparam function decode  a d2i function of OpenSSL's
-- @tparam function keep  pointer -> what owns it, or nil for NULL
-- @return what `keep` made of it
-- @treturn nil,string  the reason
function decoding.decode(bytes, decode, keep)
  errors.clear()
  local place = place_t(ffi.cast("const unsigned char *", bytes))
  local value = keep(decode(nil, place, #bytes))
  local rest = #bytes - (place[0] - ffi.cast("const unsigned char *", bytes))
  if value == nil then return nil, errors.reason "malformed DER" end
  errors.clear()
  if rest ~= 0 then return nil, decoding.LEFT_OVER end
  return value
end

--- Decode all objects of one kind in a PEM file or text.
-- @tparam string value  a file name or a text
-- @tparam function read  one of OpenSSL's, given the BIO: pointer or NULL
-- @tparam function keep  pointer -> what owns it, or nil for NULL
-- @treturn table  perhaps empty
-- @treturn nil,string  the reason
function decoding.decode_all(value, read, keep)
  local bio, reason = decoding.open(value)
  if not bio then return nil, reason end
  local list = {}
  errors.clear()
  repeat
    local one = keep(read(bio.membio))
    list[#list + 1] = one
  until one == nil
  bio:free()
  local before = errors.newest
  reason = errors.of_file(material.file(value) and value or nil)
  -- OpenSSL's text for "no further object", which is no failure.
  if reason ~= "no start line" then return nil, reason end
  errors.newest = before
  return list
end

return decoding
