--- ssl.handshake.clienthello_wire: the parts of a ClientHello. Pure Lua.
--
-- The shim copies the parts into one string of items, each a tag, a length (two bytes each)
-- and the bytes (shim/clienthello.c). Tags are extension types (RFC 8446 section 4.2) and
-- two tags of the shim. A malformed part counts as absent: OpenSSL refuses the handshake
-- later, with the right alert.

local hello = {}

local SERVER_NAME, GROUPS, SIGALGS, ALPN, VERSIONS = 0, 10, 13, 16, 43
local LEGACY_VERSION, CIPHERS = 0xfffe, 0xffff
local HOST_NAME, LONGEST_NAME = 0, 255

local VERSION_NAMES = {
  [0x0300] = "sslv3", [0x0301] = "tlsv1", [0x0302] = "tlsv1_1",
  [0x0303] = "tlsv1_2", [0x0304] = "tlsv1_3",
}

local function word(data, at)
  local high, low = data:byte(at, at + 1)
  return high * 256 + low
end

local function items(data)
  local out, at = {}, 1
  while at + 3 <= #data do
    local length = word(data, at + 2)
    out[word(data, at)] = data:sub(at + 4, at + 3 + length)
    at = at + 4 + length
  end
  return out
end

-- Two-byte numbers from `at` on.
local function words(data, at)
  local out = {}
  for i = at, #data - 1, 2 do out[#out + 1] = word(data, i) end
  return out
end

local function version_names(numbers)
  local out = {}
  for _, number in ipairs(numbers) do out[#out + 1] = VERSION_NAMES[number] end
  return out
end

-- OpenSSL refuses such a client, but after the program's functions would have seen it.
local function is_name(text)
  return text ~= "" and #text <= LONGEST_NAME and not text:find("\0", 1, true)
end

--- The host name in a server_name extension (RFC 6066 section 3).
-- @tparam string data
-- @treturn string|nil
function hello.server_name(data)
  local at, last = 3, #data
  while at + 2 <= last do
    local length = word(data, at + 1)
    if at + 2 + length > last then return nil end
    local text = data:sub(at + 3, at + 2 + length)
    if data:byte(at) == HOST_NAME then return is_name(text) and text or nil end
    at = at + 3 + length
  end
end

--- Read the shim's copy: what every server needs.
-- @tparam string data
-- @treturn table  `name`: the host name or nil; `alpn`: the protocol list in wire
--   format, or nil; `items`: for `describe`
function hello.parse(data)
  local found = items(data)
  local name, protocols = found[SERVER_NAME], found[ALPN]
  return {
    name  = name and hello.server_name(name),
    alpn  = protocols and #protocols > 2 and protocols:sub(3) or nil,
    items = found,
  }
end

--- The table that onclienthello gets.
-- @tparam table said  from `parse`
-- @tparam {string,...} alpn  the names in said.alpn
-- @treturn table  `servername`, `alpn`, `versions` (those that this library has names for,
--   in the client's order), `ciphers`, `groups` and `sigalgs` (numbers of the IANA
--   registries, in the client's order; GREASE included)
function hello.describe(said, alpn)
  local found = said.items
  local offered = found[VERSIONS] and words(found[VERSIONS], 2)
               or words(found[LEGACY_VERSION] or "", 1)
  return {
    servername = said.name,
    alpn       = alpn,
    versions   = version_names(offered),
    ciphers    = words(found[CIPHERS] or "", 1),
    groups     = words(found[GROUPS] or "", 3),
    sigalgs    = words(found[SIGALGS] or "", 3),
  }
end

return hello
