--- types/ssl.lua, the types for editors (LuaLS): made of the records of ssl.context.keys and of
-- the table in docs/newcontext.md. `script/keys` writes the file, and a spec compares it.

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
---@meta ssl
-- Types for editors (LuaLS). Made by script/keys; docs/newcontext.md explains the keys.

---@class ssl.Context
---@class ssl.Connection
---@class ssl.Certificate
---@class ssl.Session

---A table of ssl.newcontext. The text behind a key says what holds without it.
---@class ssl.Config
]]

local FOOT = [[

local ssl = {}

---@param cfg ssl.Config
---@return ssl.Context? context
---@return string? message
function ssl.newcontext(cfg) end

---@param sock any a LuaSocket TCP object, or an object with `send` and `receive`
---@param cfg ssl.Config|ssl.Context
---@param options? { initial: string? }
---@return ssl.Connection? connection
---@return string? message
function ssl.wrap(sock, cfg, options) end

return ssl
]]

--- The text of types/ssl.lua.
function types.text()
  local out, default = { HEAD }, defaults()
  for _, record in ipairs(keys.own) do
    local required = default[record.key] == "required"
    out[#out + 1] = ("---@field %s%s (%s) %s%s\n"):format(
      record.key, required and "" or "?", record.types or KINDS[record.kind], default[record.key],
      record.side ~= "both" and (" (%s)"):format(record.side) or "")
  end
  out[#out + 1] = FOOT
  return table.concat(out)
end

return types
