--- ssl.context.options.dane: the peer's certificate checked against TLSA records.

local context = require "ssl.context.table"
local dane    = require "ssl.feature.dane"
local option  = require "ssl.context.option"

-- Flags in a table; any other value that is true turns it on.
local function set(ctx, choice, _, level)
  if not dane.supported then return false, option.lacking("dane", false) end
  local flags = type(choice) == "table" and option.texts(choice, "setdane", level + 1) or {}
  for i, name in ipairs(flags) do
    if not dane.flags[name] then
      option.misuse(i + 1, "setdane", ("invalid option '%s'"):format(name), level + 1)
    end
  end
  return context.setdane(ctx, unpack(flags))
end

return { dane = { set = set } }
