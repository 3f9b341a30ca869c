--- ssl.https.luasocket: what ssl.https takes from LuaSocket, where LuaSocket moves the bytes.
--
-- A program's settings in socket.http count then. Over another loop nothing of LuaSocket is
-- loaded: a host may lack it, and Neovim crashes by it. What the program has loaded by itself
-- counts there too.

local luasocket = {}

-- Its own name where LuaSocket's is not there.
local USERAGENT = "luasec-ffi"

local function module(name, over)
  if over.name == "luasocket" then return require(name) end
  local loaded = package.loaded[name]
  return type(loaded) == "table" and loaded or {}
end

--- The value of User-Agent.
-- @tparam table over  the adapter
-- @treturn string
function luasocket.useragent(over)
  return module("socket.http", over).USERAGENT or USERAGENT
end

--- The proxy that is set for socket.http.
-- @tparam table over
-- @treturn string|nil
function luasocket.proxy(over)
  return module("socket.http", over).PROXY
end

local function capital(letter)
  return letter:upper()
end

--- How a field is written; its name does not depend on that.
-- @tparam string name  in lower case
-- @tparam table over
-- @treturn string
function luasocket.canonic(name, over)
  local known = module("socket.headers", over).canonic
  if known then return known[name] or name end
  return (name:gsub("%f[%a]%a", capital))
end

--- Raise as `socket.try` does, for a caller in LuaSocket's protected form.
-- @raise the second value, where the first is nil or false
function luasocket.try(...)
  return require("socket").try(...)
end

--- What a protected function of LuaSocket returns for a raised value: nil and the message of
-- its own, else the value is raised again.
function luasocket.unwrap(raised)
  local socket = package.loaded.socket
  if not socket then error(raised, 0) end
  return socket.protect(function() error(raised, 0) end)()
end

return luasocket
