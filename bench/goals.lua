-- Which goals a run has reached.
--
-- A goal holds where the median of the rounds is at most what it allows. It is missed where the
-- median is above by more than the spread: the distance of the quartiles of the rounds' ratios,
-- or of their costs where the goal is an amount. Between the two the run does not tell.

local figures = require "figures"
local stats   = require "stats"

local goals = {}

-- Other programs, the best of which a goal may be about.
local PEERS = { "luasec", "cqueues", "python", "node" }

local function best_of(results)
  local best, cost
  for _, key in ipairs(PEERS) do
    local mine = results[key] and not results[key].failed and stats.pick(results[key], "cost")
    if mine and (not cost or mine < cost) then best, cost = key, mine end
  end
  return best
end

-- The costs or the ratios of the rounds, and the subject they are against.
local function measured(against, row, results, by_key)
  local ours = results.ours
  if not ours or ours.failed then return {} end
  if against == row.unit then return stats.values(ours, "cost"), against end
  if against == "best" then against = best_of(results) end
  local base = results[against]
  if not base and by_key[against] then base = by_key[against].ours end
  if not base or base.failed then return {}, against end
  return stats.ratios(ours, base), against
end

local function verdict(value, most, spread)
  if not value then return "unmeasured" end
  if value <= most then return "holds" end
  return value - most <= spread and "near" or "missed"
end

--- Judge one row.
-- @tparam table row  of bench/rows.lua
-- @tparam table results  of this row, by subject
-- @tparam table by_key  those of all rows, by key
-- @tparam table names  of the subjects, by key
-- @treturn table  for each goal `row`, `most`, `words` for what it is against, `state`
--   ("holds", "near", "missed", "unmeasured"), and `value` and `spread` where it was measured
function goals.of(row, results, by_key, names)
  local found = {}
  for i, goal in ipairs(row.goals or {}) do
    local most, against, words = unpack(goal)
    local values, subject = measured(against, row, results, by_key)
    local value, spread = stats.median(values), stats.spread(values)
    if against == "best" then
      words = subject and ("%s, the best"):format(names[subject]) or "the best"
    end
    found[i] = { row = row, most = most, words = words or names[subject or against] or against,
                 state = verdict(value, most, spread), value = value, spread = spread }
  end
  return found
end

--- Judge all rows that were measured.
-- @tparam table rows
-- @tparam table all  results by the place of the row
function goals.all(rows, all, names)
  local by_key, found = {}, {}
  for i, row in ipairs(rows) do by_key[row.key] = all[i] end
  for i, row in ipairs(rows) do
    for _, goal in ipairs(all[i] and goals.of(row, all[i], by_key, names) or {}) do
      found[#found + 1] = goal
    end
  end
  return found
end

local STATES = { holds = "yes", near = "within the spread", missed = "no",
                 unmeasured = "not measured" }

--- Two cells of a table: what is allowed, and what was reached.
function goals.cells(found)
  local allowed, reached = {}, {}
  for i, goal in ipairs(found) do
    allowed[i] = ("%s %s"):format(figures.share(goal.most), goal.words)
    reached[i] = STATES[goal.state]
      .. (goal.value and goal.state ~= "holds" and ", " .. figures.share(goal.value) or "")
  end
  return table.concat(allowed, "; "), table.concat(reached, "; ")
end

local TITLES = {
  { "missed", "Missed" },
  { "near", "Missed by less than the spread of their rounds, which tells nothing" },
  { "unmeasured", "Not measured" },
}

local function sentence(goal)
  local words = ("- %s%s: at most %s %s"):format(goal.row.nginx and "in nginx, " or "",
                                                 goal.row.name, figures.share(goal.most),
                                                 goal.words)
  if not goal.value then return words end
  return ("%s, %s here (spread %s)"):format(words, figures.share(goal.value),
                                            figures.share(goal.spread))
end

--- Which goals hold, in words.
function goals.summary(found)
  local by_state = { holds = {}, near = {}, missed = {}, unmeasured = {} }
  for _, goal in ipairs(found) do table.insert(by_state[goal.state], sentence(goal)) end
  local parts = { ("Goals that hold on this machine: %d of %d."):format(#by_state.holds,
                                                                        #found) }
  for _, title in ipairs(TITLES) do
    local list = by_state[title[1]]
    if #list > 0 then
      parts[#parts + 1] = ("%s: %d.\n\n%s"):format(title[2], #list, table.concat(list, "\n"))
    end
  end
  return table.concat(parts, "\n\n")
end

--- May the check pass? A goal that was not measured is not one that holds.
function goals.pass(found)
  for _, goal in ipairs(found) do
    if goal.state == "missed" or goal.state == "unmeasured" then return false end
  end
  return #found > 0
end

return goals
