--- ssl.source.material: what may stand where the name of a file may.
--
-- A string is a file name, or PEM text where it contains "-----BEGIN ", which no file
-- is called. Bytes of DER come as an object, `ssl.der(bytes)`, so that nothing has to
-- be guessed. No message holds any of the material.

local later  = require "ssl.base.later"
local arg    = require "ssl.base.arg"
local object = require "ssl.base.object"
local shim   = require "ssl.ffi.shim"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

-- What reads such material. OpenSSL opens most files by itself.
local material = later.places({}, {
  LEFT_OVER  = "ssl.source.decoding LEFT_OVER",
  open       = "ssl.source.decoding open",
  decode     = "ssl.source.decoding decode",
  decode_all = "ssl.source.decoding decode_all",
})

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

return material
