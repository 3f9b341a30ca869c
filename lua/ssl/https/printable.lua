--- ssl.https.printable: makes untrusted text fit for a message. Pure Lua.
--
-- Messages reach terminals and logs. There a control character is a command, and a line
-- end begins another entry.

local function escaped(byte)
  return ("\\x%02X"):format(byte:byte())
end

--- A text in which every byte but those of printable ASCII is written as \xHH.
-- @tparam string text
-- @treturn string
return function(text)
  return (text:gsub("[^\32-\126]", escaped))
end
