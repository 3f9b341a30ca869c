-- luajit script/matrixpage.lua [PAGE] <ROWS: prints the rows of script/matrix as a table, and
-- puts them into the page, docs/compatibility.md.
--
-- A line of ROWS has fields with tabs between them:
--
--   row   SYSTEM PROCESSOR OPENSSL LUAJIT RESULT DATE
--   skip  SYSTEM PROCESSOR OPENSSL LUAJIT REASON COUNT    of the row before it
--
-- In the page a row replaces that of the same system, processor, LuaJIT and version of
-- OpenSSL up to its last dot. The exit status is 0 if every row has passed.

local BEGINS, ENDS = "<!-- rows of script/matrix -->\n", "<!-- end of the rows -->\n"
local HEAD = "| system | processor | OpenSSL | LuaJIT | result | date |\n"
             .. "|---|---|---|---|---|---|\n"
local ROW = "| %s | %s | %s | %s | %s | %s |\n"
local SKIPPED = "\nTests that were skipped, with the reason:\n\n"
                .. "| row | reason | tests |\n|---|---|---|\n"

local function key(row)
  return table.concat({ row[1], row[2], (row[3]:gsub("%.%d+%a*$", "")), row[4] }, "\t")
end

local function fields(line)
  local out = {}
  for field in (line .. "\t"):gmatch "([^\t]*)\t" do out[#out + 1] = field end
  return table.remove(out, 1), out
end

-- Rows by key, and their order.
local function read(lines)
  local rows = {}
  for line in lines do
    local kind, row = fields(line)
    if kind == "row" then
      row.skips = {}
      rows[#rows + 1] = row
    elseif kind == "skip" then
      table.insert(rows[#rows].skips, { row[5], row[6] })
    end
  end
  return rows
end

local function cells(line)
  local out = {}
  for cell in line:gmatch "| %s*([^|]-)%s*%f[|]" do out[#out + 1] = cell end
  return out
end

-- How a row is called in the table of what was skipped.
local function name(row)
  return ("%s, %s, %s, %s"):format(row[1], row[2], row[3], row[4])
end

-- The rows that a page has.
local function read_page(text)
  local rows, named, skips = {}, {}, false
  for line in text:gmatch "[^\n]+" do
    local row = cells(line)
    if line:find "^| row " then
      skips = true
    elseif skips and #row == 3 then
      table.insert(named[row[1]].skips, { row[2], row[3] })
    elseif #row == 6 and row[1] ~= "system" then
      row.skips = {}
      rows[#rows + 1], named[name(row)] = row, row
    end
  end
  return rows
end

local function merged(old, new)
  local out, places = {}, {}
  for _, list in ipairs { old, new } do
    for _, row in ipairs(list) do
      local place = places[key(row)] or #out + 1
      out[place], places[key(row)] = row, place
    end
  end
  table.sort(out, function(a, b) return key(a) < key(b) end)
  return out
end

local function write(rows)
  local out, skips = { HEAD }, { SKIPPED }
  for _, row in ipairs(rows) do
    out[#out + 1] = ROW:format(unpack(row))
    for _, skip in ipairs(row.skips) do
      skips[#skips + 1] = ("| %s | %s | %s |\n"):format(name(row), skip[1], skip[2])
    end
  end
  return table.concat(out) .. (skips[2] and table.concat(skips) or "")
end

local function put(path, new)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  local _, first = text:find(BEGINS, 1, true)
  local last = text:find(ENDS, 1, true)
  assert(first and last, path .. " has no place for the rows")
  file = assert(io.open(path, "w"))
  assert(file:write(text:sub(1, first), write(merged(read_page(text:sub(first, last)), new)),
                    text:sub(last)))
  file:close()
end

local rows = read(io.lines())
io.write(write(rows))
if arg[1] then put(arg[1], rows) end
local passed = rows[1] ~= nil
for _, row in ipairs(rows) do
  passed = passed and row[5]:find(" passed, 0 failed", 1, true) ~= nil
end
os.exit(passed and 0 or 1)
