--- LuaSec's own files, where bootstrap unpacked them.

local house   = require "spec.support.init"
local process = require "spec.support.process"

local luasec = {}

local root = house.build .. "/peers/luasec"

--- Its folder of Lua files.
luasec.lua = root .. "/usr/share/lua/5.1"

--- Its module in C; nil where bootstrap did not unpack it.
luasec.so = process.capture(("find -L %s -path '*/5.1/ssl.so' 2>/dev/null")
                            :format(house.quote(root))):match "[^\n]+"

-- Lua looks for a file in Lua first: where this library is installed, its ssl/core.lua comes
-- before LuaSec's module in C.
local INIT = [[
  for _, name in ipairs { "core", "context", "x509", "config" } do
    package.preload["ssl." .. name] = function(...)
      return assert(package.loadlib(%q, "luaopen_ssl_" .. name))(...)
    end
  end]]

--- The environment of a process in which `require "ssl"` finds LuaSec.
-- @tparam[opt=""] string behind  places that come after LuaSec's; then come the usual ones
-- @treturn table
function luasec.environment(behind)
  return {
    LUA_INIT = INIT:format(luasec.so or ""),
    LUA_PATH = luasec.lua .. "/?.lua;" .. (behind or "") .. ";;",
    LUA_CPATH = (luasec.so or ""):gsub("[^/]*$", "?.so") .. ";;",
  }
end

local ROCKSPEC = [[
package = "luasec"
version = "1.2.0-1"
source = { url = "." }
build = {
  type = "builtin",
  modules = { ["ssl.https"] = "ssl/https.lua", ["ssl.options"] = "ssl/options.lua" },
  install = { lua = { ssl = "ssl.lua" }, lib = { "ssl.so" } },
}
]]

--- A folder with what LuaRocks makes LuaSec's rock of.
-- @treturn string  the folder
-- @treturn string  the rockspec's name in it
function luasec.sources()
  local dir = process.folder()
  assert(house.run(("cp -rL %s/. %s && cp -L %s %s"):format(
    house.quote(luasec.lua), dir, house.quote(luasec.so), dir)))
  process.write(dir .. "/luasec-1.2.0-1.rockspec", ROCKSPEC)
  return dir, "luasec-1.2.0-1.rockspec"
end

return luasec
