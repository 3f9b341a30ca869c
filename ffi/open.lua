--- Opens a file of the library when it is first needed.
--
-- It is found where the library's first file was found: by package.path as it was then. A
-- program may change package.path later, and may have LuaSec's files on it.
--
-- Nothing can yield in it, since `require` is a C function. It reads a file.

local package, require, pcall, error = package, require, pcall, error
local type, pairs = type, pairs

local path = package.path

-- While a module is loaded, LuaJIT keeps a mark in its place: a light userdata, which the
-- interpreter of some versions takes for a number. After an error the mark stays there, and
-- every later `require` of that name would fail.
local MARKS = { userdata = true, number = true }

local function forget_unfinished()
  for name, value in pairs(package.loaded) do
    if type(name) == "string" and name:find "^ssl%." and MARKS[type(value)] then
      package.loaded[name] = nil
    end
  end
end

--- Load a module of the library.
-- @tparam string name
-- @return what the module returned
-- @raise what `require` raises; the next call tries again then
return function(name)
  local loaded = package.loaded[name]
  if loaded ~= nil and not MARKS[type(loaded)] then return loaded end
  local now = package.path
  package.path = path
  local ok, result = pcall(require, name)
  package.path = now
  if ok then return result end
  forget_unfinished()
  error(result, 0)
end
