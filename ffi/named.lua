--- What a program that embeds this library names, and the files beside a Lua file.

local named = {}

-- All of this runs for a moment; to compile it would take longer than to run it.
jit.off(true, true)

-- The module in which a program that embeds Lua names its files, and what it may name.
local CONFIG = "ssl.ffi.config"
named.config = CONFIG
local NAMEABLE = { libssl = true, libcrypto = true, shim = true }

-- LÖVE has names of its own for the files of a game, which is a folder or an archive. No
-- linker can read a file in an archive.
local function in_love(path)
  local love = rawget(_G, "love")
  local files = type(love) == "table" and love.filesystem
  if not files or not files.getRealDirectory then return path end
  local name = path:gsub("^%./", "")
  local folder = files.getRealDirectory(name)
  if folder then return folder .. "/" .. name, true end
end

--- A file beside a Lua file, or beside its folder.
-- @tparam function f  any function of that Lua file
-- @tparam string name  relative to its folder
-- @tparam[opt] string below  the folder's own name: `name` is relative to the folder above
-- @treturn string  a path with a folder in front, so that no linker searches for it
-- @treturn boolean|nil  true: LÖVE has said where it is
-- @treturn nil  the function is of no file, or no linker can read this one
function named.beside(f, name, below)
  local source = debug and debug.getinfo(f, "S").source or ""
  local folder = source:match "^@(.*[/\\])" or source:find "^@" and "./"
  if folder and below then folder = folder:match("^(.*[/\\])" .. below .. "[/\\]$") end
  if folder then return in_love(folder .. name) end
end

-- A name that begins with a dot is relative to the file of the function.
local function resolve(file, f)
  if type(f) ~= "function" or not file:find "^%.%.?[/\\]" then return file end
  return (named.beside(f, (file:gsub("^%./", "")))) or file
end

--- The table of package.preload["ssl.ffi.config"], a function that returns it; or the table
-- itself in package.loaded. No file has that name.
-- @treturn table  `libssl` and `libcrypto`, both or neither; `shim`: files, as ffi.load
--   takes them. Empty where the program names nothing
-- @raise a sentence for a table that is none, or has something else
function named.files()
  local f = package.preload[CONFIG]
  if not f and not package.loaded[CONFIG] then return {} end
  local config, files = require(CONFIG), {}
  if type(config) ~= "table" then
    error(("ssl: %s has to be a table, and is a %s"):format(CONFIG, type(config)), 0)
  end
  for name, file in pairs(config) do
    if not NAMEABLE[name] then
      error(("ssl: %s has an unknown field %s"):format(CONFIG, tostring(name)), 0)
    elseif type(file) ~= "string" then
      error(("ssl: %s.%s has to be a string, and is a %s"):format(CONFIG, name, type(file)), 0)
    end
    files[name] = resolve(file, f)
  end
  return files
end

return named
