---@meta ssl.x509
-- Types for editors (LuaLS). Made by script/keys; docs/x509.md explains them.

local x509 = {}

---The first certificate of a PEM text, or the one that ssl.der made.
---@param text any
---@return ssl.Certificate?
---@return string?
function x509.load(text) end

return x509
