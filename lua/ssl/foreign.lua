--- ssl.foreign: this library does not run mixed with LuaSec's files.
--
-- LuaSec has modules of the same names: `ssl` and `ssl.https` in Lua, `ssl.core`,
-- `ssl.context`, `ssl.x509` and `ssl.config` in C. Where both are installed, package.path
-- decides for each name separately. LuaSec's `ssl.https` with our `ssl` would run without
-- verification. So each module of ours that LuaSec has too calls this one first, and a
-- mixture raises an error. A Lua file is ours when it names this module. LuaSec's modules in
-- C are recognised by their functions.

local foreign = {}

local OURS = "ssl.foreign"

-- LuaSec's files in Lua, and of its modules in C a function that each has.
local FILES  = { "ssl", "ssl.https" }
local IN_C   = { ["ssl.core"] = "create", ["ssl.context"] = "create", ["ssl.x509"] = "load" }

local begun = {}

local function refuse(what)
  error(("ssl: %s does not belong to luasec-ffi, whose other modules would run with it. "
         .. "Remove LuaSec (luarocks remove luasec, apt-get remove lua-sec), or name the "
         .. "folder of luasec-ffi first in package.path"):format(what), 0)
end

local function read(path)
  local file = io.open(path, "rb")
  if not file then return "" end
  local text = file:read "*a"
  file:close()
  return text or ""
end

-- While a module is loaded, LuaJIT keeps a mark in its place: a light userdata, which the
-- interpreter of some versions takes for a number.
local MARKS = { userdata = true, number = true }

local function being_loaded(name)
  return MARKS[type(package.loaded[name])] or false
end

-- A program may have put a loader of its own before that of package.path, as LÖVE does: what
-- would really be loaded then?
local function supplied(name)
  for _, loader in ipairs(package.loaders) do
    local ok, chunk = pcall(loader, name)
    if not ok then return false end
    if type(chunk) == "function" then
      local is_lua, code = pcall(string.dump, chunk)
      return is_lua and code:find(OURS, 1, true) ~= nil
    end
  end
end

local function check_file(name)
  if package.preload[name] then
    if being_loaded(name) and not begun[name] then refuse('package.preload["' .. name .. '"]') end
    return
  end
  local path = package.searchpath(name, package.path)
  if path and not read(path):find(OURS, 1, true) and not supplied(name) then refuse(path) end
end

local function in_c(f)
  return type(f) == "function" and debug and debug.getinfo(f, "S").what == "C"
end

--- A module of ours that LuaSec has too is being loaded.
-- @tparam string name
-- @raise when `ssl` or `ssl.https`, as they would be found now, or a module that was
--   loaded before, belongs to another library
function foreign.refuse(name)
  begun[name] = true
  for _, file in ipairs(FILES) do check_file(file) end
  for module, method in pairs(IN_C) do
    local loaded = package.loaded[module]
    if type(loaded) == "table" and in_c(rawget(loaded, method)) then
      refuse("the loaded " .. module)
    end
  end
end

return foreign
