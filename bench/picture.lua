-- The picture of docs/performance.md's first machine: docs/performance.svg.
--
--     luajit bench/picture.lua        makes it anew; script/bench does so behind a full run
--
-- A line for each row of bench/rows.lua that has words for it, with a mark for each library: its
-- CPU time as a multiple of raw C's, on a scale of powers of two.

package.path = "bench/?.lua;" .. package.path
local files = require "files"
local page  = require "page"
local rows  = require "rows"

local picture = {}

local WIDTH, LEFT, RIGHT = 760, 178, 690
local TOP, STEP, BELOW = 104, 30, 52

-- Columns of the table, the words and the mark of each; the last is drawn above the others, and is
-- the first of the legend.
local MARKS = {
  { column = "Python", class = "c",
    shape = '<path class="%s" d="M0-6.5 6 5H-6z" transform="translate(%.1f %.1f)"/>' },
  { column = "luaossl+cqueues", class = "b",
    shape = '<rect class="%s" x="-5" y="-5" width="10" height="10" '
            .. 'transform="translate(%.1f %.1f)"/>' },
  { column = "LuaSec", class = "a",
    shape = '<circle class="%s" cx="%.1f" cy="%.1f" r="5.5"/>' },
  { column = "node", class = "d",
    shape = '<circle class="%s" cx="%.1f" cy="%.1f" r="5.5"/>' },
  { column = "ours", words = "luasec-ffi", class = "o",
    shape = '<path class="%s" d="M0-8.5 8.5 0 0 8.5-8.5 0z" transform="translate(%.1f %.1f)"/>' },
}

