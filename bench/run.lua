-- luajit bench/run.lua full|quick BUILD [check] [only=WORDS] [rounds=N]: runs everything, prints
-- the tables, and puts those of a full run into docs/performance.md, with the picture. Started
-- by script/bench.

package.path = "bench/?.lua;" .. package.path
local files  = require "files"
local goals  = require "goals"
local growth = require "growth"
local page   = require "page"
local report = require "report"
local rows   = require "rows"
local runner = require "runner"
local stats  = require "stats"

local quick, build = arg[1] == "quick", arg[2]
local check, only, rounds = false, nil, nil
for i = 3, #arg do
  check = check or arg[i] == "check"
  only = only or arg[i]:match "^only=(.+)"
  rounds = rounds or tonumber(arg[i]:match "^rounds=(%d+)")
end
local PAGE = "docs/performance.md"
local ROUNDS = rounds or quick and 3 or 7

local function chosen(row)
  return row.amount[quick and 2 or 1] and (not only or row.key:find(only))
end

local some = false
for _, row in ipairs(rows) do some = some or chosen(row) end
if not some then
  io.stderr:write("bench: no row has a key like that\n")
  os.exit(2)
end

local subjects = require "subjects"(build)
local run = runner.new(build, os.getenv "BENCH_TERMINAL" == "1")

local function wanted(row)
  local found = {}
  for _, key in ipairs(row.subjects) do found[#found + 1] = subjects.installed[key] end
  return found
end

local function amount(row) return row.amount[quick and 2 or 1] end

local function one_row(round, row, results)
  for _, subject in ipairs(wanted(row)) do
    run:progress("round %d of %d, %s: %s", round, ROUNDS, row.name, subject.name)
    run:again(results, row, subject, row.command:format(amount(row)))
  end
  if row.also then
    local subject = { key = "also", name = row.also[1],
                      start = row.also[3] or subjects.installed.raw.start }
    run:again(results, row, subject, row.also[2]:format(amount(row)))
  end
end

local function one_round(round, all)
  local nginx
  for i, row in ipairs(rows) do
    -- nginx takes seconds to start, which a quick run has once.
    local most = quick and row.nginx and 1 or row.rounds or ROUNDS
    if round <= most and chosen(row) then
      all[i] = all[i] or {}
      nginx = nginx or row.nginx
      if not row.nginx then one_row(round, row, all[i]) end
    end
  end
  if nginx and subjects.nginx then
    run:progress("round %d of %d, nginx", round, ROUNDS)
    run:nginx(rows, all, subjects.ours, quick and 80 or 120)
  end
end

local function trace(all)
  for i, row in ipairs(rows) do
    for _, subject in ipairs(all[i] and row.trace and wanted(row) or {}) do
      run:progress("system calls, %s: %s", row.name, subject.name)
      run:trace(row, subject, all[i])
    end
  end
end

-- Ours alone, by size: the median cost of a call, or false.
local function by_size(times)
  for _, set in ipairs(growth) do
    for _, point in ipairs(set.points) do
      local costs = {}
      for k = 1, point.once and 1 or times do
        run:progress("growth, %s: %s", set.name, point.label)
        local row = { name = set.name, factor = 1 }
        local result = run:run(row, subjects.installed.ours, point.command)
        costs[k] = result and result.cost
      end
      point.cost = stats.median(costs) or false
    end
  end
end

local all = {}
for round = 1, ROUNDS do one_round(round, all) end
local whole = not quick and not only
if whole then by_size(3) end
local traced = subjects.strace and not quick
if traced then trace(all) end
run:progress(run.terminal and "" or "done")

local text = report.tables(rows, all, {
  subjects = subjects.order, names = subjects.names, rounds = ROUNDS, traced = traced,
  versions = subjects.versions(),
})
if whole then text = text .. "\n\n" .. report.growth(growth) end
print(subjects.machine .. "\n\n" .. text)
if whole then
  files.write(PAGE, page.put(files.read(PAGE), subjects.machine, "rows", text))
  require("picture").write(PAGE, "docs/performance.svg")
end
local found = goals.all(rows, all, subjects.names)
if whole then print("\n" .. goals.summary(found)) end -- The tables of growth stand between.
for _, failure in ipairs(run.failures) do
  io.stderr:write("bench: FAILED: ", failure, "\n")
end
local passed = #run.failures == 0 and (not check or goals.pass(found))
os.exit(passed and 0 or 1)
