--- busted output: a line a spec file, failures in full, and a tally.
--
-- The tally is a file, SSL_SPEC_TALLY, that gets a line for each test as it
-- starts (test and its name) and ends (passed, failed or skipped), for each file as it
-- starts (file and its name) and ends (took, its seconds and its name), and `end` when
-- the suite is over. A process that dies leaves what it had counted, where it
-- was, and no `end`: script/test sees all three.

local busted = require "busted"
local pretty = require "pl.pretty"
local system = require "system"

local MODE  = os.getenv "SSL_SPEC_MODE" or "specs"
local WORDS = { success = "passed", pending = "skipped" }

local function counter()
  local path = os.getenv "SSL_SPEC_TALLY"
  local file = path and assert(io.open(path, "a"))
  return function(word)
    if file then
      file:write(word, "\n")
      file:flush()
    end
  end
end

local function full_name(element)
  local names = {}
  while element and element.descriptor ~= "file" and element.descriptor ~= "suite" do
    table.insert(names, 1, element.name or element.descriptor)
    element = busted.parent(element)
  end
  return table.concat(names, " ")
end

local function place(element, trace)
  trace = trace or element.trace
  if trace and trace.short_src then
    return ("%s:%s"):format(trace.short_src, trace.currentline)
  end
  return element.name or "?"
end

local function text(message)
  if type(message) == "string" then return message end
  if message == nil then return "(an error without a message)" end
  return pretty.write(message)
end

-- The command that runs the failed file by itself: MODE is "specs" where busted was started
-- without script/test.
local function again(file)
  if MODE == "specs" then return "busted " .. file end
  return ("script/test --mode %s %s"):format(MODE, file)
end

local function print_failure(element, message, trace, file)
  io.write(("\n  FAILED [%s] %s\n"):format(MODE, full_name(element)),
           "    at ", place(element, trace), "\n    ",
           (text(message):gsub("\n", "\n    ")), "\n")
  if trace and trace.traceback then
    io.write("    ", (trace.traceback:gsub("\n", "\n    ")), "\n")
  end
  if file then io.write("    again: ", again(file), "\n") end
  io.write "\n"
end

return function()
  local tally = counter()
  local file, started
  local counts = { passed = 0, failed = 0, skipped = 0 }
  local any_failed = false
  local handler = {}

  local function note(word)
    counts[word] = counts[word] + 1
    any_failed = any_failed or word == "failed"
    tally(word)
  end

  local function file_start(element)
    file, started = element.name, system.monotime()
    tally("file " .. file)
    counts = { passed = 0, failed = 0, skipped = 0 }
    return nil, true
  end

  local function file_end()
    local skipped = counts.skipped > 0 and (", %d skipped"):format(counts.skipped) or ""
    local seconds = system.monotime() - started
    io.write(("  %-40s %4d passed, %d failed%s (%.1f s)\n"):format(
      file, counts.passed, counts.failed, skipped, seconds))
    tally(("took %.1f %s"):format(seconds, file))
    io.flush()
    return nil, true
  end

  local function test_start(element)
    tally("test " .. full_name(element):gsub("\n", " "))
    return nil, true
  end

  local function test_end(_, _, status)
    note(WORDS[status] or "failed")
    return nil, true
  end

  -- Of a test that failed, test_end does the counting; what fails outside one
  -- (a file that does not load, a describe, a teardown) is counted here.
  local function failed(element, _, message, trace)
    print_failure(element, message, trace, file)
    if element.descriptor ~= "it" then note "failed" end
    return nil, true
  end

  local function pending(element, _, message)
    -- busted puts the place before a reason that a test gives.
    local reason = message and " (" .. text(message):gsub("^%S+:%d+: ", "") .. ")" or ""
    io.write(("  skipped: %s%s\n"):format(full_name(element), reason))
    return nil, true
  end

  -- busted itself would end a failed run with error(), and so with a message
  -- that says nothing. Closing the state runs every finalizer, which is part
  -- of what is tested.
  local function exit()
    tally "end"
    io.flush()
    os.exit(any_failed and 1 or 0, true)
  end

  function handler:subscribe()
    busted.subscribe({ "file", "start" }, file_start)
    busted.subscribe({ "file", "end" }, file_end)
    busted.subscribe({ "test", "start" }, test_start)
    busted.subscribe({ "test", "end" }, test_end)
    busted.subscribe({ "failure" }, failed)
    busted.subscribe({ "error" }, failed)
    busted.subscribe({ "pending" }, pending)
    busted.subscribe({ "exit" }, exit)
    return self
  end

  return handler
end
