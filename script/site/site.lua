-- The work of script/docs, in pandoc: a filter of an empty document that reads and writes all
-- pages, since a process for each page would take ten times as long. The metadata has the
-- names of the pages (`pages`), the folder of the results (`out`) and the date of manual pages
-- (`date`).

local pandoc = pandoc
local stringify = pandoc.utils.stringify

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

-- "docs/connect.md" beside "docs/cookbook/api.md": "../connect.md". Both ways of a link.
local function resolve(page, path)
  local folder = page:match "^(.*/)" or ""
  while path:find "^%.%./" do
    folder, path = folder:gsub("[^/]+/$", ""), path:sub(4)
  end
  return folder .. path
end

-- The site ------------------------------------------------------------------------------------

-- "connection.md#close" -> "connection.html#close". Other addresses stay.
local function html_link(link)
  if not link.target:find "^%a+:" then
    link.target = link.target:gsub("%.md$", ".html"):gsub("%.md#", ".html#")
  end
  return link
end

local function quoted(text)
  return '"' .. text:gsub('[%c"\\<]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
end

-- The text of a block. Words of different cells, lines and entries do not become one.
local function words(block)
  local function spaced(el)
    el.content:insert(pandoc.Space())
    return el
  end
  return stringify(pandoc.walk_block(pandoc.Div { block }, {
    CodeBlock = function(code) return pandoc.Plain { pandoc.Str(code.text .. " ") } end,
    Plain = spaced, Para = spaced,
  }))
end

-- The sections of a page for the search, as entries of a list of JavaScript.
local function parts(name, doc)
  local out, anchor, title, text = {}, "", nil, {}
  local page
  local function done()
    if title then
      out[#out + 1] = ("{p:%s,n:%s,t:%s,x:%s},\n"):format(quoted(name .. ".html" .. anchor),
        quoted(page), quoted(title), quoted(table.concat(text, " ")))
    end
  end
  for _, block in ipairs(doc.blocks) do
    if block.t == "Header" then
      done()
      anchor = page and "#" .. block.identifier or ""
      title, text = stringify(block), {}
      page = page or title
    elseif block.t ~= "RawBlock" then
      text[#text + 1] = words(block)
    end
  end
  done()
  return table.concat(out), page
end

-- Links to the sections, where there are some.
local function contents(doc)
  local list = {}
  for _, block in ipairs(doc.blocks) do
    if block.t == "Header" and block.level == 2 then
      list[#list + 1] = { pandoc.Plain { pandoc.Link(block.content, "#" .. block.identifier) } }
    end
  end
  if #list < 3 then return "" end
  return '<nav id="toc">' .. pandoc.write(pandoc.Pandoc { pandoc.BulletList(list) }, "html5")
         .. "</nav>"
end

local function html(name, doc, template, out)
  local entries, title = parts(name, doc)
  local values = {
    title = title:gsub("[<&]", { ["<"] = "&lt;", ["&"] = "&amp;" }),
    up = name:gsub("[^/]+$", ""):gsub("[^/]+/", "../"),
    toc = contents(doc), body = pandoc.write(doc:walk { Link = html_link }, "html5"),
  }
  write(out .. "/html/" .. name .. ".html", (template:gsub("%$(%l+)%$", values)))
  return entries
end

-- Manual pages --------------------------------------------------------------------------------

-- "docs/cookbook/api" -> "ssl-cookbook-api"; nil for what is not about the use of the library.
local function man_name(name)
  local rest = name:match "^docs/(.*)"
  if not rest or rest:find "^internals/" then return nil end
  return rest == "index" and "ssl" or "ssl-" .. rest:gsub("/", "-")
end

-- Links become text, and what is linked goes into `linked`.
local function man_link(name, linked)
  return function(link)
    if link.target:find "^%a+:" then return nil end
    local path = link.target:match "^([^#]+)%.md"
    local other = path and man_name(resolve(name, path))
    if other and not linked[other] then
      linked[other] = true
      linked[#linked + 1] = other
    end
    if other and stringify(link):find "%.md$" then
      return { pandoc.Strong { pandoc.Str(other) }, pandoc.Str "(3lua)" }
    end
    return link.content
  end
end

-- The first column as wide as its longest cell, within limits.
local function man_table(tbl)
  local simple, longest = pandoc.utils.to_simple_table(tbl), 0
  for _, row in ipairs(simple.rows) do
    longest = math.max(longest, #stringify(row[1] or {}))
  end
  local count = #simple.aligns
  local first = count == 1 and 0.95 or math.min(0.45, math.max(0.12, longest / 72))
  local rest = (0.98 - 0.04 * (count - 1) - first) / math.max(1, count - 1)
  for i = 1, count do simple.widths[i] = i == 1 and first or rest end
  return pandoc.utils.from_simple_table(simple)
end

local function see_also(blocks, name, linked)
  table.sort(linked)
  local also = pandoc.List {}
  for _, other in ipairs(linked) do
    if other ~= name then
      if also[1] then also:extend { pandoc.Str ",", pandoc.Space() } end
      also:extend { pandoc.Strong { pandoc.Str(other) }, pandoc.Str "(3lua)" }
    end
  end
  if also[1] then blocks:extend { pandoc.Header(1, "SEE ALSO"), pandoc.Para(also) } end
end

local function man(name, doc, out, date)
  local title, linked = man_name(name), {}
  if not title then return end
  local heading = stringify(table.remove(doc.blocks, 1))
  doc = doc:walk { Link = man_link(name, linked), Table = man_table,
                   Header = function(h) h.level = math.max(1, h.level - 1) return h end }
  local blocks = pandoc.List {
    pandoc.Header(1, "NAME"), pandoc.Para { pandoc.Str(title .. " - " .. heading) },
    pandoc.Header(1, "DESCRIPTION"),
  }
  blocks:extend(doc.blocks)
  see_also(blocks, title, linked)
  -- Fonts by the names that every formatter knows. Columns are too narrow to be adjusted.
  local text = ("\n" .. pandoc.write(pandoc.Pandoc(blocks), "man"))
    :gsub("(\n%.S[HS] [^\n]*\n)%.PP\n", "%1")
    :gsub("\\f%[V(%u*)%]", "\\fB"):gsub("\\f%[C%u*%]", "\\fR"):gsub("\\f%[([RBI])%]", "\\f%1")
  write(("%s/man/man3/%s.3lua"):format(out, title), ('.\\" Made by script/docs.\n'
    .. '.TH "%s" "3lua" "%s" "luasec-ffi"\n.ad l\n.nh\n%s\n'):format(title:upper(), date, text))
end

function Pandoc(doc)
  local out, template = stringify(doc.meta.out), read "script/site/page.html"
  local entries = {}
  for name in stringify(doc.meta.pages):gmatch "%S+" do
    local page = pandoc.read(read(name .. ".md"), "gfm")
    entries[#entries + 1] = html(name, page, template, out)
    man(name, page, out, stringify(doc.meta.date))
  end
  write(out .. "/html/parts.js", "var parts = [\n" .. table.concat(entries) .. "];\n")
  return pandoc.Pandoc {}
end
