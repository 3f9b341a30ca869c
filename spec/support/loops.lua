--- Programs over each event loop that ssl.over has an adapter for, in processes of their own.
--
--   local child = loops.start("copas", "samples/loops.lua", { URL = ... })
--
-- The loops are the packages that bootstrap unpacked. In nginx the program is a content handler,
-- and its output is the answer.

local house     = require "spec.support.init"
local openresty = require "spec.support.openresty"
local process   = require "spec.support.process"

local loops = {}

local root  = process.capture "pwd":gsub("\n", "")
local PEERS = house.build .. "/peers"

--- All of them: name -> the adapter's name.
loops.adapters = { luasocket = "luasocket", copas = "copas", cqueues = "cqueues", luv = "luv",
                   neovim = "luv", cosocket = "cosocket" }

--- In order.
loops.names = { "luasocket", "copas", "cqueues", "luv", "neovim", "cosocket" }

-- Where a package has its libraries.
local function libraries(name)
  return process.capture(("echo '%s/%s'/usr/lib/*-linux-gnu*"):format(PEERS, name)):gsub("\n", "")
end

local function lua_of(name)
  return ("%s/%s/usr/share/lua/5.1/?.lua;"):format(PEERS, name)
end

-- These folders before those that script/matrix has named: cqueues has to get the libcrypto of
-- the libssl that is under test, where that one has the name of the system's.
local function first(folders)
  return folders .. (house.libraries and ":" .. house.libraries or "")
end

local function plain(env, name)
  local path = libraries(name)
  env.LUA_PATH = lua_of(name) .. os.getenv "LUA_PATH"
  env.LUA_CPATH = path .. "/lua/5.1/?.so;" .. os.getenv "LUA_CPATH"
  env.LD_LIBRARY_PATH = first(path)
end

local ENVIRONMENTS = {
  luasocket = function() end,
  copas     = function(env) plain(env, "copas") end,
  cqueues   = function(env) plain(env, "cqueues") end,
  luv       = function(env) plain(env, "neovim") end,
}

-- Neovim is not run by the luajit of a mode, so it takes the plain build. It finds the Lua files
-- and the shim as two plugins on its runtimepath.
local function neovim(script, env)
  local uv = PEERS .. "/neovim/usr"
  env.LD_LIBRARY_PATH, env.VIMRUNTIME = libraries "neovim", uv .. "/share/nvim/runtime"
  env.LUA_PATH, env.LUA_CPATH = "", ""
  local plugins = {}
  for i, kind in ipairs { "share", "lib" } do
    plugins[i] = process.folder()
    assert(house.run(("ln -s '%s/stage/%s/lua/5.1' '%s/lua'"):format(house.build, kind,
                                                                   plugins[i])))
  end
  return process.start { uv .. "/bin/nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n",
                         "--cmd", "set runtimepath^=" .. table.concat(plugins, ","),
                         "-c", "luafile " .. script, "-c", "qall!", env = env }
end

-- Connections of nginx, kept ones included.
local MOST = 4096

local function cosocket(script, env)
  local main = {}
  for name, value in pairs(env) do main[#main + 1] = ("env %s=%s;"):format(name, value) end
  return openresty.start {
    main = table.concat(main, "\n"), connections = MOST,
    server = ('location = /run { content_by_lua_file "%s"; }'):format(script),
  }
end

--- Has bootstrap unpacked them?
function loops.there()
  return process.read(PEERS .. "/neovim/usr/bin/nvim") ~= ""
     and process.read(PEERS .. "/copas/usr/share/lua/5.1/copas.lua") ~= ""
end

--- For a shell in which a user types: Copas, cqueues and luv on the paths, and an `nvim` that finds
-- the library in `luasec` alone.
-- @tparam string folder  where it types
-- @tparam table env  gets the variables
function loops.setup(folder, env)
  local paths, lua, so = {}, {}, {}
  for i, name in ipairs { "copas", "cqueues", "neovim" } do
    paths[i] = libraries(name)
    lua[i], so[i] = lua_of(name), paths[i] .. "/lua/5.1/?.so;"
  end
  env.LUA_PATH = table.concat(lua) .. os.getenv "LUA_PATH"
  env.LUA_CPATH = table.concat(so) .. os.getenv "LUA_CPATH"
  env.LD_LIBRARY_PATH = first(table.concat(paths, ":"))
  env.PATH = folder .. "/bin:" .. os.getenv "PATH"
  local stage = house.build .. "/stage"
  assert(house.run(([[cd '%s' && mkdir -p bin luasec/lua/ssl &&
    ln -s '%s'/share/lua/5.1/ssl.lua luasec/lua &&
    ln -s '%s'/share/lua/5.1/ssl/* '%s'/lib/lua/5.1/ssl/* luasec/lua/ssl]]):format(
    folder, stage, stage, stage)))
  process.write(folder .. "/bin/nvim", ([[
#!/bin/sh
unset LUA_PATH LUA_CPATH
VIMRUNTIME='%s/neovim/usr/share/nvim/runtime' exec '%s/neovim/usr/bin/nvim' "$@"
]]):format(PEERS, PEERS))
  assert(house.run(("chmod 755 '%s/bin/nvim'"):format(folder)))
end

--- Run a program to its end.
-- @tparam string name  of `loops.names`
-- @tparam string script  from the root
-- @tparam table env  for the program; LOOP, the adapter's name, is added
-- @treturn string  its output
function loops.run(name, script, env)
  local own = { LOOP = loops.adapters[name] }
  for key, value in pairs(env) do own[key] = tostring(value) end
  script = root .. "/" .. script
  if name == "cosocket" then
    local nginx = cosocket(script, own)
    local output, why = nginx:get "/run"
    return output or why
  end
  local child
  if name == "neovim" then
    child = neovim(script, own)
  else
    ENVIRONMENTS[name](own)
    child = process.start { "luajit", script, env = own }
  end
  child:wait(house.scale(60, 300))
  return child:output()
end

return loops
