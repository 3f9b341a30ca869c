--- ssl.https.base64: RFC 4648 section 4, for Basic authentication. Pure Lua.

local LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function letter(value)
  return LETTERS:sub(value + 1, value + 1)
end

-- Three bytes are four letters of six bits.
local function group(bytes)
  local a, b, c = bytes:byte(1, 3)
  local bits = a * 65536 + (b or 0) * 256 + (c or 0)
  return letter(math.floor(bits / 262144)) .. letter(math.floor(bits / 4096) % 64)
         .. (b and letter(math.floor(bits / 64) % 64) or "=") .. (c and letter(bits % 64) or "=")
end

--- @tparam string text
-- @treturn string
return function(text)
  return (text:gsub("..?.?", group))
end
