-- From runs to Markdown.

local figures = require "figures"
local goals   = require "goals"
local stats   = require "stats"

local figure, share, line = figures.figure, figures.share, figures.line

local report = {}

local function columns(subjects, first, last)
  local cells = { unpack(first) }
  for _, subject in ipairs(subjects) do cells[#cells + 1] = subject.name end
  for _, cell in ipairs(last or {}) do cells[#cells + 1] = cell end
  return figures.head(cells)
end

-- cell(list) for every subject.
local function each(subjects, first, results, cell)
  local cells = { unpack(first) }
  for _, subject in ipairs(subjects) do
    local list = results[subject.key]
    cells[#cells + 1] = list and (list.failed and "failed" or cell(list)) or "-"
  end
  return cells
end

local function by_key(rows, all)
  local found = {}
  for i, row in ipairs(rows) do found[row.key] = all[i] end
  return found
end

-- The rows that were measured: f(row, results).
local function measured(rows, all, of_nginx, f)
  for i, row in ipairs(rows) do
    if all[i] and (row.nginx ~= nil) == of_nginx then f(row, all[i]) end
  end
end

local function also(row, results)
  return ("%s, %s: %s %s (%s)"):format(row.name, row.also[1],
    figure(stats.pick(results.also, "cost")), row.unit,
    share(stats.ratio(results.also, results.raw)))
end

local function costs(rows, all, subjects, names)
  local keys, below = by_key(rows, all), {}
  local out = { columns(subjects, { "work", "unit" }, { "ours to LuaSec", "goal: at most",
                                                        "reached" }) }
  measured(rows, all, false, function(row, results)
    local cells = each(subjects, { row.name, row.unit }, results, function(list)
      local to_raw = list ~= results.raw and stats.ratio(list, results.raw)
      return figure(stats.pick(list, "cost"))
        .. (to_raw and (" (%s)"):format(share(to_raw)) or "")
    end)
    cells[#cells + 1] = share(stats.ratio(results.ours, results.luasec))
    cells[#cells + 1], cells[#cells + 2] = goals.cells(goals.of(row, results, keys, names))
    out[#out + 1] = line(cells)
    if row.also and results.also and not results.also.failed then
      below[#below + 1] = also(row, results)
    end
  end)
  local table_ = table.concat(out, "\n")
  return #below > 0 and ("%s\n\n%s."):format(table_, table.concat(below, "; ")) or table_
end

local function throughput(rows, all, subjects)
  local out = { columns(subjects, { "units in a second" }) }
  measured(rows, all, false, function(row, results)
    if row.rate then
      out[#out + 1] = line(each(subjects, { row.name .. ", " .. row.rate }, results,
                                function(list) return figures.count(stats.pick(list, "rate")) end))
    end
  end)
  return table.concat(out, "\n")
end

local function calls(rows, all, subjects)
  local out = { columns(subjects, { "system calls" }) }
  measured(rows, all, false, function(row, results)
    if row.trace then
      local name = row.name .. ", per " .. (row.unit:match "/(.*)" or "piece")
      out[#out + 1] = line(each(subjects, { name }, results,
                                function(list) return figure(list.calls) end))
    end
  end)
  return table.concat(out, "\n")
end

-- Of one subject: requests in a second of its CPU, and how late its timer was.
local function worker(list)
  if not list then return "-", "-" end
  if list.failed then return "failed", "-" end
  return ("%.0f"):format(1e6 / stats.pick(list, "cost")), figure(stats.pick(list, "late"))
end

local function nginx(rows, all, names)
  local keys = by_key(rows, all)
  local out = { figures.head { "in nginx: requests in a CPU second", "nginx's own", "ssl.resty",
                               "ssl.resty's cost to nginx's", "goal: at most", "reached",
                               "timer, ms late at 99 %" } }
  measured(rows, all, true, function(row, results)
    local theirs, late = worker(results.nginx)
    local ours, our_late = worker(results.ours)
    local allowed, reached = goals.cells(goals.of(row, results, keys, names))
    out[#out + 1] = line { row.name, theirs, ours,
                           share(stats.ratio(results.ours, results.nginx)), allowed, reached,
                           ("%s; %s"):format(late, our_late) }
  end)
  return out[2] and table.concat(out, "\n")
end

--- All tables of a run.
-- @tparam table rows  of bench/rows.lua
-- @tparam table all  results by the place of the row, each by subject
-- @tparam table run  `subjects`: those of the columns, with `key` and `name`; `names` of all
--   subjects by key; `rounds`; `traced`: system calls were counted; `versions`: what ran
function report.tables(rows, all, run)
  local parts = {
    costs(rows, all, run.subjects, run.names),
    throughput(rows, all, run.subjects),
    run.traced and calls(rows, all, run.subjects) or "(System calls were not counted.)",
  }
  parts[#parts + 1] = nginx(rows, all, run.names)
  parts[#parts + 1] = goals.summary(goals.all(rows, all, run.names))
  parts[#parts + 1] = ("Medians of at most %d rounds; %s."):format(run.rounds, run.versions)
  return table.concat(parts, "\n\n")
end

--- How cost grows: a table for each set of bench/growth.lua.
function report.growth(sets)
  local parts = {}
  for _, set in ipairs(sets) do
    local out = { figures.head { set.name, set.whole, set.each } }
    for _, point in ipairs(set.points) do
      out[#out + 1] = line {
        point.label, point.cost and figures.seconds(point.cost * point.units) or "failed",
        point.cost and figures.seconds(point.cost * point.share) or "-" }
    end
    parts[#parts + 1] = table.concat(out, "\n")
  end
  return table.concat(parts, "\n\n")
end

--- Handshakes over several OpenSSLs: microseconds of ours, and the ratio to raw C over the same.
-- @tparam table rows  those with `openssl`
-- @tparam table libraries  `name`, and `results` by the place of the row, or `why` there are none
-- @tparam number rounds
function report.openssl(rows, libraries, rounds)
  local heads = { "us of CPU a handshake (to raw C)" }
  for _, row in ipairs(rows) do heads[#heads + 1] = row.openssl end
  local out = { figures.head(heads) }
  for _, library in ipairs(libraries) do
    local cells = { library.name }
    for i = 1, #rows do
      local results = library.results and library.results[i] or {}
      local ours = results.ours
      cells[#cells + 1] = (not ours or ours.failed) and (library.why and "-" or "failed")
        or ("%s (%s)"):format(figure(stats.pick(ours, "cost")),
                              share(stats.ratio(ours, results.raw)))
    end
    if library.why then cells[2] = "not run: " .. library.why end
    out[#out + 1] = line(cells)
  end
  return ("%s\n\nMedians of %d rounds. The far side has the system's OpenSSL in every row.")
         :format(table.concat(out, "\n"), rounds)
end

return report
