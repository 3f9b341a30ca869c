--- ssl.https.noproxy: is a host among those that no_proxy names? curl's rules, pure Lua.
--
-- A list, separated by commas or blanks. A name stands for itself and for everything
-- below it, with or without a dot in front; an address for itself, or with the number
-- of bits behind a slash for its network; "*" alone for everything. Ports mean nothing.

-- 32 or 128 bits as an array of numbers, eight or sixteen bits each, and their width;
-- nil for a text that is no address.
local function ipv4(text)
  local parts = { text:match "^(%d+)%.(%d+)%.(%d+)%.(%d+)$" }
  if #parts ~= 4 then return nil end
  for i, part in ipairs(parts) do
    parts[i] = tonumber(part)
    if #part > 3 or parts[i] > 255 then return nil end
  end
  return parts, 8
end

-- Groups of one side of a "::", an address of version 4 at the end included.
local function groups(text)
  local found = {}
  if text == "" then return found end
  for part in (text .. ":"):gmatch "(.-):" do
    local last = ipv4(part)
    if last then
      found[#found + 1] = last[1] * 256 + last[2]
      found[#found + 1] = last[3] * 256 + last[4]
    elseif part:find "^%x%x?%x?%x?$" then
      found[#found + 1] = tonumber(part, 16)
    else
      return nil
    end
  end
  return found
end

local function ipv6(text)
  local before, behind = text:match "^(.-)::(.*)$"
  local left, right = groups(before or text), groups(behind or "")
  if not left or not right then return nil end
  local missing = 8 - #left - #right
  if before and missing < 1 or not before and missing ~= 0 then return nil end
  for _ = 1, missing do left[#left + 1] = 0 end
  for _, group in ipairs(right) do left[#left + 1] = group end
  return left, 16
end

-- Do two addresses agree in their first bits?
local function agree(a, b, width, bits)
  for i = 1, #a do
    local known = math.max(0, math.min(width, bits - (i - 1) * width))
    local unit = 2 ^ (width - known)
    if math.floor(a[i] / unit) ~= math.floor(b[i] / unit) then return false end
  end
  return true
end

local function in_network(address, width, token, read)
  local text, bits = token:match "^(.-)/(%d*)$"
  local network = read(text or token)
  if not network then return false end
  local all = #network * width
  bits = tonumber(bits) or 0
  -- As curl has it, no bits are all bits.
  if bits == 0 then bits = all end
  return bits <= all and agree(address, network, width, bits)
end

local function under(host, token)
  token = token:lower():gsub("%.$", ""):gsub("^%.", "")
  return token ~= "" and (host == token or host:sub(-#token - 1) == "." .. token)
end

--- Is this host to be reached without a proxy?
-- @tparam string host  as a URL has it; an IPv6 address with or without brackets
-- @tparam string list  the value of no_proxy
-- @treturn boolean
return function(host, list)
  if list == "*" then return true end
  host = host:lower():gsub("^%[", ""):gsub("%]$", "")
  local read = host:find(":", 1, true) and ipv6 or ipv4
  local address, width = read(host)
  host = host:gsub("%.$", "")
  for token in list:gmatch "[^%s,]+" do
    local found
    if address then
      found = in_network(address, width, token, read)
    else
      found = under(host, token)
    end
    if found then return true end
  end
  return false
end