-- Behind the picture is a ground of its own: a page may be dark where the system is not.
local STYLE = [[
  text { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #24292f }
  .ground { fill: #fff; stroke: #d0d7de } .title { font-size: 16px; font-weight: 600 }
  .small { font-size: 11.5px; fill: #57606a } .value { font-weight: 600 }
  .grid { stroke: #d8dee4 } .one { stroke: #57606a; stroke-width: 1.5 }
  .reach { stroke: #afb8c1; stroke-width: 2 }
  .o { fill: #cf4a00 } .a { fill: #0969da } .b { fill: #8250df } .c { fill: #1a7f37 }
  .d { fill: none; stroke: #57606a; stroke-width: 2.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .ground { fill: #0d1117; stroke: #30363d } .small { fill: #9ba3ad }
    .grid { stroke: #262c34 } .one { stroke: #9ba3ad } .reach { stroke: #484f58 }
    .o { fill: #ff8a3d } .a { fill: #58a6ff } .b { fill: #bc8cff } .c { fill: #3fb950 }
    .d { stroke: #9ba3ad }
  }
]]

local function escape(text)
  return (text:gsub('[&<>"]', { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
                                ['"'] = "&quot;" }))
end

local function cells(line)
  local found = {}
  for cell in line:gmatch "|%s*([^|]-)%s*%f[|]" do found[#found + 1] = cell end
  return found
end

-- Of the first table, that of costs: the multiple of raw C, by the name of the row and that of
-- the column.
local function ratios(text)
  local heads, found = nil, {}
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    local row = cells(line)
    if row[1] == "work" then
      heads = row
    elseif heads and row[1] and not row[1]:find "^%-+$" then
      found[row[1]] = {}
      for i, head in ipairs(heads) do
        local is_mark = i > 1 and row[i]
        found[row[1]][head] = is_mark and tonumber(is_mark:match "^[%d.]+ %(([%d.]+)%)$") or nil
      end
    elseif heads and not row[1] then
      break
    end
  end
  return found
end

--- What is drawn: in the order of the rows `words`, and `marks` by the name of the column.
-- @tparam string text  the page
-- @treturn table  and the name of the machine
function picture.data(text)
  local machine = assert(page.machines(text)[1], "the page has no machine")
  local by_name, found = ratios(machine.rows or ""), {}
  for _, row in ipairs(rows) do
    local marks = row.picture and by_name[row.name]
    if marks and marks.ours then found[#found + 1] = { words = row.picture, marks = marks } end
  end
  assert(#found > 0, "the page has no row for the picture")
  return found, machine.name
end

-- The powers of two that all marks lie between.
local function scale(data)
  local low, high = 0, 0
  for _, row in ipairs(data) do
    for _, value in pairs(row.marks) do
      local power = math.log(value) / math.log(2)
      low, high = math.min(low, math.floor(power)), math.max(high, math.ceil(power))
    end
  end
  local function x(value)
    return LEFT + (math.log(value) / math.log(2) - low) / (high - low) * (RIGHT - LEFT)
  end
  return x, low, high
end

local function grid(out, x, low, high, bottom)
  for power = low, high do
    local at = x(2 ^ power)
    out[#out + 1] = ('<path class="%s" d="M%.1f %d V%d"/>'):format(
      power == 0 and "one" or "grid", at, TOP - 18, bottom)
    out[#out + 1] = ('<text class="small" x="%.1f" y="%d" text-anchor="middle">%s</text>'):format(
      at, bottom + 16, power == 0 and "plain C" or ("%g"):format(2 ^ power))
  end
end

local function one_row(out, x, row, y)
  local least, most = math.huge, 0
  for _, value in pairs(row.marks) do
    least, most = math.min(least, value), math.max(most, value)
  end
  out[#out + 1] = ('<text x="%d" y="%d" text-anchor="end">%s</text>'):format(
    LEFT - 14, y + 4, escape(row.words))
  out[#out + 1] = ('<path class="reach" d="M%.1f %d H%.1f"/>'):format(x(least), y, x(most))
  for _, mark in ipairs(MARKS) do
    local value = row.marks[mark.column]
    if value then out[#out + 1] = mark.shape:format(mark.class, x(value), y) end
  end
  out[#out + 1] = ('<text class="value" x="%d" y="%d" text-anchor="end">%s</text>'):format(
    WIDTH - 14, y + 4, ("%.2f"):format(row.marks.ours))
end

local function legend(out)
  local at = 24
  for i = #MARKS, 1, -1 do
    local mark = MARKS[i]
    local words = mark.words or mark.column
    out[#out + 1] = mark.shape:format(mark.class, at, 66)
    out[#out + 1] = ('<text x="%d" y="70">%s</text>'):format(at + 13, words)
    at = at + 40 + 7.2 * #words
  end
end

local TITLE = "CPU time per unit of work, as a multiple of plain C's"

--- The picture of a page.
-- @tparam string text  the page
-- @treturn string  SVG
function picture.draw(text)
  local data, machine = picture.data(text)
  local x, low, high = scale(data)
  local bottom = TOP + (#data - 1) * STEP + 18
  local height = bottom + BELOW
  local out = {
    ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img">'):format(
      WIDTH, height),
    ("<title>%s</title>"):format(escape(TITLE)),
    "<style>\n" .. STYLE .. "</style>",
    ('<rect class="ground" x="0.5" y="0.5" width="%d" height="%d" rx="8"/>'):format(
      WIDTH - 1, height - 1),
    ('<text class="title" x="16" y="28">%s</text>'):format(escape(TITLE)),
    '<text class="small" x="16" y="46">further left is cheaper; each step is twice as much</text>',
    ('<text class="small" x="%d" y="46" text-anchor="end">luasec-ffi</text>'):format(WIDTH - 14),
  }
  legend(out)
  grid(out, x, low, high, bottom)
  for i, row in ipairs(data) do one_row(out, x, row, TOP + (i - 1) * STEP) end
  out[#out + 1] = ('<text class="small" x="16" y="%d">%s</text>'):format(height - 14,
                                                                        escape(machine))
  out[#out + 1] = "</svg>\n"
  return table.concat(out, "\n")
end

--- Draw a page into a file.
function picture.write(path, file) files.write(file, picture.draw(files.read(path))) end

if ... == "picture" then return picture end
picture.write("docs/performance.md", "docs/performance.svg")
