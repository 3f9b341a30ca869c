--- ssl.feature.alpn: lists of protocol names and their wire format (RFC 7301 section 3.1).
--
-- Each name is one length byte and 1 to 255 bytes. Pure Lua.

local alpn = {}

--- A list in wire format.
-- @tparam {string,...} names
-- @treturn string
-- @treturn nil,string  "invalid ALPN name (REASON)", "invalid ALPN list (empty)"
function alpn.encode(names)
  local out = {}
  for i, name in ipairs(names) do
    if type(name) ~= "string" then
      return nil, "invalid ALPN name (string expected, got " .. type(name) .. ")"
    elseif name == "" then
      return nil, "invalid ALPN name (empty string)"
    elseif #name > 255 then
      return nil, "invalid ALPN name (length > 255)"
    end
    out[i] = string.char(#name) .. name
  end
  if #out == 0 then return nil, "invalid ALPN list (empty)" end
  return table.concat(out)
end

--- The names in a wire-format list; nil where it is malformed.
-- @tparam string wire
-- @treturn {string,...}|nil
function alpn.decode(wire)
  local names, at = {}, 1
  while at <= #wire do
    local length = wire:byte(at)
    if length == 0 or at + length > #wire then return nil end
    names[#names + 1] = wire:sub(at + 1, at + length)
    at = at + 1 + length
  end
  return names
end

--- The function of ssl.context for a server's cfg.alpn: from the client's list to ours, both
-- in wire format. nil: nothing is negotiated.
-- @tparam table|function choice  read, or called, at each handshake
function alpn.selector(choice)
  if type(choice) == "table" then
    return function() return (alpn.encode(choice)) end
  end
  return function(wire)
    local chosen = choice(alpn.decode(wire))
    if type(chosen) == "string" then chosen = { chosen } end
    return type(chosen) == "table" and alpn.encode(chosen) or nil
  end
end

return alpn
