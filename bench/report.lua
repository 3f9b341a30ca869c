-- From runs to Markdown.

local subjects = require "subjects"

local report = {}

local function median(list)
  table.sort(list)
  local n = #list
  if n == 0 then return nil end
  return n % 2 == 1 and list[(n + 1) / 2] or (list[n / 2] + list[n / 2 + 1]) / 2
end

report.median = median

local function pick(list, field)
  local values = {}
  for i, result in ipairs(list or {}) do values[i] = result[field] end
  return median(values)
end

-- The middle one of the rounds' ratios, not the ratio of the middle ones: what slows
-- the machine for a while slows both.
local function ratio(list, base)
  local values = {}
  for i, result in ipairs(list or {}) do
    if base and base[i] then values[#values + 1] = result.cost / base[i].cost end
  end
  return median(values)
end

-- Three figures that count.
local function figure(x)
  if not x then return "-" end
  if x >= 100 then return ("%.0f"):format(x) end
  return (x >= 10 and "%.1f" or "%.2f"):format(x)
end

local function share(x)
  return x and (x < 0.1 and "%.3f" or "%.2f"):format(x) or "-"
end

local function count(x)
  if not x then return "-" end
  if x >= 1e6 then return ("%.1f M"):format(x / 1e6) end
  return x >= 1e4 and ("%.0f k"):format(x / 1e3) or figure(x)
end

local function line(cells) return "| " .. table.concat(cells, " | ") .. " |" end

local function head(first, last)
  local cells = { unpack(first) }
  for _, subject in ipairs(subjects.order) do
    if subject.start then cells[#cells + 1] = subject.name end
  end
  for _, cell in ipairs(last) do cells[#cells + 1] = cell end
  return line(cells), "|" .. ("---|"):rep(#cells)
end

-- cell(list, results) for every installed subject.
local function each(first, results, cell)
  local cells = { unpack(first) }
  for _, subject in ipairs(subjects.order) do
    if subject.start then
      local list = results[subject.key]
      cells[#cells + 1] = list and (list.failed and "failed" or cell(list)) or "-"
    end
  end
  return cells
end

local AGAINST = {
  raw = "raw C", luasec = "LuaSec", first = "the first", KiB = "KiB",
  send = "a descriptor", receive = "a descriptor", also = "the cipher alone",
}

-- The goal, and whether it was reached; if not, the result.
local function goal(row, results, by_key)
  if not row.goal then return "", "" end
  local most, against = row.goal[1], row.goal[2]
  local reached
  if against == row.unit then
    reached = pick(results.ours, "cost")
  elseif results[against] then
    reached = ratio(results.ours, results[against])
  else
    reached = ratio(results.ours, by_key[against].ours)
  end
  return ("%s %s"):format(share(most), AGAINST[against]),
         reached and (reached <= most and "yes" or ("no, " .. share(reached))) or "-"
end

local function costs(rows, all)
  local by_key, out, below = {}, {}, {}
  for i, row in ipairs(rows) do by_key[row.key] = all[i] end
  out[1], out[2] = head({ "work", "unit" }, { "ours to LuaSec", "goal: at most", "reached" })
  for i, row in ipairs(rows) do
    local results = all[i]
    if results then
      local cells = each({ row.name, row.unit }, results, function(list)
        local to_raw = ratio(list, results.raw)
        return figure(pick(list, "cost"))
          .. (to_raw and list ~= results.raw and (" (%s)"):format(share(to_raw)) or "")
      end)
      cells[#cells + 1] = share(ratio(results.ours, results.luasec))
      cells[#cells + 1], cells[#cells + 2] = goal(row, results, by_key)
      out[#out + 1] = line(cells)
      if row.also then
        below[#below + 1] = ("%s, %s: %s %s (%s)"):format(row.name, row.also[1],
          figure(pick(results.also, "cost")), row.unit, share(ratio(results.also, results.raw)))
      end
    end
  end
  return table.concat(out, "\n") .. "\n\n" .. table.concat(below, "; ") .. "."
end

-- A summary of all goals.
local function summary(rows, all)
  local by_key, met, missed = {}, 0, {}
  for i, row in ipairs(rows) do by_key[row.key] = all[i] end
  for i, row in ipairs(rows) do
    if all[i] and row.goal then
      local most, reached = goal(row, all[i], by_key)
      if reached == "yes" then
        met = met + 1
      else
        missed[#missed + 1] = ("%s (%s, at most %s)"):format(row.name,
                                                             reached:gsub("no, ", ""), most)
      end
    end
  end
  return ("Goals reached: %d of %d.%s"):format(met, met + #missed,
    #missed > 0 and " Not: " .. table.concat(missed, "; ") .. "." or "")
end

local function throughput(rows, all)
  local out = { head({ "units in a second" }, {}) }
  for i, row in ipairs(rows) do
    if all[i] and row.rate then
      out[#out + 1] = line(each({ row.name .. ", " .. row.rate }, all[i], function(list)
        return count(pick(list, "rate"))
      end))
    end
  end
  return table.concat(out, "\n")
end

local function calls(rows, all)
  local out = { head({ "system calls" }, {}) }
  for i, row in ipairs(rows) do
    if all[i] and row.trace then
      out[#out + 1] = line(each({ row.name .. ", per " .. (row.unit:match "/(.*)" or "piece") },
        all[i], function(list) return figure(list.calls) end))
    end
  end
  return table.concat(out, "\n")
end

--- All tables of a run; `traced`: system calls were counted.
function report.tables(rows, all, rounds, traced)
  local parts = {
    costs(rows, all), summary(rows, all), throughput(rows, all),
    traced and calls(rows, all) or "(System calls were not counted.)",
    ("Medians of %d rounds; %s."):format(rounds, subjects.versions()),
  }
  return table.concat(parts, "\n\n")
end

-- Seconds, with a unit that suits.
local function seconds(x)
  if x >= 1 then return figure(x) .. " s" end
  if x >= 1e-3 then return figure(x * 1e3) .. " ms" end
  return x >= 1e-6 and figure(x * 1e6) .. " us" or figure(x * 1e9) .. " ns"
end

--- How cost grows: a table for each set.
function report.growth(sets)
  local parts = {}
  for _, set in ipairs(sets) do
    local out = { line { set.name, set.whole, set.each }, "|---|---|---|" }
    for _, point in ipairs(set.points) do
      out[#out + 1] = line { point.label,
                             point.cost and seconds(point.cost * point.units) or "failed",
                             point.cost and seconds(point.cost * point.share) or "-" }
    end
    parts[#parts + 1] = table.concat(out, "\n")
  end
  return table.concat(parts, "\n\n")
end

--- Put text between the two markers of a page.
function report.insert(path, text)
  local file = assert(io.open(path))
  local page = file:read "*a"
  file:close()
  local _, beg = page:find("<!-- bench: begin -->\n", 1, true)
  local last = page:find("<!-- bench: end -->", 1, true)
  assert(beg and last, path .. " has no place for the tables")
  file = assert(io.open(path, "w"))
  file:write(page:sub(1, beg), "\n", text, "\n\n", page:sub(last))
  file:close()
end

return report
