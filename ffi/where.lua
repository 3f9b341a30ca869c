--- Finds the shim. The places, in this order:
--
-- 1. the file that the program names (named.lua)
-- 2. the process itself: a host may have the shim linked into it
-- 3. the folder of the library's Lua files: a program that brings the library along has no
--    path for C modules, or one that leads to another version
-- 4. package.cpath
-- 5. Neovim's runtimepath

local named = require "ssl.ffi.named"

local where = {}

-- All of this runs for a moment; to compile it would take longer than to run it.
jit.off(true, true)

-- A function of every shim.
local SYMBOL = "lsf_init"

local MODULE = "ssl.ffi.where"

-- Does a path lead to the folder from which this file was loaded? One that begins in the working
-- directory does if package.path has found the file there. A bundle of compiled files keeps
-- the names that they had elsewhere, and whoever chooses the working directory would choose
-- the shim.
local function is_real(path, f)
  if path:find "^[/\\]" or path:find "^%a:" then return true end
  local found = package.searchpath(MODULE, package.path)
  return found ~= nil and "@" .. found == debug.getinfo(f, "S").source
end

-- This file is ssl/ffi/where.lua, and the shim is ssl/shim.so.
local function beside(tried)
  local path, by_love = named.beside(beside, "shim.so", "ffi")
  if not path or not by_love and not is_real(path, beside) then return nil end
  local file = io.open(path, "rb")
  if not file then
    tried[#tried + 1] = ("\n\tno file '%s'"):format(path)
    return nil
  end
  file:close()
  return path
end

local function on_path(tried)
  local path, why = package.searchpath("ssl.shim", package.cpath)
  tried[#tried + 1] = why
  return path
end

local function in_neovim(tried)
  local vim = rawget(_G, "vim")
  if not vim or not vim.api then return nil end
  tried[#tried + 1] = "\n\tno file 'lua/ssl/shim.so' on the runtimepath"
  return vim.api.nvim_get_runtime_file("lua/ssl/shim.so", false)[1]
end

--- Find the shim.
-- @tparam function exported  name -> its address in the process, or nil
-- @treturn string  its file
-- @treturn nil  it is in the process itself
-- @raise what was tried, as package.searchpath has it
function where.find(exported)
  local file = named.files().shim
  if file or exported(SYMBOL) then return file end
  local tried = { ("\n\tno field shim of package.preload['%s']"):format(named.config),
                  ("\n\tno symbol '%s' in the process"):format(SYMBOL) }
  file = beside(tried) or on_path(tried) or in_neovim(tried)
  if not file then
    error("ssl: the C shim (ssl/shim.so) was not found:" .. table.concat(tried), 0)
  end
  return file
end

return where
