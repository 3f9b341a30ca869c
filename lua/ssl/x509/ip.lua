--- ssl.x509.ip: IP addresses as text and as bytes. Pure Lua.
--
-- Strict as inet_pton is: four decimal numbers without leading zeros, or the
-- text forms of RFC 4291 without a zone. The further forms of the C library's older
-- functions (`127.1`, `0x7f.1`) are no addresses here.

local ip = {}

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

--- The four bytes of a dotted quad.
-- @tparam string text
-- @treturn table|nil
function ip.v4(text)
  local bytes = {}
  for number in (text .. "."):gmatch "([^.]*)%." do
    if not number:find "^%d%d?%d?$" or number:find "^0%d" or tonumber(number) > 255
       or #bytes == 4 then
      return nil
    end
    bytes[#bytes + 1] = tonumber(number)
  end
  return #bytes == 4 and bytes or nil
end

-- The 16-bit words of "a:b:c" appended to `words`; a dotted quad may be the end.
local function read_words(text, words)
  if text == "" then return true end
  local pieces = {}
  for piece in (text .. ":"):gmatch "([^:]*):" do pieces[#pieces + 1] = piece end
  for i, piece in ipairs(pieces) do
    if piece:find "^%x%x?%x?%x?$" then
      words[#words + 1] = tonumber(piece, 16)
    else
      local quad = i == #pieces and ip.v4(piece)
      if not quad then return false end
      words[#words + 1] = quad[1] * 256 + quad[2]
      words[#words + 1] = quad[3] * 256 + quad[4]
    end
  end
  return true
end

--- The eight words of an IPv6 address.
-- @tparam string text  any spelling; no brackets, no zone
-- @treturn table|nil
function ip.v6(text)
  if #text > 45 then return nil end
  local words = {}
  local head, tail = text:match "^(.-)::(.*)$"
  if not head then
    return text ~= "" and read_words(text, words) and #words == 8 and words or nil
  end
  -- Only the last piece of all may be a dotted quad.
  if head:find(".", 1, true) then return nil end
  local after = {}
  if not read_words(head, words) or not read_words(tail, after) then return nil end
  local gap = 8 - #words - #after
  if gap < 1 then return nil end
  for _ = 1, gap do words[#words + 1] = 0 end
  for _, word in ipairs(after) do words[#words + 1] = word end
  return words
end

-- The longest run of two or more zero words: its first index and its length.
local function longest_gap(words)
  local first, length = 0, 1
  local i = 1
  while i <= 8 do
    local j = i
    while j <= 8 and words[j] == 0 do j = j + 1 end
    if j - i > length then first, length = i, j - i end
    i = j + 1
  end
  return first, length
end

local function hex(words, from, to)
  local out = {}
  for i = from, to do out[#out + 1] = ("%x"):format(words[i]) end
  return table.concat(out, ":")
end

-- As the C library writes it: addresses that hold an IPv4 one end in a dotted
-- quad ("::ffff:10.0.0.1", "::10.0.0.1").
local function v6_text(words)
  local first, length = longest_gap(words)
  if first == 0 then return hex(words, 1, 8) end
  if first == 1 and (length == 6 or (length == 5 and words[6] == 0xffff)) then
    local high, low = words[7], words[8]
    return ("%s%d.%d.%d.%d"):format(length == 6 and "::" or "::ffff:",
      math.floor(high / 256), high % 256, math.floor(low / 256), low % 256)
  end
  return hex(words, 1, first - 1) .. "::" .. hex(words, first + length, 8)
end

--- The text of an address.
-- @tparam string bytes  4 or 16 of them, in network order
-- @treturn string|nil  nil for any other length
function ip.text(bytes)
  if #bytes == 4 then return ("%d.%d.%d.%d"):format(bytes:byte(1, 4)) end
  if #bytes ~= 16 then return nil end
  local words = {}
  for i = 1, 16, 2 do
    local high, low = bytes:byte(i, i + 1)
    words[#words + 1] = high * 256 + low
  end
  return v6_text(words)
end

--- One spelling for each address.
-- @tparam string text  any spelling
-- @treturn string|nil  nil when it is no IP address
function ip.canonical(text)
  if ip.v4(text) then return text end
  local words = ip.v6(text)
  return words and v6_text(words)
end

return ip
