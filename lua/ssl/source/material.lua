--- ssl.source.material: what may stand where the name of a file may.
--
-- A string is a file name, or PEM text where it contains "-----BEGIN ", which no file
-- is called. Bytes of DER come as an object, `ssl.der(bytes)`, so that nothing has to
-- be guessed. No message holds any of the material.

local ffi    = require "ffi"
local later  = require "ssl.base.later"
local arg    = require "ssl.base.arg"
local errors = require "ssl.base.errors"
local membio = later.module "ssl.source.membio"
local object = require "ssl.base.object"
local shim   = require "ssl.ffi.shim"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local material = {
  --- The reason where more than one object was found.
  LEFT_OVER = "bytes left over behind the DER",
}

local class = object.class("SSL:DER", {}, {
  tostring = function(self)
    return ("DER: %d bytes"):format(#getmetatable(self).bytes)
  end,
})

--- Bytes in DER, marked as such.
-- @tparam string bytes  a certificate, a private key, a CRL or a PKCS#12
-- @treturn userdata  what takes a file name takes this too
-- @raise when it is no string
function material.der(...)
  local bytes = ...
  if type(bytes) ~= "string" then arg.mismatch("string", bytes, 1) end
  local self, state = object.new(class)
  state.bytes = bytes
  return self
end

--- The bytes of what `ssl.der` made; nil for anything else.
function material.bytes(value)
  return object.is(value, class) and getmetatable(value).bytes or nil
end

--- Is it PEM text, and no file name?
function material.pem(value)
  return type(value) == "string" and value:find("-----BEGIN ", 1, true) ~= nil
end

--- Is it the name of a file?
function material.file(value)
  return type(value) == "string" and not material.pem(value)
end

local function source(value, takes)
  if type(value) == "number" then return tostring(value) end
  if type(value) == "string" or material.bytes(value) or takes and takes.is(value) then
    return value
  end
  return takes and takes.adopt(value)
end

--- The values of a key, as an array. A nil in it is a mistake and not the end: a value behind
-- it, perhaps a list of revoked certificates, must not be lost.
-- @param value  one, or an array of at least one
-- @tparam[opt] table takes  a module with `is`: objects that are accepted beside strings and
--   DER; and with `adopt`, which makes one of another library's object
-- @treturn table
-- @treturn nil,any  the value that is not accepted
function material.sources(value, takes)
  if type(value) ~= "table" or #value == 0 then
    local one = source(value, takes)
    if one == nil then return nil, value end
    return { one }
  end
  local list = {}
  for i = 1, #value do
    list[i] = source(value[i], takes)
    if list[i] == nil then return nil, value[i] end
  end
  return list
end

-- In which line of a text there is a NUL with something behind it; 0 for none.
local function nul_line(text)
  local at = text:find("%z")
  if not at or not text:find("[^%z%s]", at) then return 0 end
  return 1 + select(2, text:sub(1, at):gsub("\n", ""))
end

--- The reason why a PEM file or text must not be read. OpenSSL takes a NUL for the end of
-- its line, or for the end of the whole file, and skips the rest: perhaps an authority, or a
-- revocation list.
-- @tparam string value  a file name or a text
-- @treturn string  "NUL in line N", "NUL in line N of FILE"
-- @treturn nil  there is none; or the file cannot be read, which another check reports
function material.nul(value)
  if material.pem(value) then
    local line = nul_line(value)
    return line > 0 and ("NUL in line %d"):format(line) or nil
  end
  local line = shim.C.file_nul(value)
  return line > 0 and ("NUL in line %d of %s"):format(line, value) or nil
end

--- A BIO to read a file or a text from. Keep the text until it is freed.
-- @tparam string value
-- @treturn cdata  a handle with the field `membio`
-- @treturn nil,string  the reason
function material.open(value)
  if material.file(value) and value:find("\0", 1, true) then
    return nil, "NUL in the file name"
  end
  local nul = material.nul(value)
  if nul then return nil, nul end
  if material.pem(value) then
    local bio = membio.read(value)
    if bio then return bio end
    return nil, "the text is too long"
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
function material.decode(bytes, decode, keep)
  errors.clear()
  local place = place_t(ffi.cast("const unsigned char *", bytes))
  local value = keep(decode(nil, place, #bytes))
  local rest = #bytes - (place[0] - ffi.cast("const unsigned char *", bytes))
  if value == nil then return nil, errors.reason "malformed DER" end
  errors.clear()
  if rest ~= 0 then return nil, material.LEFT_OVER end
  return value
end

--- Decode all objects of one kind in a PEM file or text.
-- @tparam string value  a file name or a text
-- @tparam function read  one of OpenSSL's, given the BIO: pointer or NULL
-- @tparam function keep  pointer -> what owns it, or nil for NULL
-- @treturn table  perhaps empty
-- @treturn nil,string  the reason
function material.decode_all(value, read, keep)
  local bio, reason = material.open(value)
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

return material
