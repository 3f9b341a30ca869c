---@meta ssl.config
-- Types for editors (LuaLS). Made by script/keys; docs/config.md explains them.

local config = {}

config.capabilities = {} ---@type table<string, any>

config.curves = {} ---@type table<string, any>

config.openssl = {} ---@type table<string, any>

config.options = {} ---@type table<string, any>

config.protocols = {} ---@type table<string, any>

config.version = ""

config.strict = nil ---@type boolean?

return config
