---@meta ssl.resty
-- Types for editors (LuaLS). Made by script/keys; docs/resty.md explains them.

local resty = {}

---nginx's own TLS with the client of the current request, for reading.
---@return table?
---@return string?
function resty.downstream() end

---Put the objects of ssl.resty.socket into the place of nginx's cosockets.
---@param given table|userdata|nil as for `setcontext` of ssl.resty.socket
---@return any ...
function resty.install(given) end

---Load a module whose cosockets are those of ssl.resty.socket, beside the copy that
---`require` returns.
---@param name string with it the modules whose names begin with it and "." or "_" are loaded
---@param given table|userdata|nil as for `install`
---@param ... string? names of further modules that are to be loaded in the same way
---@return any
function resty.load(name, given, ...) end

return resty
