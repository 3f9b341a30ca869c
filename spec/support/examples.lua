--- The Lua examples of a Markdown page, and how to run them.
--
-- An example is a fenced block marked `lua`. A comment right before it says what it
-- counts on: `<!-- needs: pem, conn -->` names variables that `run` is given makers
-- for, and `<!-- sample: FILE -->` says that it is the text of a file. What stands
-- behind `-->`, at the end of a line that prints or alone on the next, is what has to
-- be printed there; values are separated by two spaces.

local sources = require "spec.support.sources"

local examples = {}

local function words(text)
  local out = {}
  for word in text:gmatch "[%w_]+" do out[#out + 1] = word end
  return out
end

--- The examples of a page, in order.
-- @tparam string path
-- @treturn table  { path, line, code, needs, sample } each; line is that of the fence
function examples.of(path)
  local found, current, comment, number = {}, nil, "", 0
  for line in (sources.read(path) .. "\n"):gmatch "([^\n]*)\n" do
    number = number + 1
    if current and line:find "^```" then
      current.code = table.concat(current.lines, "\n") .. "\n"
      found[#found + 1], current = current.wanted and current or nil, nil
    elseif current then
      table.insert(current.lines, line)
    elseif line:find "^```" then
      current = { path = path, line = number, lines = {}, wanted = line == "```lua",
                  needs = words(comment:match "^<!%-%- needs: (.-) %-%->$" or ""),
                  sample = comment:match "^<!%-%- sample: (.-) %-%->$" }
    end
    comment = line
  end
  return found
end

-- What has to be printed, by the line that prints it.
local function expectations(example)
  local expected = {}
  for i, line in ipairs(example.lines) do
    local code, text = line:match "^(.-)%s*%-%->%s*(.-)%s*$"
    if code then expected[code == "" and i - 1 or i] = text end
  end
  return expected
end

local function printer(printed, first)
  return function(...)
    local values = {}
    for i = 1, select("#", ...) do values[i] = tostring((select(i, ...))) end
    -- A result that ends in nils is shown without them.
    while #values > 1 and select(#values, ...) == nil do values[#values] = nil end
    printed[debug.getinfo(2, "l").currentline - first] = table.concat(values, "  "):gsub("%s+$", "")
  end
end

--- Run an example.
-- @tparam table example
-- @tparam table makers  name -> function(world), which makes the variable; what it
--   puts into `world` is made too
-- @treturn table  what had to be printed, by line
-- @treturn table  what was printed there
function examples.run(example, makers)
  local world, printed = {}, {}
  for _, name in ipairs(example.needs) do
    local make = assert(makers[name], "nobody knows how to make: " .. name)
    if world[name] == nil then world[name] = make(world) end
  end
  world.print = printer(printed, example.line)
  -- So that an error names the line of the page.
  local chunk = assert(loadstring(("\n"):rep(example.line) .. example.code,
                                  "@" .. example.path))
  setfenv(chunk, setmetatable(world, { __index = _G }))
  chunk()
  local expected, seen = expectations(example), {}
  for line in pairs(expected) do seen[line] = printed[line] end
  return expected, seen
end

return examples
