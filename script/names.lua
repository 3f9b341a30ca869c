--- docs/names.md, the index by name: made of the public names that script/types.lua knows, of the
-- first sentences of doc comments, and of the places where the pages explain them.
-- `script/keys` writes it, and structure/names_spec compares.

local names = {}

-- How the pages call an object or a module.
local PREFIX = {
  Context = "ctx:", Connection = "conn:", Certificate = "cert:", Session = "s:", Key = "key:",
  Engine = "engine:", Pool = "pool:", config = "ssl.config.", https = "https.",
  context = "context.", core = "core.", x509 = "x509.", resty = "ssl.resty.",
}

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

-- The anchor of a heading, as GitHub makes it.
local function anchor(heading)
  return (heading:lower():gsub("[^%w%- _]", ""):gsub(" ", "-"))
end

-- Calls f(line, anchor, heading) for the lines of a page. Above the second heading there is no
-- anchor.
local function walk(text, f)
  local section, headings, code = nil, 0, false
  for line in text:gmatch "[^\n]+" do
    if line:find "^```" then code = not code end
    local heading = not code and line:match "^#+ (.*)"
    if heading then
      headings = headings + 1
      section = headings > 1 and anchor(heading) or nil
    end
    f(line, section, heading)
  end
end

local function target(page, section) return section and page .. "#" .. section or page end

local function resolve(page, link)
  return link:find "^#" and page .. link or link
end

