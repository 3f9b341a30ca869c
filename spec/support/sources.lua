--- The project's own sources, as structure/house_spec reads them.

local sources = {}

--- Files of a folder, by extension, folders below included.
-- @treturn table  paths, sorted
function sources.list(folder, extension)
  local files = {}
  local pipe = assert(io.popen(("find %s -type f -name '*.%s' | sort")
                               :format(folder, extension)))
  for path in pipe:lines() do files[#files + 1] = path end
  pipe:close()
  return files
end

--- The text of a file.
function sources.read(path)
  local f = assert(io.open(path, "rb"))
  local text = f:read "*a"
  f:close()
  return text
end

--- Is there a file or a folder of this name?
function sources.exists(path)
  local f = io.open(path)
  if f then f:close() end
  return f ~= nil
end

--- Lua code without its comments. Strings stay, so `--` in one cuts its line:
-- good enough to read our own files.
function sources.code(path)
  local text = sources.read(path)
  return (text:gsub("%-%-%[(=*)%[.-%]%1%]", ""):gsub("%-%-[^\n]*", ""))
end

--- The module a file is when installed: lua/ssl/base/errors.lua is ssl.base.errors.
function sources.module(path)
  local name = path:gsub("%.lua$", ""):gsub("/init$", "")
  name = name:gsub("^lua/", ""):gsub("^ffi/", "ssl/ffi/")
  return (name:gsub("/", "."))
end

--- The modules a file requires by name, sorted.
function sources.requires(path)
  local seen, names = {}, {}
  local function add(name)
    if not seen[name] then
      seen[name], names[#names + 1] = true, name
    end
  end
  local code = sources.code(path)
  for name in code:gmatch "%f[%w_]require%f[^%w_]%s*%(?%s*[\"']([%w_.]+)[\"']" do add(name) end
  -- Those of ssl.base.later, in lists.
  for name in code:gmatch "[\"'](ssl%.%l[%w_]*%.[%w_.]*[%w_])[\"']" do add(name) end
  -- The list of methods is a text.
  for name in code:gmatch "\n%l+ +(ssl%.%l[%w_]*%.[%w_]+)" do add(name) end
  -- A name that is put together: every file of the folder. In ffi/ it is one of the
  -- declarations, which require nothing.
  for folder in code:gmatch "[\"'](ssl%.%l[%w_.]*)%.[\"']%s*%.%." do
    local files = folder ~= "ssl.ffi" and sources.list("lua/" .. folder:gsub("%.", "/"), "lua")
    for _, file in ipairs(files or {}) do add(sources.module(file)) end
  end
  table.sort(names)
  return names
end

--- The globals a file sets, from its bytecode.
-- @treturn table  names
function sources.globals_set(path)
  local out, names = {}, {}
  local sink = {
    write = function(_, ...) for _, s in ipairs { ... } do out[#out + 1] = s end end,
    flush = function() end, close = function() end,
  }
  require("jit.bc").dump(assert(loadfile(path)), sink, true)
  for name in table.concat(out):gmatch "GSET[^\n]-; \"([^\"]*)\"" do
    names[#names + 1] = name
  end
  return names
end

--- The functions of a Lua file, those inside others too, from its bytecode.
-- @treturn table  { first, lines } each; first is the number of its first line
function sources.lua_functions(path)
  local util = require "jit.util"
  local functions = {}
  local function visit(prototype, is_file)
    local info = util.funcinfo(prototype)
    if not is_file then
      functions[#functions + 1] = { first = info.linedefined,
                                    lines = info.lastlinedefined - info.linedefined + 1 }
    end
    -- The constants that are no numbers have negative indices.
    local i = -1
    local constant = util.funck(prototype, i)
    while constant ~= nil do
      if type(constant) == "proto" then visit(constant) end
      i = i - 1
      constant = util.funck(prototype, i)
    end
  end
  visit(assert(loadfile(path)), true)
  return functions
end

--- The functions of a C file in KNF: braces of a body stand in column 0.
-- @treturn table  { name, lines } each; lines counts the body with its braces
function sources.c_functions(path)
  local functions, name, opened = {}, nil, nil
  local number = 0
  for line in (sources.read(path)):gmatch "([^\n]*)\n" do
    number = number + 1
    name = line:match "^([%a_][%w_]*)%(" or name
    if line == "{" then
      opened = number
    elseif line == "}" and opened then
      functions[#functions + 1] = { name = name, lines = number - opened + 1 }
      opened = nil
    end
  end
  return functions
end

--- C code without its comments.
function sources.c_code(path)
  return (sources.read(path):gsub("/%*.-%*/", ""))
end

--- The definitions of a C file in KNF for other files: functions and variables without `static`.
-- @treturn table  names, in order
function sources.c_exports(path)
  local names, before = {}, ""
  for line in sources.c_code(path):gmatch "([^\n]*)\n" do
    -- A function's name stands in column 0, below its type.
    local name = line:match "^([%a_][%w_]*)%(" or line:match "^[%a_][%w_ ]*[ %*]([%w_]+);$"
    local elsewhere = line:find "^static" or before:find "^static" or line:find "^typedef"
                   or line:find "^struct [%w_]+;$"
    if name and not elsewhere then
      names[#names + 1] = name
    end
    before = line
  end
  return names
end

--- Every prototype of a declaration text.
-- @tparam string text  C prototypes, each ended by a semicolon
-- @treturn {{name=string,text=string},...}  in order
function sources.prototypes(text)
  local found = {}
  for declaration in text:gsub("/%*.-%*/", " "):gmatch("%s*([^;]-)%s*;") do
    local name = declaration:gsub("STACK_OF%s*%b()", ""):match("([%w_]+)%s*%(")
    if not name then
      error("not a prototype: " .. declaration, 2)
    end
    found[#found + 1] = { name = name, text = declaration }
  end
  return found
end

return sources
