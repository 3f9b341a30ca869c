-- The tables of a page by machine, between two marks:
--
--     <!-- bench: begin -->
--
--     ### a machine
--
--     <!-- bench: rows -->
--     ...
--     <!-- bench: openssl -->
--     ...
--
--     <!-- bench: end -->
--
-- A run replaces its own machine's part, and of that its own section.

local page = {}

local BEGIN, END = "<!-- bench: begin -->\n", "<!-- bench: end -->"
local SECTIONS = { "rows", "openssl" }

local function trim(text) return (text:gsub("^%s+", ""):gsub("%s+$", "")) end

-- Before the tables, the tables, behind them.
local function split(text)
  local _, beg = text:find(BEGIN, 1, true)
  local last = text:find(END, 1, true)
  assert(beg and last, "the page has no place for the tables")
  return text:sub(1, beg), text:sub(beg + 1, last - 1), text:sub(last)
end

local function sections(text)
  local found = {}
  for _, name in ipairs(SECTIONS) do
    local mark = ("<!-- bench: %s -->\n"):format(name)
    local _, beg = text:find(mark, 1, true)
    if beg then
      local next_mark = text:find("<!-- bench: ", beg, true)
      found[name] = trim(text:sub(beg + 1, (next_mark or 0) - 1))
    end
  end
  return found
end

--- The machines of a page, in its order: `name`, and the text of each section.
function page.machines(text)
  local _, tables = split(text)
  local found, places = {}, {}
  for place in ("\n" .. tables):gmatch "()\n### " do places[#places + 1] = place end
  for i, place in ipairs(places) do
    local part = tables:sub(place, (places[i + 1] or #tables + 1) - 1)
    local machine = sections(part)
    machine.name = part:match "^### ([^\n]*)"
    found[i] = machine
  end
  return found
end

local function part(machine)
  local out = { "### " .. machine.name }
  for _, name in ipairs(SECTIONS) do
    if machine[name] then
      out[#out + 1] = ("<!-- bench: %s -->\n\n%s"):format(name, machine[name])
    end
  end
  return table.concat(out, "\n\n")
end

--- The page with a section of a machine in place of the one it had. A machine that the page does
-- not know comes first.
-- @treturn string
function page.put(text, name, section, body)
  local before, _, behind = split(text)
  local machines, mine = page.machines(text), nil
  for _, machine in ipairs(machines) do
    if machine.name == name then mine = machine end
  end
  if not mine then
    mine = { name = name }
    table.insert(machines, 1, mine)
  end
  mine[section] = trim(body)
  local out = {}
  for i, machine in ipairs(machines) do out[i] = part(machine) end
  return before .. "\n" .. table.concat(out, "\n\n") .. "\n\n" .. behind
end

return page