-- The code in a text: `conn:send(data)`, `send(data)`, `ssl.PORT`. Is it this name?
local function named(text, name)
  for code in text:gmatch "`([^`]+)`" do
    local rest = code:sub(1, #name) == name and code:sub(#name + 1)
    if rest and rest:find "^[%({]?" and not rest:find "^[%w_.:]" then return true end
  end
  return false
end

local function called(text, name)
  local word = name:gsub("%p", "%%%0")
  -- require("ssl.x509").load
  local required = '"ssl%.' .. word:gsub("%%%.", '"%%)%%.', 1)
  return text:find("%f[%w_.:]" .. word .. "%f[^%w_]") ~= nil or text:find(required) ~= nil
end

local function first_cell(line) return line:match "^| *([^|]*)|" or "" end

-- How a line explains a name, best first. A name without an owner counts on the owner's page.
local WAYS = {
  function(_, heading, full, bare)
    return heading and (called(heading, full) or bare and heading:find("^" .. bare .. "%f[^%w_]"))
  end,
  function(line, _, full) return named(first_cell(line), full) end,
  function(line, _, full) return line:find("^" .. full .. "%(") end,
  function(line, _, _, bare) return bare and named(first_cell(line), bare) end,
  function(line, _, full) return called(line, full) end,
  function(line, _, _, bare) return bare and named(line, bare) end,
}

local function in_page(page, full, bare)
  local text = read("docs/" .. page)
  -- A row that leads elsewhere comes before all.
  for cell in text:gmatch "\n| *([^|\n]*)|" do
    local words, link = cell:match "^%[(.-)%]%((.-)%)"
    if link and (named(words, full) or bare and named(words, bare)) then
      return resolve(page, link)
    end
  end
  for _, way in ipairs(WAYS) do
    local found
    walk(text, function(line, section, heading)
      if not found and way(line, heading, full, bare) then found = target(page, section) end
    end)
    if found then return found end
  end
end

--- Where the pages explain a name.
-- @tparam string name
-- @tparam string prefix  of its owner: "conn:", "ssl."
-- @tparam {string,...} pages  to look at, that of the owner first
-- @treturn string  PAGE, PAGE#SECTION
function names.place(name, prefix, pages)
  local own = pages.own and in_page(pages.own, prefix .. name, name)
  if own then return own end
  -- A heading on any page comes before a mention on any other.
  for _, way in ipairs(WAYS) do
    for _, page in ipairs(pages) do
      local found
      walk(read("docs/" .. page), function(line, section, heading)
        if not found and way(line, heading, prefix .. name) then found = target(page, section) end
      end)
      if found then return found end
    end
  end
  error("no page explains " .. prefix .. name, 0)
end

local INDEXES = { ["index.md"] = true, ["names.md"] = true, ["differences.md"] = true,
                  ["coming-from-luasec.md"] = true }

-- All pages but the indexes; `own` is the first one, where it is no index.
local function pages_after(first)
  local out, pipe = {}, assert(io.popen "ls docs/*.md")
  for path in pipe:lines() do
    local page = path:match "[^/]+$"
    if not INDEXES[page] then table.insert(out, page == first and 1 or #out + 1, page) end
  end
  pipe:close()
  out.own = not INDEXES[first] and first or nil
  return out
end

-- The first sentence of a doc comment, as a cell.
local function sentence(lines)
  local text = table.concat(lines, " "):gsub("%s+", " ")
  text = (text .. " "):match "^(.-)[.;:] " or text
  return (text:gsub("^%s+", ""):gsub("|", "\\|"))
end

-- owner -> { { name, sentence } ... } of the texts of types/.
local function declared(files)
  local out = {}
  for _, text in pairs(files) do
    local lines = {}
    for line in text:gmatch "[^\n]+" do
      local comment = line:match "^%-%-%-([^@].*)$"
      local owner, _, name = line:match "^function ([%w.]+)([.:])([%w_]+)%("
      if comment then
        lines[#lines + 1] = comment
      elseif owner then
        out[owner] = out[owner] or {}
        table.insert(out[owner], { name, sentence(lines) })
      end
      if not line:find "^%-%-%-" then lines = {} end
    end
  end
  return out
end

-- The last cell of a name's row on its page, where the doc comment says nothing.
local function row_text(name, page)
  for line in read("docs/" .. page):gmatch "[^\n]+" do
    if named(first_cell(line), name) then
      local cell = line:match "([^|]*)|$":match "^%s*(.-)%s*$"
      return (cell:gsub("%]%(#", "](" .. page .. "#"))
    end
  end
  return ""
end

local function rows(out, owner, list, pages)
  local prefix = PREFIX[owner] or owner .. "."
  table.sort(list, function(a, b) return a[1] < b[1] end)
  for _, entry in ipairs(list) do
    out[#out + 1] = ("| [`%s%s`](%s) | %s |"):format(
      prefix, entry[1], names.place(entry[1], prefix, pages),
      entry[2] ~= "" and not entry[2]:find "^The method `" and entry[2]
      or pages.own and row_text(entry[1], pages.own) or "")
  end
end

-- The keys, with side and type, from the table of newcontext.md.
local function keys(out)
  local list = {}
  for line in read "docs/newcontext.md":gmatch "[^\n]+" do
    local cell, link, kind = line:match "^| %[([^%]]*)%]%((.-)%) | (.-) |"
    for key in (cell or ""):gmatch "`(%w+)`" do
      list[#list + 1] = { key, resolve("newcontext.md", link),
                          (kind:gsub("%]%(#", "](newcontext.md#")) }
    end
  end
  table.sort(list, function(a, b) return a[1] < b[1] end)
  for _, key in ipairs(list) do
    out[#out + 1] = ("| [`%s`](%s) | %s |"):format(unpack(key))
  end
end

-- The keys in the first table behind a text of a page: a call that is not ssl.newcontext's.
local function keys_behind(out, page, text, own)
  local lines, content = {}, read("docs/" .. page)
  local from = assert(content:find(text, 1, true), text)
  for line in content:match("\n|%-[^\n]*\n(.-\n)\n", from):gmatch "([^\n]*)\n" do
    local cell = line:match "([^|]*)|$":match "^%s*(.-)%s*$"
    cell = cell:match "^(.-)%. " or cell
    cell = cell:gsub("%]%(#", "](" .. page .. "#"):gsub("%*%*", "")
    for key in first_cell(line):gmatch "`(%w+)`" do
      lines[#lines + 1] = ("| [`%s`](%s) | %s |"):format(key, page .. "#" .. own, cell)
    end
  end
  table.sort(lines)
  for _, line in ipairs(lines) do out[#out + 1] = line end
end

-- Pages that have no messages in lists.
local NO_LISTS = { ["performance.md"] = true, ["openresty.md"] = true, ["libressl.md"] = true }

-- The messages that begin an entry of a list: - `closed`, `not supported`: when
local function of_entry(line)
  local out, rest = {}, line:match "^%- (`.*)$"
  while rest do
    local message, behind = rest:match "^`([^`]+)`(.*)$"
    if not message or behind:find "^ %l" then break end
    out[#out + 1] = message
    rest = behind:match "^[,;] (`.*)$"
  end
  return out
end

-- Calls f(message, place) for those in tables whose first column is "message", and in lists.
local function each_message(f)
  local pages = pages_after "connection.md"
  pages[#pages + 1] = "cookbook/why.md"
  for _, page in ipairs(pages) do
    local open = false
    walk(read("docs/" .. page), function(line, section)
      local cell = line:match "^| *(.-) *|"
      if open and cell then
        for message in cell:gmatch "`([^`]+)`" do f(message, target(page, section)) end
      elseif not NO_LISTS[page] then
        for _, message in ipairs(of_entry(line)) do f(message, target(page, section)) end
      end
      open = cell ~= nil and (open or cell == "message")
    end)
  end
end

local function messages(out)
  local list, places = {}, {}
  each_message(function(message, place)
    if not message:find "^%a" or message:find "/$" then return end
    local found = places[message]
    if not found then
      found = {}
      places[message], list[#list + 1] = found, message
    end
    local link = ("[%s](%s)"):format(place:match "^[^#]+", place)
    if found[#found] ~= link then found[#found + 1] = link end
  end)
  table.sort(list, function(a, b)
    if a:lower() ~= b:lower() then return a:lower() < b:lower() end
    return a < b
  end)
  for _, message in ipairs(list) do
    out[#out + 1] = ("| `%s` | %s |"):format(message, table.concat(places[message], ", "))
  end
end

local HEAD = [[
# Names

Every public function, method, key and message, with a link to its explanation. Another index
is [by task](index.md#by-task). `script/keys` writes this page.]]

--- The text of the page.
-- @tparam table types  script/types.lua
-- @tparam {[string]=string} files  its files
-- @treturn string
function names.text(types, files)
  local found, out = declared(files), { HEAD }
  local function section(title, head)
    out[#out + 1] = ("\n## %s\n\n| %s | |\n|---|---|"):format(title, head)
  end
  section("Functions", "function")
  for _, module in ipairs(types.modules) do
    rows(out, module.owner, found[module.owner] or {}, pages_after(module.page))
    for _, part in ipairs(module.parts or {}) do
      rows(out, part[1], found[part[1]] or {}, pages_after(part.page))
    end
  end
  section("Methods", "method")
  for _, class in ipairs(types.classes) do
    rows(out, class[1], found[class[1]] or {}, pages_after(class.page))
  end
  section("Keys of ssl.newcontext", "key")
  keys(out)
  section("Keys of ssl.connect", "beside those of ssl.newcontext, or otherwise")
  keys_behind(out, "connect.md", "These keys\ndiffer:", "sslconnectname-port-flags")
  section("Keys of https.request", "beside those of ssl.newcontext")
  keys_behind(out, "https.md", "The table has LuaSocket's fields.", "httpsrequest")
  section("Keys of https.pool", "key")
  keys_behind(out, "https.md", "\n## Pools\n", "pools")
  section("Messages", "message")
  messages(out)
  return table.concat(out, "\n") .. "\n"
end

return names
