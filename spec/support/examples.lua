--- The examples of a Markdown page, and how to run them.
--
-- An example is a fenced block marked `lua` or `console`. A comment right before it says what
-- it counts on: `<!-- needs: pem, conn -->` names fixtures (spec/support/fixtures.lua), which are
-- variables of the example; `<!-- needs: web 8443 -->` is a server, whose port is printed as
-- 8443; and `<!-- sample: FILE -->` says that it is the text of a file. An example runs in a
-- folder that has the certificates of spec/support/pki.lua and `samples/`. Printed ports are
-- replaced with those that are free here.
--
-- A block marked `nginx` is a configuration, which a fixture or a spec runs: `examples.nginx`.
--
-- In Lua, what stands behind `-->`, at the end of a line that prints or alone on the next, is what
-- has to be printed there; values are separated by two spaces. In a console block a line with
-- `$ ` is a command, and the lines behind it are its output, in which `...` stands for any text.

local ffi     = require "ffi"
local console = require "spec.support.console"
local process = require "spec.support.process"
local sources = require "spec.support.sources"
local wording = require "spec.support.wording"

ffi.cdef [[
int chdir(const char *path);
int symlink(const char *target, const char *path);
]]

local examples = {}
local root = process.capture "pwd":gsub("\n", "")

local KINDS = { ["```lua"] = "lua", ["```console"] = "console" }

-- "pem, web 8443" -> { { name = "pem" }, { name = "web", port = "8443" } }
local function fixtures(text)
  local out = {}
  for entry in text:gmatch "[^,]+" do
    local name, port = entry:match "^%s*([%w_]+)%s*(%d*)%s*$"
    out[#out + 1] = { name = assert(name, "no fixture: " .. entry), port = port ~= "" and port }
  end
  return out
end

--- The examples of a page, in order.
-- @tparam string path
-- @treturn table  { path, line, kind, code, needs, sample } each; line is that of the fence
function examples.of(path)
  local found, current, comment, number = {}, nil, "", 0
  for line in (sources.read(path) .. "\n"):gmatch "([^\n]*)\n" do
    number = number + 1
    if current and line:find "^```" then
      current.code = table.concat(current.lines, "\n") .. "\n"
      found[#found + 1], current = current.kind and current or nil, nil
    elseif current then
      table.insert(current.lines, line)
    elseif line:find "^```" then
      current = { path = path, line = number, lines = {}, kind = KINDS[line],
                  needs = fixtures(comment:match "^<!%-%- needs: (.-) %-%->$" or ""),
                  sample = comment:match "^<!%-%- sample: (.-) %-%->$" }
    end
    comment = line
  end
  return found
end

--- The configuration of nginx that a page prints, as fixtures and specs run it.
-- @tparam string path
-- @tparam table here  text as it is printed -> as it is here; each has to be there
-- @treturn string  all of it, or what is above its line of dots
-- @treturn string  what is below that line
function examples.nginx(path, here)
  local block = assert(sources.read(path):match "\n```nginx\n(.-)```", path)
  -- From the last place to the first: a text that came in is not looked through.
  local places = {}
  for printed, text in pairs(here) do
    local at, last = block:find(printed, 1, true)
    assert(at, printed)
    places[#places + 1] = { at = at, last = last, text = text }
  end
  table.sort(places, function(a, b) return a.at > b.at end)
  for _, place in ipairs(places) do
    block = block:sub(1, place.at - 1) .. place.text .. block:sub(place.last + 1)
  end
  local above, below = block:match "^(.-\n)%.%.%.\n(.*)$"
  return above or block, below or ""
end

-- Ports as they are printed, and as they are here.
local function replacer(ports)
  return function(text)
    return (text:gsub("%f[%w]%d+%f[%W]", ports))
  end
end

local files

-- A folder with what examples name. Links made without a program, since there are many examples.
local function folder()
  if not files then
    files = {}
    local listed = process.capture("ls -d " .. require("spec.support.pki").dir .. "/*")
    for path in (root .. "/samples\n" .. listed):gmatch "[^\n]+" do files[#files + 1] = path end
  end
  local made = process.folder()
  for _, path in ipairs(files) do
    assert(ffi.C.symlink(path, made .. path:match "/[^/]*$") == 0)
  end
  return made
end

-- The variables of an example, its ports, and the folder in which it runs.
local function prepare(example, makers)
  local world, ports, back = { env = {}, listening = {}, folder = folder() }, {}, {}
  for _, need in ipairs(example.needs) do
    if world[need.name] == nil then
      local make = assert(makers[need.name], "nobody knows how to make: " .. need.name)
      world[need.name] = make(world)
    end
    if need.port then
      local port = tostring(world[need.name])
      ports[need.port], back[port] = port, need.port
      world.listening[port] = need.name == "free"
      world[need.name] = nil
    end
  end
  return world, replacer(ports), replacer(back)
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

local function printer(printed, first, as_printed)
  return function(...)
    local values = {}
    for i = 1, select("#", ...) do values[i] = tostring((select(i, ...))) end
    -- A result that ends in nils is shown without them.
    while #values > 1 and select(#values, ...) == nil do values[#values] = nil end
    local text = as_printed(table.concat(values, "  "):gsub("%s+$", ""))
    printed[debug.getinfo(2, "l").currentline - first] = text
  end
end

local function run_lua(example, world, here, as_printed)
  local printed = {}
  world.print = printer(printed, example.line, as_printed)
  -- So that an error names the line of the page.
  local chunk = assert(loadstring(("\n"):rep(example.line) .. here(example.code),
                                  "@" .. example.path))
  setfenv(chunk, setmetatable(world, { __index = _G }))
  assert(ffi.C.chdir(world.folder) == 0)
  local ok, problem = xpcall(chunk, debug.traceback)
  assert(ffi.C.chdir(root) == 0)
  if not ok then error(problem, 0) end
  local expected, seen = expectations(example), {}
  for line, text in pairs(expected) do
    expected[line], seen[line] = wording(text), printed[line]
  end
  return expected, seen
end

--- Run an example.
-- @tparam table example
-- @tparam table makers  name -> function(world), which makes the variable, or the server, whose
--   port it returns; what it puts into `world` is made too. A maker raises { skip = reason }
--   where it cannot.
-- @treturn table  what had to be printed, by line or by command
-- @treturn table  what was printed there
function examples.run(example, makers)
  local world, here, as_printed = prepare(example, makers)
  if example.kind == "lua" then return run_lua(example, world, here, as_printed) end
  return console.run(example, world, here, as_printed)
end

return examples
