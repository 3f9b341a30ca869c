-- The work of script/example: examples of docs/, run one after another.

package.path = "./?.lua;" .. package.path

local examples = require "spec.support.examples"
local fixtures = require "spec.support.fixtures"
local process  = require "spec.support.process"
local sources  = require "spec.support.sources"

local PAGES = sources.list("docs", "md")
table.insert(PAGES, 1, "README.md")

local function first_line(example)
  return example.code:match "^%$?%s*([^\n]*)"
end

local function list()
  for _, page in ipairs(PAGES) do
    for i, example in ipairs(examples.of(page)) do
      if not example.sample then print(("%s %d\t%s"):format(page, i, first_line(example))) end
    end
  end
end

-- Each key of two tables, in order.
local function lines(expected)
  local out = {}
  for line in pairs(expected) do out[#out + 1] = line end
  table.sort(out)
  return out
end

-- Did it print what the page says?
local function run(page, i, example)
  print(("--- %s, example %d, at line %d"):format(page, i, example.line))
  if example.kind == "lua" then io.write(example.code) end
  local ok, expected, seen = pcall(examples.run, example, fixtures)
  process.stop_all()
  if not ok then
    print(type(expected) == "table" and "skipped: " .. expected.skip or expected)
    return type(expected) == "table"
  end
  local right = true
  for _, line in ipairs(lines(expected)) do
    local prefix = example.kind == "lua" and "--> " or "$ "
    print(prefix .. tostring(seen[line]):gsub("\n$", ""))
    if seen[line] ~= expected[line] then
      right = false
      print("the page has:\n" .. prefix .. expected[line])
    end
  end
  return right
end

local page, number = ...
if not page then
  list()
  os.exit(0)
end
if page:find "^%./" then page = page:sub(3) end
local all, count = true, 0
for i, example in ipairs(examples.of(page)) do
  if not example.sample and (not number or i == tonumber(number)) then
    count, all = count + 1, run(page, i, example) and all
  end
end
if count == 0 then print "there is no such example" end
os.exit(all and count > 0 and 0 or 1)
