-- luajit bench/run.lua full|quick BUILD: runs everything, prints the tables, and puts
-- those of a full run into docs/performance.md. Started by script/bench.

package.path = "bench/?.lua;" .. package.path
local rows     = require "rows"
local subjects = require "subjects"
local report   = require "report"
local growth   = require "growth"

local quick, build = arg[1] == "quick", arg[2]
local terminal = os.getenv "BENCH_TERMINAL" == "1"
local ROUNDS = quick and 3 or 7

local failures = {}

local function progress(...)
  local words = (...):format(select(2, ...))
  io.stderr:write(terminal and ("\r\27[K" .. words) or (words .. "\n"))
  io.stderr:flush()
end

-- One run: the peer, and under it the subject; `under` goes in between.
local function run(row, subject, command, under)
  local pipe = io.popen(("timeout 300 %s/bench/peer %s %s/bench/certs %s %s %s </dev/null 2>&1")
    :format(build, row.same and "-s" or "", build, under or "", subject.start, command))
  local text = pipe:read "*a"
  pipe:close()
  local units, spent, passed = text:match "(%d+) (%S+) (%S+)\n$"
  if not units then
    failures[#failures + 1] = ("%s, %s: %s"):format(row.name, subject.name, text)
    return nil
  end
  return { cost = tonumber(spent) / units * row.factor, rate = units / tonumber(passed) }
end

-- Runs of one subject, in the order of the rounds; gives up after a failure.
local function again(results, row, subject, command)
  results[subject.key] = results[subject.key] or {}
  local list = results[subject.key]
  if list.failed then return end
  local result = run(row, subject, command)
  if result then list[#list + 1] = result else list.failed = true end
end

local function wanted(row)
  local found = {}
  for _, key in ipairs(row.subjects) do found[#found + 1] = subjects.installed[key] end
  return found
end

local function amount(row) return row.amount[quick and 2 or 1] end

local function one_round(round, all)
  for i, row in ipairs(rows) do
    if round <= (row.rounds or ROUNDS) and amount(row) then
      all[i] = all[i] or {}
      for _, subject in ipairs(wanted(row)) do
        progress("round %d of %d, %s: %s", round, ROUNDS, row.name, subject.name)
        again(all[i], row, subject, row.command:format(amount(row)))
      end
      if row.also then
        local subject = { key = "also", name = row.also[1],
                          start = row.also[3] or subjects.installed.raw.start }
        again(all[i], row, subject, row.also[2]:format(amount(row)))
      end
    end
  end
end

-- Calls of one run under strace, or nil.
local function calls(row, subject, n)
  local file = os.tmpname()
  local result = run(row, subject, row.command:format(n), "strace -f -qq -c -o " .. file)
  local handle = io.open(file)
  local total = handle:read "*a":match "100%.00%s+%S+%s+%S*%s-(%d+)%s+[%d ]*total"
  handle:close()
  os.remove(file)
  return result and tonumber(total)
end

local function trace(all)
  for i, row in ipairs(rows) do
    for _, subject in ipairs(row.trace and wanted(row) or {}) do
      progress("system calls, %s: %s", row.name, subject.name)
      local few, many = calls(row, subject, row.trace[1]), calls(row, subject, row.trace[2])
      if few and many then
        all[i][subject.key].calls = (many - few) / (row.trace[2] - row.trace[1])
      end
    end
  end
end

-- Ours alone, by size: the median cost of a call, or false.
local function by_size(rounds)
  for _, set in ipairs(growth) do
    for _, point in ipairs(set.points) do
      local costs = {}
      for k = 1, point.once and 1 or rounds do
        progress("growth, %s: %s", set.name, point.label)
        local row = { name = set.name, factor = 1 }
        local result = run(row, subjects.installed.ours, point.command)
        costs[k] = result and result.cost
      end
      point.cost = report.median(costs) or false
    end
  end
end

local all = {}
for round = 1, ROUNDS do one_round(round, all) end
if not quick then by_size(3) end
local traced = subjects.strace and not quick
if traced then trace(all) end
progress(terminal and "" or "done")

local text = report.tables(rows, all, ROUNDS, traced)
if not quick then text = text .. "\n\n" .. report.growth(growth) end
print(text)
if not quick then report.insert("docs/performance.md", text) end
for _, failure in ipairs(failures) do io.stderr:write("bench: FAILED: ", failure, "\n") end
os.exit(#failures == 0 and 0 or 1)
