--- ssl.x509.asn1: object identifiers, strings, times and integers as Lua strings.
--
-- No function here keeps or frees its arguments. Strings are read through functions only:
-- their struct is opaque from OpenSSL 4.0 on.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local membio = require "ssl.source.membio"
local C      = lib.C

local asn1 = {}

local TEXT_ROOM = 128

--- The text of an object identifier.
-- @tparam cdata object
-- @tparam boolean numeric  dotted numbers always; else OpenSSL's long name, or
--   the short one, or the numbers when it has no name for it
-- @treturn string|nil  nil when it has no text (OpenSSL refuses giant ones)
function asn1.object(object, numeric)
  local room = TEXT_ROOM
  local flag = numeric and 1 or 0
  local text = ffi.new("char[?]", room)
  local length = C.OBJ_obj2txt(text, room, object, flag)
  if length >= room then
    room = length + 1
    text = ffi.new("char[?]", room)
    length = C.OBJ_obj2txt(text, room, object, flag)
  end
  if length <= 0 then return nil end
  return ffi.string(text, length)
end

-- Room for a struct tm, which begins with these six everywhere: second, minute, hour, day of
-- the month, month from 0, year from 1900.
local tm_t = ffi.typeof "int[64]"

-- Days from 1970 to a day of the Gregorian calendar. Years begin in March, so that the day
-- of February 29 is a year's last.
local function days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  local leaps = math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
  return year * 365 + leaps + math.floor((153 * (month - 3) + 2) / 5) + day - 719469
end

--- A time as seconds since 1970. Not by OpenSSL's time_t, which has 32 bits on some systems
-- and 64 on others with the same pointers.
-- @tparam cdata time  ASN1_TIME
-- @treturn number|nil  nil where it is no time
function asn1.moment(time)
  local tm = tm_t()
  if C.ASN1_TIME_to_tm(time, tm) ~= 1 then return nil end
  return days(tm[5] + 1900, tm[4] + 1, tm[3]) * 86400 + tm[2] * 3600 + tm[1] * 60 + tm[0]
end

--- The content bytes of a string of any type.
-- @tparam cdata s
-- @treturn string
function asn1.bytes(s)
  return (ffi.string(C.ASN1_STRING_get0_data(s), C.ASN1_STRING_length(s)))
end

--- A character string converted to UTF-8.
-- @tparam cdata s
-- @treturn string|nil  nil when its type or its content cannot be converted
function asn1.utf8(s)
  local out = ffi.new("unsigned char *[1]")
  local length = C.ASN1_STRING_to_UTF8(out, s)
  if length < 0 then return nil end
  local text = ffi.string(out[0], length)
  C.CRYPTO_free(out[0], nil, 0)
  return text
end

--- A string in an object's encoding.
-- @tparam cdata s
-- @tparam string encoding  "ai5" for the bytes as they are, or "utf8"
-- @treturn string|nil
function asn1.text(s, encoding)
  if encoding == "utf8" then return (asn1.utf8(s)) end
  return (asn1.bytes(s))
end

--- A time as in "Nov 23 12:54:51 2026 GMT".
-- @tparam cdata time
-- @treturn string|nil  nil when it is not a valid time
function asn1.time(time)
  local bio = membio.new()
  local valid = bio and C.ASN1_TIME_print(bio.membio, time) == 1
  return membio.take(bio, valid)
end

--- An integer in upper-case hexadecimal, an even number of digits.
-- @tparam cdata integer
-- @treturn string|nil  nil when memory is short
function asn1.hex(integer)
  local number = C.ASN1_INTEGER_to_BN(integer, nil)
  if number == nil then return nil end
  local digits = C.BN_bn2hex(number)
  C.BN_free(number)
  if digits == nil then return nil end
  local text = ffi.string(digits)
  C.CRYPTO_free(digits, nil, 0)
  return text
end

return asn1
