--- The keys of ssl.newcontext and ssl.connect as classes of LuaCATS: made of the records of
-- ssl.context.keys and of the tables in docs/newcontext.md and docs/connect.md, for
-- script/types.lua.

local keys = require "ssl.context.keys"

local types = {}

local KINDS = {
  text = "string", number = "number", switch = "boolean", ["function"] = "function",
  list = "string|string[]", file = "string|userdata", files = "string|userdata|any[]",
  folder = "string", entries = "ssl.Pair[]", fields = "table", any = "any",
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
---The keys of ssl.newcontext and of ssl.connect.
---@class ssl.Keys
]]

-- A context needs these keys. ssl.connect has values of its own for them.
local CONFIG = [[

---A table of ssl.newcontext.
---@class ssl.Config: ssl.Keys
]]

local FLAGS = [[

---The flags of ssl.connect.
---@class ssl.Flags: ssl.Keys
]]

local PAIR = [[

---An entry of `certificates`.
---@class ssl.Pair
]]

--- The keys that ssl.connect has and ssl.newcontext has not; docs/connect.md describes them.
types.connect = { session = "ssl.Session", resume = "boolean", over = "string|table",
                  timeout = "number", deadline = "number" }

-- The types of a record's value.
local function values(record)
  return record.types or KINDS[record.kind]
end

local function field(record, note)
  return ("---@field %s? (%s) %s%s\n"):format(
    record.key, values(record), note,
    record.side ~= "both" and (" (%s)"):format(record.side) or "")
end

-- The rows of docs/connect.md, without the links.
local function connect_fields()
  local out = {}
  for line in io.lines "docs/connect.md" do
    local key, note = line:match "^| `(%w+)` | (.*) |$"
    if types.connect[key] then
      note = note:gsub("%[(.-)%]%b()", "%1"):gsub("%*%*", "")
      out[#out + 1] = ("---@field %s? (%s) %s\n"):format(key, types.connect[key], note)
    end
  end
  return table.concat(out)
end

--- The classes of the keys.
function types.text()
  local all, required, pair, default = { HEAD }, { CONFIG }, { PAIR }, defaults()
  local of_pair = {}
  for _, record in ipairs(keys) do
    for _, key in ipairs(record.fields or {}) do of_pair[key] = true end
    if default[record.key] == "required" then
      all[#all + 1] = field(record, "ssl.newcontext needs it")
      required[#required + 1] = ("---@field %s %s\n"):format(record.key, values(record))
    else
      all[#all + 1] = field(record, "without it: " .. default[record.key])
    end
    if of_pair[record.key] then pair[#pair + 1] = field(record, "as the key of that name") end
  end
  return table.concat(all) .. table.concat(required) .. FLAGS .. connect_fields()
         .. table.concat(pair)
end

return types
