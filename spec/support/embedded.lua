--- Folders of programs that bring this library and an OpenSSL along, as docs/loading.md has them.
--
-- LÖVE itself needs a screen, so `love` is a stand-in here. It has what matters for loading: a
-- loader in front of that of package.path, names of files that are the game's own, and neither
-- LUA_PATH nor LUA_CPATH.

local house   = require "spec.support.init"
local lib     = require "ssl.ffi.lib"
local process = require "spec.support.process"
local quote   = house.quote

local embedded = {}

local root = process.capture "pwd":gsub("\n", "")

local function must(command)
  assert(house.run(command), command)
end

-- The libraries by the names that the page prints, whatever this OpenSSL's are.
local function libraries(folder)
  must(("mkdir -p %s"):format(quote(folder)))
  for name, file in pairs { ["libssl.so.3"] = lib.openssl.libssl,
                            ["libcrypto.so.3"] = lib.openssl.libcrypto } do
    must(("cp -L %s %s"):format(quote(file), quote(folder .. "/" .. name)))
  end
end

--- The library's Lua files, in a folder.
function embedded.lua_files(folder)
  must(("mkdir -p %s && cp -rL %s/share/lua/5.1/. %s"):format(quote(folder), quote(house.stage),
                                                             quote(folder)))
end

-- A program of docs/loading.md: what `cat FILE` prints there.
local function printed(file)
  local text = process.read(root .. "/docs/loading.md")
  return assert(text:match("\n%$ cat " .. file:gsub("%p", "%%%0") .. "\n(.-)\n%$ "), file) .. "\n"
end

local LOVE = [[
-- love GAME: a stand-in.
local game = arg[1]
package.path, package.cpath = os.getenv "LOVE_PATH" or "./?.lua", "./?.so"
local function real(name) return game .. "/" .. name end
love = {
  filesystem = {
    getRealDirectory = function(name)
      local file = io.open(real(name))
      if file then file:close() return game end
    end,
  },
  event = { quit = function() end },
}
local function load_file(name)
  local file = io.open(real(name))
  if not file then return "\n\tno '" .. name .. "' in the game" end
  local text = file:read "*a"
  file:close()
  return assert(loadstring(text, "@" .. name))
end
table.insert(package.loaders, 2, function(name)
  return load_file(name:gsub("%.", "/") .. ".lua")
end)
load_file "main.lua"()
]]

--- The game of the page, and `love` on the PATH.
-- @tparam string folder
-- @tparam table env  of the example's programs
function embedded.game(folder, env)
  embedded.lua_files(folder .. "/game")
  must(("cp -L %s/lib/lua/5.1/ssl/shim.so %s/game/ssl"):format(quote(house.stage), quote(folder)))
  libraries(folder .. "/game/libs")
  process.write(folder .. "/game/main.lua", printed "game/main.lua")
  process.write(folder .. "/love.lua", LOVE)
  process.write(folder .. "/love", ("#!/bin/sh\n"
    .. "exec env -u LUA_PATH -u LUA_CPATH luajit %s \"$@\"\n"):format(quote(folder .. "/love.lua")))
  must(("chmod +x %s/love"):format(quote(folder)))
  env.PATH = folder .. ":" .. os.getenv "PATH"
end

local KOENV = [[
package.path = "common/?.lua;frontend/?.lua"
package.cpath = "common/?.so"
local ffi = require "ffi"
local ffi_load = ffi.load
ffi.load = function(lib)
  io.write("ffi.load: ", lib, "\n")
  return ffi_load(lib)
end
]]

--- The reader of the page.
-- @tparam string folder
function embedded.reader(folder)
  embedded.lua_files(folder .. "/reader/common")
  libraries(folder .. "/reader/libs")
  must(("cp -L %s/lib/lua/5.1/ssl/shim.so %s/reader/libs/libssl-shim.so"):format(
    quote(house.stage), quote(folder)))
  process.write(folder .. "/reader/setupkoenv.lua", KOENV)
  process.write(folder .. "/reader/main.lua", printed "reader/main.lua")
end

return embedded
