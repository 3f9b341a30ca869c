--- Doc comments of the library's functions as types of LuaCATS, for script/types.lua.

local comments = {}

local lines_of = {}

-- The lines of a source, read once.
local function read(path)
  if not lines_of[path] then
    local lines = {}
    for line in io.lines(path) do lines[#lines + 1] = line end
    lines_of[path] = lines
  end
  return lines_of[path]
end

-- "lua/ssl/engine.lua" of a file in the stage.
local function source_of(path)
  local name = path:match "share/lua/5%.1/(.*)$" or ""
  return name:find "^ssl/ffi/" and name:gsub("^ssl/", "") or "lua/" .. name
end

local function escape(name) return (name:gsub("%p", "%%%0")) end

-- The line that defines NAME: function T.NAME(, function T:NAME(, T.NAME =, function NAME(.
local function line_of(path, name)
  local word = escape(name)
  for number, line in ipairs(read(path)) do
    if line:find("^%s*function [%w_]+[.:]" .. word .. "%s*%(")
       or line:find("^[%w_]+%." .. word .. "%s*=[^=]")
       or line:find("^local function " .. word .. "%s*%(") then return number end
  end
end

-- The lines of the comment above a line, without their dashes.
local function above(path, number)
  local lines, block = read(path), {}
  for i = number - 1, 1, -1 do
    local text = lines[i]:match "^%s*%-%-%-?%s?(.*)$"
    if not text then break end
    table.insert(block, 1, text)
    if lines[i]:find "^%s*%-%-%-" then return block end
  end
  return {}
end

-- The line with a function's comment: its own, or the one where it gets its name, if another
-- function of the file has made it.
local function commented(path, name, defined)
  if above(path, defined)[1] then return defined end
  for number, line in ipairs(read(path)) do
    if line:find("^%s*[%w_]+%." .. escape(name) .. "%s*=[^=]") then return number end
  end
  return defined
end

-- These make functions of other functions, whose places are looked for by name.
local WRAPPERS = { ["lua/ssl/base/later.lua"] = true, ["lua/ssl/io/guard.lua"] = true,
                   ["lua/ssl/connection/methods.lua"] = true,
                   ["lua/ssl/context/setters/common.lua"] = true }

--- Where a function is defined.
-- @tparam function f
-- @tparam string name
-- @tparam {string,...} files  to look in where `f` stands for another function
-- @treturn string,number  a source of the library, and the line
local function place(f, name, files)
  local info = debug.getinfo(f, "S")
  local path = source_of(info.source)
  if not WRAPPERS[path] then return path, commented(path, name, info.linedefined) end
  for _, file in ipairs(files) do
    local number = line_of(file, name)
    if number then return file, number end
  end
  error("no definition of " .. name .. " in " .. table.concat(files, ", "), 0)
end

-- { tag, rest } of each tag, and the text before them. Lines that go on are joined.
local function tags_of(block)
  local text, tags = {}, {}
  for _, line in ipairs(block) do
    local tag, rest = line:match "^@(%w+)(.*)$"
    if tag then
      tags[#tags + 1] = { tag, rest }
    elseif tags[1] then
      tags[#tags][2] = tags[#tags][2] .. " " .. line:match "^%s*(.*)$"
    elseif line ~= "" then
      text[#text + 1] = line
    end
  end
  return text, tags
end

local NAMES = { cdata = "ffi.cdata*", file = "file*", object = "any", any = "any" }

-- The parts of a text at a mark that is in no braces.
local function split(text, mark)
  local parts, depth, from = {}, 0, 1
  for i = 1, #text do
    local c = text:sub(i, i)
    if c == "{" then depth = depth + 1 elseif c == "}" then depth = depth - 1 end
    if c == mark and depth == 0 then
      parts[#parts + 1] = text:sub(from, i - 1)
      from = i + 1
    end
  end
  parts[#parts + 1] = text:sub(from)
  return parts
end

local typed

local function braces(inner)
  local parts = split(inner, ",")
  if parts[#parts] == "..." then return typed(parts[1]) .. "[]" end
  local key, value = inner:match "^%[(%w+)%]=(.*)$"
  if key then return ("table<%s, %s>"):format(key, typed(value)) end
  local fields = {}
  for i, part in ipairs(parts) do
    local name, kind = part:match "^(%w+)=(.*)$"
    fields[i] = name .. ": " .. typed(kind)
  end
  return "{ " .. table.concat(fields, ", ") .. " }"
end

--- A type of a doc comment as one of LuaCATS.
function typed(text)
  local parts = split(text, "|")
  for i, part in ipairs(parts) do
    local inner = part:match "^{(.*)}$"
    parts[i] = inner and braces(inner) or NAMES[part] or part
  end
  return table.concat(parts, "|")
end

-- A type that begins a text, which may have blanks in braces, and what is behind it.
local function leading(rest)
  local depth = 0
  for i = 1, #rest do
    local c = rest:sub(i, i)
    if c == "{" then depth = depth + 1 elseif c == "}" then depth = depth - 1 end
    if c == " " and depth == 0 then return rest:sub(1, i - 1), rest:sub(i + 1):match "^%s*(.*)$" end
  end
  return rest, ""
end

local function optional(kind) return kind:find "|" and kind .. "|nil" or kind .. "?" end

-- name -> { type, text }, and the names in order.
local function parameters(tags)
  local found, order = {}, {}
  for _, tag in ipairs(tags) do
    if tag[1] == "tparam" or tag[1] == "param" then
      local opt, rest = tag[2]:match "^(%b[])%s*(.*)$"
      rest = rest or tag[2]:match "^%s*(.*)$"
      local kind = "any"
      if tag[1] == "tparam" then kind, rest = leading(rest) end
      local name, text = rest:match "^(%S+)%s*(.*)$"
      kind = typed(kind)
      if opt and kind ~= "any" then kind = optional(kind) end
      found[name] = { kind, text }
      order[#order + 1] = name
    end
  end
  return found, order
end

-- The results by position: what any of the alternatives has there.
local function results(tags)
  local ways, count, out = {}, 0, {}
  for _, tag in ipairs(tags) do
    if tag[1] == "treturn" or tag[1] == "return" then
      local kind = tag[1] == "treturn" and leading(tag[2]:match "^%s*(.*)$") or "any"
      ways[#ways + 1] = split(kind, ",")
      count = math.max(count, #ways[#ways])
    end
  end
  for i = 1, count do
    local seen, kinds, none = {}, {}, false
    for _, way in ipairs(ways) do
      for _, kind in ipairs(split(typed(way[i] or "nil"), "|")) do
        if kind == "nil" then none = true
        elseif not seen[kind] then seen[kind], kinds[#kinds + 1] = true, kind end
      end
    end
    if seen["true"] and seen["false"] or seen.boolean then
      for n = #kinds, 1, -1 do
        if kinds[n] == "true" or kinds[n] == "false" then table.remove(kinds, n) end
      end
      if not seen.boolean then table.insert(kinds, 1, "boolean") end
    end
    local all = table.concat(kinds, "|")
    out[i] = none and all ~= "any" and optional(all) or all
  end
  return out[1] and out or { "any ..." }
end

-- The names in the definition, or nil where it is an assignment.
local function defined(path, number, method)
  local line = read(path)[number]
  local inner = line:match "function[^(]*(%b())"
  if not inner then return nil end
  local names = {}
  for name in inner:gmatch "[%w_.]+" do names[#names + 1] = name end
  if method and not line:find "function [%w_]+:" then table.remove(names, 1) end
  return names
end

-- The names in the signature that a page shows first: name(a, b).
local function shown(page, name)
  for inner in page:gmatch("%f[%w_]" .. name .. "%(([%w_, .%[%]]*)%)") do
    local names = {}
    for word in inner:gmatch "[%w_.]+" do
      if word ~= "..." and not word:find "^[%a_][%w_]*$" then names = nil break end
      names[#names + 1] = word
    end
    if names then return names end
  end
end

--- The declaration of a function.
-- @tparam string owner  "ssl", or the name of a class
-- @tparam string name
-- @tparam function f
-- @tparam {string,...} files  see `place`
-- @tparam boolean method  is the first parameter the object?
-- @tparam string page  its text, for the names of parameters that are `...`
-- @tparam[opt] {[string]=string} there  name -> its name in the file
-- @treturn string
function comments.declaration(owner, name, f, files, method, page, there)
  local path, number = place(f, there and there[name] or name, files)
  local text, tags = tags_of(above(path, number))
  local out = {}
  for _, line in ipairs(text) do out[#out + 1] = "---" .. line end
  local kinds, order = parameters(tags)
  local names = defined(path, number, method)
  if names and names[1] == "..." then names = shown(page, name) or order[1] and order or names end
  names = names or order[1] and order or shown(page, name) or {}
  for _, param in ipairs(names) do
    local kind = kinds[param] or { "any", "" }
    out[#out + 1] = ("---@param %s %s %s"):format(param, kind[1], kind[2]):gsub("%s+$", "")
  end
  for _, kind in ipairs(results(tags)) do out[#out + 1] = "---@return " .. kind end
  out[#out + 1] = ("function %s%s%s(%s) end\n"):format(owner, method and ":" or ".", name,
                                                      table.concat(names, ", "))
  return table.concat(out, "\n")
end

return comments
