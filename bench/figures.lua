-- How figures are written, and tables.

local figures = {}

--- Three figures that count.
function figures.figure(x)
  if not x then return "-" end
  if x >= 100 then return ("%.0f"):format(x) end
  return (x >= 10 and "%.1f" or "%.2f"):format(x)
end

--- A ratio, or a goal.
function figures.share(x)
  return x and (x < 0.1 and "%.3f" or "%.2f"):format(x) or "-"
end

--- A throughput.
function figures.count(x)
  if not x then return "-" end
  if x >= 1e6 then return ("%.1f M"):format(x / 1e6) end
  return x >= 1e4 and ("%.0f k"):format(x / 1e3) or figures.figure(x)
end

--- Seconds, with a unit that suits.
function figures.seconds(x)
  if x >= 1 then return figures.figure(x) .. " s" end
  if x >= 1e-3 then return figures.figure(x * 1e3) .. " ms" end
  return x >= 1e-6 and figures.figure(x * 1e6) .. " us" or figures.figure(x * 1e9) .. " ns"
end

--- A row of a table.
function figures.line(cells) return "| " .. table.concat(cells, " | ") .. " |" end

--- The head of a table, two lines.
function figures.head(cells)
  return figures.line(cells) .. "\n|" .. ("---|"):rep(#cells)
end

return figures
