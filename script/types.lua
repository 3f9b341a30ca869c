--- types/, the types for editors (LuaLS): made of the library's public names, of the doc
-- comments of its functions and of the records of keys. `script/keys` writes the files, and
-- structure/types_spec compares names and pages.
--
-- A name is public when it is there and a page names it.

local object = require "ssl.base.object"

-- Name of a class -> its methods. They are local to their files.
local methods = {}
local class = object.class
function object.class(name, list, meta)
  methods[name] = list
  return class(name, list, meta)
end

local ssl      = require "ssl"
ssl.preload()
ssl.preload { "https", "resty" }
local https    = require "ssl.https"
local comments = dofile "script/doccomments.lua"
local keytypes = dofile "script/keytypes.lua"

local types = {}

local function capture(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

local PAGES = capture "cat docs/*.md"

local function page_of(name)
  return capture("cat docs/" .. name)
end

local function sorted(set)
  local names = {}
  for name in pairs(set) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function files(folder)
  local out = {}
  for path in capture("ls " .. folder .. "/*.lua"):gmatch "[^\n]+" do out[#out + 1] = path end
  return out
end

-- The names that the pages have behind an owner: `ssl.NAME`, `conn:NAME(`.
local function documented(owner, mark)
  local found = {}
  for name in PAGES:gmatch("%f[%w_.]" .. owner .. "%" .. mark .. "(%l[%l%d_]*)%f[^%w_]") do
    found[name] = true
  end
  return found
end

-- The names at the beginning of cells: | `NAME(ctx, ...)` |.
local function in_tables(page)
  local found = {}
  for cell in page_of(page):gmatch "\n|([^|\n]*)" do
    for name in cell:gmatch "`(%l[%l%d_]*)%(" do found[name] = true end
  end
  return found
end

--- The functions that the pages call: `ssl.NAME(`, `conn:NAME(`.
-- @tparam string owner  a pattern
-- @tparam string mark  "." or ":"
-- @treturn {[string]=true}
function types.called(owner, mark)
  local found = {}
  for name in PAGES:gmatch("%f[%w_.]" .. owner .. "%" .. mark .. "(%l[%l%d_]*)%(") do
    found[name] = true
  end
  return found
end

local function both(a, b)
  for name in pairs(b) do a[name] = true end
  return a
end

local context_names = both(documented("context", "."), in_tables "context.md")
local config_names  = both(documented("config", "."), documented("ssl%.config", "."))

--- The modules: how `require` and programs call them, their table, the names that pages have,
-- a page, and where functions are that are loaded when they are first used.
types.modules = {
  { "ssl", owner = "ssl", table = ssl, names = documented("ssl", "."), page = "index.md",
    files = { "lua/ssl.lua", "lua/ssl/x509/certificate.lua" }, there = { loadcertificate = "load" },
    parts = {
      { "ssl.ocsp", table = ssl.ocsp, names = documented("ssl%.ocsp", "."), page = "ocsp.md" },
      { "ssl.sessions", table = ssl.sessions, names = documented("ssl%.sessions", "."),
        page = "sessions.md" },
    } },
  { "ssl.config", owner = "config", table = require "ssl.config", names = config_names,
    page = "config.md", unset = { strict = "boolean" } },
  { "ssl.https", owner = "https", table = https, names = documented("https", "."),
    page = "https.md", files = { "lua/ssl/https.lua" } },
  { "ssl.context", owner = "context", table = require "ssl.context", names = context_names,
    page = "context.md", files = files "lua/ssl/context/setters" },
  { "ssl.core", owner = "core", table = require "ssl.core", page = "core.md",
    names = both(documented("core", "."), in_tables "core.md"),
    files = { "lua/ssl/connection/core.lua" } },
  { "ssl.x509", owner = "x509", table = require "ssl.x509", names = { load = true },
    page = "x509.md", files = { "lua/ssl/x509/certificate.lua" } },
  { "ssl.resty", owner = "resty", table = require "ssl.resty", page = "resty.md",
    names = documented("ssl%.resty", "."), files = { "lua/ssl/resty.lua" } },
}

-- A pool has `request` itself, which belongs to the module that made it.
local function of_pool()
  local pool, out = https.pool {}, {}
  for _, from in ipairs { pool, getmetatable(pool).__index } do
    for name, value in pairs(from) do
      if type(value) == "function" then out[name] = value end
    end
  end
  return out
end

-- A connection's functions come from the list of methods: the methods themselves are guarded.
local function of_connection()
  local out = {}
  for _, entry in ipairs(require "ssl.connection.methods".list()) do
    local name, file = entry[1], entry[2]
    out[name] = require(file)[name]
  end
  return out
end

--- The classes: how the pages call an object, its methods, a page, and their files.
types.classes = {
  { "Context", called = "ctx", methods = methods["SSL:Context"], page = "context.md",
    files = files "lua/ssl/context/setters" },
  { "Connection", called = "conn", methods = of_connection(), page = "connection.md" },
  { "Certificate", called = "cert", methods = methods["SSL:Certificate"], page = "x509.md",
    files = files "lua/ssl/x509" },
  { "Session", called = "s", methods = methods["SSL:Session"], page = "sessions.md",
    files = { "lua/ssl/session/object.lua" } },
  { "Key", called = "key", methods = methods["SSL:Key"], page = "keys-and-certificates.md",
    files = { "lua/ssl/credential/keyobject.lua" } },
  { "Engine", called = "engine", methods = methods["SSL:Engine"], page = "engine.md",
    files = { "lua/ssl/engine.lua" } },
  { "Pool", called = "pool", methods = of_pool(), page = "https.md",
    files = { "lua/ssl/https/pool.lua" } },
}

for _, class_of in ipairs(types.classes) do
  class_of.names = both(documented(class_of.called, ":"), in_tables(class_of.page))
end

local function class_text(class_of)
  local out, page = {}, page_of(class_of.page)
  for _, name in ipairs(sorted(class_of.methods)) do
    out[#out + 1] = comments.declaration(class_of[1], name, class_of.methods[name],
                                         class_of.files or {}, true, page)
  end
  return ("---@class ssl.%s\nlocal %s = {}\n\n"):format(class_of[1], class_of[1])
         .. table.concat(out, "\n")
end

-- Constants are written in capitals. Other fields have types of their own.
local function field(owner, name, value)
  if type(value) == "table" then
    return ("%s.%s = {} ---@type table<string, any>\n"):format(owner, name)
  end
  return ("%s.%s = %s\n"):format(owner, name, type(value) == "string" and '""' or "0")
end

local function module_text(module, owner)
  local out, page = {}, page_of(module.page)
  local names = both({}, module.names)
  for name in pairs(module.table) do
    if tostring(name):find "^%u" then names[name] = true end
  end
  for _, name in ipairs(sorted(names)) do
    local value = module.table[name]
    if type(value) == "function" then
      out[#out + 1] = comments.declaration(owner, name, value, module.files or {}, false, page,
                                           module.there)
    elseif value ~= nil then
      out[#out + 1] = field(owner, name, value)
    end
  end
  for name, kind in pairs(module.unset or {}) do
    out[#out + 1] = ("%s.%s = nil ---@type %s?\n"):format(owner, name, kind)
  end
  for _, part in ipairs(module.parts or {}) do out[#out + 1] = module_text(part, part[1]) end
  return table.concat(out, "\n")
end

-- What stands before a module's functions in its file.
local function head(module)
  local first = ("---@meta %s\n-- Types for editors (LuaLS). Made by script/keys; docs/%s "
                 .. "explains them.\n\n"):format(module[1], module.page)
  if module[1] ~= "ssl" then return first end
  local classes = {}
  for i, class_of in ipairs(types.classes) do classes[i] = class_text(class_of) end
  return first .. keytypes.text() .. "\n" .. table.concat(classes, "\n") .. "\n"
end

--- The files: path -> text.
function types.files()
  local out = {}
  for _, module in ipairs(types.modules) do
    local owner = module.owner
    local path = ("types/%s.lua"):format((module[1]:gsub("%.", "/")))
    out[path] = ("%slocal %s = {}\n\n%s\nreturn %s\n"):format(
      head(module), owner, module_text(module, owner), owner)
  end
  return out
end

return types
