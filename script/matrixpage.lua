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

-- The page has two tables: the rows, and for each reason how many tests each row has skipped.
local PLACES = {
  rows    = { "<!-- rows of script/matrix -->\n", "<!-- end of the rows -->\n" },
  skipped = { "<!-- tests that script/matrix skipped -->\n", "<!-- end of the tests -->\n" },
}
local HEAD = "| | system | processor | OpenSSL | LuaJIT | result | date |\n"
             .. "|---|---|---|---|---|---|---|\n"
local ROW = "| %d | %s | %s | %s | %s | %s | %s |\n"

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

-- The text between the marks of a place, and where it begins and ends.
local function between(text, place)
  local _, first = text:find(place[1], 1, true)
  local last = text:find(place[2], 1, true)
  assert(first and last, "the page has no place for " .. place[1])
  return text:sub(first + 1, last - 1), first, last
end

-- The rows that a page has. The first cell of a row is its number, the heading of its column
-- in the table of what was skipped.
local function read_page(text)
  local rows, columns = {}, {}
  for line in between(text, PLACES.rows):gmatch "[^\n]+" do
    local row = cells(line)
    local number = tonumber(table.remove(row, 1) or "")
    if number then
      row.skips = {}
      rows[#rows + 1], columns[number] = row, row
    end
  end
  local headings
  for line in between(text, PLACES.skipped):gmatch "[^\n]+" do
    local row = cells(line)
    headings = headings or row
    for i = 2, #row do
      if tonumber(row[i]) and row ~= headings then
        table.insert(columns[tonumber(headings[i])].skips, { row[1], row[i] })
      end
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

-- A reason without the version, so that it is the same one in each row.
local function general(reason, openssl)
  local version = openssl:gsub(" without async$", ""):gsub("%p", "%%%0")
  return (reason:gsub(": not with .*$", ""):gsub(", and this is .*$", "")
          :gsub(version .. "[%w ]* has no ", "no "))
end

-- For each reason the number of tests by row, and the reasons in order.
local function reasons(rows)
  local counts, order = {}, {}
  for i, row in ipairs(rows) do
    for _, skip in ipairs(row.skips) do
      local reason = general(skip[1], row[3])
      if not counts[reason] then
        counts[reason], order[#order + 1] = {}, reason
      end
      counts[reason][i] = (counts[reason][i] or 0) + tonumber(skip[2])
    end
  end
  table.sort(order)
  return counts, order
end

local function row_table(rows)
  local out = { HEAD }
  for i, row in ipairs(rows) do out[#out + 1] = ROW:format(i, unpack(row)) end
  return table.concat(out)
end

local function skip_table(rows)
  local counts, order = reasons(rows)
  if not order[1] then return "" end
  local columns, head = {}, { "reason" }
  for i, row in ipairs(rows) do
    if row.skips[1] then
      columns[#columns + 1], head[#head + 1] = i, tostring(i)
    end
  end
  local out = { "| " .. table.concat(head, " | ") .. " |\n", ("|---"):rep(#head) .. "|\n" }
  for _, reason in ipairs(order) do
    local line = { reason }
    for _, i in ipairs(columns) do line[#line + 1] = tostring(counts[reason][i] or "") end
    out[#out + 1] = "| " .. table.concat(line, " | ") .. " |\n"
  end
  return table.concat(out)
end

local function replaced(text, place, new)
  local _, first, last = between(text, place)
  return text:sub(1, first) .. new .. text:sub(last)
end

local function put(path, new)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  local rows = merged(read_page(text), new)
  text = replaced(text, PLACES.rows, row_table(rows))
  text = replaced(text, PLACES.skipped, skip_table(rows))
  file = assert(io.open(path, "w"))
  assert(file:write(text))
  file:close()
end

local rows = read(io.lines())
io.write(row_table(rows), "\nSkipped tests, by reason and row:\n\n", skip_table(rows))
if arg[1] then put(arg[1], rows) end
local passed = rows[1] ~= nil
for _, row in ipairs(rows) do
  passed = passed and row[5]:find(" passed, 0 failed", 1, true) ~= nil
end
os.exit(passed and 0 or 1)
