--- ssl.x509.hostname: checks a demanded name before OpenSSL gets it. Pure Lua.
--
-- OpenSSL takes an empty name for "do not check", a leading dot for "every
-- subdomain", and matches an address with a wildcard (`*.0.0.1`). So a text that is no
-- host name is refused here, with a reason. Addresses are distinguished from names, because
-- they are in different places of a certificate.

local ip = require "ssl.x509.ip"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local hostname = {}

local MAX_NAME, MAX_LABEL = 253, 63

-- First match refuses. The order makes the reason the most telling one.
local REFUSED = {
  { "%z",          "the host name contains a NUL byte" },
  { "[\128-\255]", 'the host name is not ASCII: give its A-label ("xn--...")' },
  { "%s",          "the host name contains white space" },
  { "%c",          "the host name contains a control character" },
  { "%*",          "the host name contains a wildcard" },
  { "%%",          "the host name has a zone id, which no certificate can name" },
}

-- URL parsers read such a text as an IPv4 address, so it must not be a name.
local function ends_in_number(name)
  local last = name:match "[^.]*$"
  return last:find "^%d+$" or last:find "^0[xX]%x*$"
end

local function address(text)
  local canonical = ip.canonical(text)
  if canonical then return "ip", canonical end
  return nil, "the host name is not a valid IPv6 address (a port is no part of it)"
end

local function dns(name)
  if #name > MAX_NAME then
    return nil, "the host name is longer than 253 characters"
  end
  if name:find "^%." then return nil, "the host name begins with a dot" end
  for label in (name .. "."):gmatch "([^.]*)%." do
    if label == "" then return nil, "the host name has an empty label" end
    if #label > MAX_LABEL then
      return nil, "the host name has a label longer than 63 characters"
    end
  end
  if name:find "[^%w%-_.]" then
    return nil, "the host name contains a character that no host name has"
  end
  if ends_in_number(name) then
    return nil, "the host name ends in a number but is not a valid IPv4 address"
  end
  return "dns", name:lower()
end

-- As `normalize`.
local function judged(name)
  if name == "" then return nil, "the host name is empty" end
  for _, refused in ipairs(REFUSED) do
    if name:find(refused[1]) then return nil, refused[2] end
  end
  local inside = name:match "^%[(.*)%]$"
  if inside then
    if ip.v6(inside) then return "ip", ip.canonical(inside) end
    return nil, "the host name has brackets around what is not an IPv6 address"
  end
  if name:find("[][]") then
    return nil, "the host name contains a bracket that does not enclose it"
  end
  if name:find(":", 1, true) then
    local kind, text = address(name)
    return kind, text
  end
  local bare = name:gsub("%.$", "")
  if bare == "" then return nil, "the host name is empty" end
  if ip.v4(bare) then return "ip", bare end
  return dns(bare)
end

-- One handshake asks about the same name three times. One assignment takes all of it, since a
-- finalizer may come here in between.
local last = {}

--- The kind of a name, and its normal form.
-- One trailing dot and the brackets around an IPv6 address are left out.
-- @tparam string name
-- @treturn string  "dns" or "ip"
-- @treturn string  the name in lower case, or the address as inet_ntop writes it
-- @treturn nil,string  the reason why it is refused
function hostname.normalize(name)
  local known = last
  if known.name ~= name then
    local kind, text = judged(name)
    known = { name = name, kind = kind, text = text }
    last = known
  end
  return known.kind, known.text
end

return hostname
