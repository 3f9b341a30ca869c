--- ssl.https.noproxy: is a host among those that no_proxy names? curl's rules, pure Lua.
--
-- A list, separated by commas or blanks. A name stands for itself and for everything
-- below it, with or without a dot in front; an address for itself, or with the number
-- of bits behind a slash for its network; "*" alone for everything. Ports mean nothing.

local ip = require "ssl.x509.ip"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

-- How an address is read, and the bits of each of its numbers.
local V4, V6 = { read = ip.v4, width = 8 }, { read = ip.v6, width = 16 }

-- Do two addresses agree in their first bits?
local function agree(a, b, width, bits)
  for i = 1, #a do
    local known = math.max(0, math.min(width, bits - (i - 1) * width))
    local unit = 2 ^ (width - known)
    if math.floor(a[i] / unit) ~= math.floor(b[i] / unit) then return false end
  end
  return true
end

local function in_network(address, kind, token)
  local text, bits = token:match "^(.-)/(%d*)$"
  local network = kind.read(text or token)
  if not network then return false end
  local all = #network * kind.width
  bits = tonumber(bits) or 0
  -- As curl has it, no bits are all bits.
  if bits == 0 then bits = all end
  return bits <= all and agree(address, network, kind.width, bits)
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
  local kind = host:find(":", 1, true) and V6 or V4
  local address = kind.read(host)
  host = host:gsub("%.$", "")
  for token in list:gmatch "[^%s,]+" do
    local found
    if address then
      found = in_network(address, kind, token)
    else
      found = under(host, token)
    end
    if found then return true end
  end
  return false
end
