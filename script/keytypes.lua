--- The keys of ssl.newcontext as a class of LuaCATS: made of the records of ssl.context.keys and
-- of the table in docs/newcontext.md, for script/types.lua.

local keys = require "ssl.context.keys"

local types = {}

local KINDS = {
  text = "string", number = "number", switch = "boolean", ["function"] = "function",
  list = "string|string[]", file = "string|userdata", files = "string|userdata|any[]",
  folder = "string", entries = "ssl.Config[]", fields = "table", any = "any",
}

-- The third column of the table, by key: what holds without the key.
local function defaults()
  local out = {}
  for line in io.lines "docs/newcontext.md" do
    local cell, default = line:match "^| (%[[^|]*)|[^|]*| ([^|]*) |$"
    for key in (cell or ""):gmatch "`(%w+)`" do out[key] = default:gsub("%[(.-)%]%b()", "%1") end
  end
  return out
end

local HEAD = [[
---A table of ssl.newcontext.
---@class ssl.Config
]]

--- The class of the keys.
function types.text()
  local out, default = { HEAD }, defaults()
  for _, record in ipairs(keys) do
    local required = default[record.key] == "required"
    out[#out + 1] = ("---@field %s%s (%s) %s%s\n"):format(
      record.key, required and "" or "?", record.types or KINDS[record.kind],
      required and "required" or "without it: " .. default[record.key],
      record.side ~= "both" and (" (%s)"):format(record.side) or "")
  end
  return table.concat(out)
end

return types
