--- ssl.hello: what a client said in its ClientHello. Pure Lua.
--
-- The shim copies what is wanted into one string of items, each a tag, a length
-- (two bytes each) and the bytes (shim/hello.c).

local hello = {}

local SERVER_NAME, ALPN, HOST_NAME = 0, 16, 0

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

--- The host name in a server_name extension (RFC 6066 section 3).
-- @tparam string data
-- @treturn string|nil
function hello.server_name(data)
  local at, last = 3, #data
  while at + 2 <= last do
    local length = word(data, at + 1)
    if at + 2 + length > last then return nil end
    if data:byte(at) == HOST_NAME then return data:sub(at + 3, at + 2 + length) end
    at = at + 3 + length
  end
end

--- Read the shim's copy.
-- @tparam string data
-- @treturn table  `name`: the host name or nil; `alpn`: the protocol list in wire
--   format, or nil
function hello.parse(data)
  local found = items(data)
  local name, protocols = found[SERVER_NAME], found[ALPN]
  return {
    name = name and hello.server_name(name),
    alpn = protocols and #protocols > 2 and protocols:sub(3) or nil,
  }
end

return hello
