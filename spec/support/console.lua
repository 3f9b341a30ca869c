--- The console blocks of spec.support.examples: commands, and what each prints.
--
-- All commands of a block are one shell's, so that `&`, `$!` and `export` mean what they mean for a
-- reader. Behind a command that ends with `&` the shell waits until it listens on the ports of the
-- fixture `free` that stand in it: whoever types has that time. It does not connect to find out,
-- since programs report their connections.

local house   = require "spec.support.init"
local process = require "spec.support.process"
local wording = require "spec.support.wording"

local console = {}

local HEAD = [==[
exec 2>&1
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
trap 'exit 130' TERM
listens() {
	local try place
	place=$(printf ':%04X 0*:0000 0A' "$1")
	for try in $(seq 600); do
		if grep -q "$place" /proc/net/tcp; then return; fi
		sleep 0.05
	done
	echo "nobody listens on port $1"
}
]==]

local MARK = "\1"

--- The commands of a block.
-- @treturn table  { command, output, line } each
function console.steps(lines)
  local steps, unfinished = {}, false
  for i, line in ipairs(lines) do
    local command = line:match "^%$ (.*)$"
    local step = steps[#steps]
    if command then
      step = { command = command, output = "", line = i }
      steps[#steps + 1] = step
    elseif unfinished then
      step.command = step.command .. "\n" .. line
    elseif step then
      step.output = step.output .. line .. "\n"
    end
    unfinished = (command or unfinished) and line:find "\\$" ~= nil
  end
  return steps
end

-- The ports in a command on which the example itself listens.
local function ports(command, listening)
  local found = {}
  for number in command:gmatch "%f[%w]%d+%f[%W]" do
    if listening[number] then found[#found + 1] = number end
  end
  return found
end

local function script(steps, here, listening)
  local out = { HEAD }
  for _, step in ipairs(steps) do
    local command = here(step.command)
    out[#out + 1] = command
    if command:find "&$" then
      for _, port in ipairs(ports(command, listening)) do out[#out + 1] = "listens " .. port end
    end
    out[#out + 1] = "printf '\\001'"
  end
  return table.concat(out, "\n") .. "\n"
end

-- A text in which `...` stands for any text, as a pattern.
local function pattern(text)
  local escaped = text:gsub("[%^%$%(%)%%%.%[%]%*%+%-%?]", "%%%0")
  return "^" .. escaped:gsub("%%%.%%%.%%%.", ".-") .. "$"
end

-- As a terminal shows it: a line that was written over is gone.
local function shown(text)
  return (text:gsub("\r\n", "\n"):gsub("[^\n\1]*\r", ""))
end

--- Run a block.
-- @treturn table  what each command had to print
-- @treturn table  what it printed; where that fits, the same text
function console.run(example, world, here, as_printed)
  local steps = console.steps(example.lines)
  local path = process.write(world.folder .. "/.console", script(steps, here, world.listening))
  local child = process.start { "setsid", "sh", "-c", ("cd %s && exec bash .console"):format(
                                house.quote(world.folder)), input = "", env = world.env }
  assert(child:wait(house.scale(120, 600)), "it does not end: " .. child:output())
  -- Whatever the shell has left behind.
  house.run(("kill -KILL -- -%d 2>/dev/null"):format(child.pid))
  os.remove(path)
  local expected, seen, rest = {}, {}, shown(as_printed(child:output()))
  for i, step in ipairs(steps) do
    local printed, after = rest:match("^([^" .. MARK .. "]*)" .. MARK .. "(.*)$")
    rest = after or ""
    if printed and printed:find "[^\n]$" then printed = printed .. "\n" end
    local wanted = step.output:gsub("[^\n]+", wording)
    expected[i] = step.command .. "\n" .. wanted
    seen[i] = step.command .. "\n" .. (printed or "(the shell has ended)\n")
    if printed and printed:find(pattern(wanted)) then seen[i] = expected[i] end
  end
  return expected, seen
end

return console
