---@meta ssl.core
-- Types for editors (LuaLS). Made by script/keys; docs/core.md explains them.

local core = {}

core.SOCKET_INVALID = 0

---The name of the compression in use, or nil.
---@param conn any
---@return any ...
function core.compression(conn) end

---The copyright of this library.
---@return any ...
function core.copyright() end

---A connection over a context, without a descriptor.
---@param ctx any
---@return ssl.Connection?
---@return string?
function core.create(ctx) end

---OpenSSL's line about the cipher, secret bits, algorithm bits, protocol; nothing
---before a cipher is chosen.
---@param conn any
---@return any ...
function core.info(conn) end

---Hand a descriptor over to a new connection.
---@param conn any
---@param fd any
---@return any ...
function core.setfd(conn, fd) end

---Add a method to all connections, those that exist already included.
---@param name any
---@param f any
---@return any ...
function core.setmethod(name, f) end

return core
