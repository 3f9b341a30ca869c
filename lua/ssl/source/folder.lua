--- ssl.source.folder: notices changes of the files in a folder of authorities.
--
-- OpenSSL keeps what it has found in such a folder. A file may be replaced in place, or
-- behind a link, and the folder's own times do not show it. So each hashed name is
-- examined (shim/folder.c). All contexts use the result for a second, or less where the
-- folder's own times have changed.

local ffi     = require "ffi"
local shim    = require "ssl.ffi.shim"
local settled = require "ssl.source.settled"
local S       = shim.C

local folder = {
  --- The character between folders in a path.
  SEPARATOR = package.config:sub(1, 1) == "\\" and ";" or ":",

  --- Seconds for which the result of a look is used.
  LASTS = 1,
}

-- Folders that are looked at; few programs have more than one.
local MOST = 16

local looks, count = {}, 0

local function ask(path, contents)
  local stamp, newest = ffi.new "uint64_t[1]", ffi.new "double[1]"
  local errno = S.folder_stamp(path, contents, stamp, newest)
  if errno ~= 0 then return ("errno %d"):format(errno), 0 end
  return tostring(stamp[0]), newest[0]
end

-- A text for the folder itself: its inode and times.
local function outside(path)
  local stamp = ffi.new("double[?]", shim.K.LSF_STAMP)
  if S.file_stamp(path, stamp) ~= 0 then return "" end
  return ffi.string(stamp, ffi.sizeof(stamp))
end

local function remember(path, look)
  if not looks[path] then count = count + 1 end
  if count > MOST then looks, count = {}, 1 end
  looks[path] = look
  return look
end

local function look_at(path)
  local now, seen, before = S.now(), outside(path), looks[path]
  if before and before.seen == seen and now - before.at < folder.LASTS then
    return before
  end
  local stamp, newest = ask(path, 0)
  local young = not settled(newest)
  local same = before and before.stamp == stamp and not before.young
  return remember(path, { stamp = stamp, young = young, seen = seen, at = now,
                          contents = same and before.contents })
end

local function each(paths, f)
  local parts = {}
  for path in paths:gmatch("[^" .. folder.SEPARATOR .. "]+") do parts[#parts + 1] = f(path) end
  return table.concat(parts, " ")
end

--- The current content of these folders: a text that differs when a file was replaced.
-- @tparam string paths  one, or several as OpenSSL takes them, with colons between
-- @treturn string
-- @treturn boolean  is it so young that one more change might not show?
-- @treturn number  the number of this examination: another one for each
function folder.stamp(paths)
  local young, at = false, 0
  local text = each(paths, function(path)
    local look = look_at(path)
    young, at = young or look.young, math.max(at, look.at)
    return look.stamp
  end)
  return text, young, at
end

--- The same by the content of the files, so that it is equal on all machines with the same
-- files.
-- @tparam string paths
-- @treturn string
function folder.contents(paths)
  return each(paths, function(path)
    local look = look_at(path)
    look.contents = look.contents or (ask(path, 1))
    return look.contents
  end)
end

return folder
