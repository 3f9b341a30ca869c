-- Runs: a subject under the peer, nginx, and rounds of them.

local runner = {}
runner.__index = runner

--- Runs for a build.
-- @tparam string build  the folder
-- @tparam boolean terminal  progress goes over one line
function runner.new(build, terminal)
  return setmetatable({ build = build, terminal = terminal, failures = {} }, runner)
end

--- Say what goes on.
function runner:progress(...)
  local words = (...):format(select(2, ...))
  io.stderr:write(self.terminal and ("\r\27[K" .. words) or (words .. "\n"))
  io.stderr:flush()
end

function runner:failed(row, subject, text)
  self.failures[#self.failures + 1] = ("%s, %s: %s"):format(row.name, subject.name, text)
end

-- What the peer has to do for a row.
local function flags(row)
  return (row.same and "-s " or "") .. (row.anywhere and "-a " or "")
    .. (row.workers and ("-w %d "):format(row.workers) or "")
end

--- One run: the peer, and under it the subject; `under` goes in between.
-- @treturn table  `cost` and `rate`, or nil: it is among the failures
function runner:run(row, subject, command, under)
  local pipe = io.popen(("timeout 300 %s/bench/peer %s%s/bench/certs %s %s %s </dev/null 2>&1")
    :format(self.build, flags(row), self.build, under or "", subject.start, command))
  local text = pipe:read "*a"
  pipe:close()
  local units, spent, passed = text:match "(%d+) (%S+) (%S+)\n$"
  if not units then return self:failed(row, subject, text) end
  return { cost = tonumber(spent) / units * row.factor, rate = units / tonumber(passed) }
end

--- The same once more: runs of one subject, in the order of the rounds. Gives up after a failure.
function runner:again(results, row, subject, command)
  results[subject.key] = results[subject.key] or {}
  local list = results[subject.key]
  if list.failed then return end
  local result = self:run(row, subject, command)
  if result then list[#list + 1] = result else list.failed = true end
end

--- One round of all rows in nginx.
-- @tparam table rows
-- @tparam table all  results by the place of the row
-- @tparam string ours  the environment of our library
-- @tparam number count  requests, of which kept connections make some times more
function runner:nginx(rows, all, ours, count)
  local pipe = io.popen(("BUILD_DIR=%s timeout 600 %s luajit bench/resty.lua %d </dev/null 2>&1")
    :format(self.build, ours, count))
  local text, found = pipe:read "*a", {}
  pipe:close()
  for key, subject, units, spent, passed, late in
      text:gmatch "(%S+)\t(%S+)\t(%d+) (%S+) (%S+) (%S+) %S+\n" do
    found[key .. " " .. subject] = { cost = tonumber(spent) / units * 1e6,
                                     rate = units / tonumber(passed), late = tonumber(late) }
  end
  for i, row in ipairs(rows) do
    for _, key in ipairs(row.nginx and row.subjects or {}) do
      all[i] = all[i] or {}
      all[i][key] = all[i][key] or {}
      local list, result = all[i][key], found[row.key .. " " .. key]
      if not result and not list.failed then self:failed(row, { name = key }, text) end
      if result and not list.failed then list[#list + 1] = result else list.failed = true end
    end
  end
end

-- Calls of one run under strace, or nil.
function runner:calls(row, subject, n)
  local file = os.tmpname()
  local result = self:run(row, subject, row.command:format(n), "strace -f -qq -c -o " .. file)
  local handle = io.open(file)
  local total = handle:read "*a":match "100%.00%s+%S+%s+%S*%s-(%d+)%s+[%d ]*total"
  handle:close()
  os.remove(file)
  return result and tonumber(total)
end

--- System calls a unit, into the results.
function runner:trace(row, subject, results)
  local few, many = self:calls(row, subject, row.trace[1]), self:calls(row, subject, row.trace[2])
  if few and many then
    results[subject.key].calls = (many - few) / (row.trace[2] - row.trace[1])
  end
end

return runner
