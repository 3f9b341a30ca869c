-- Figures of several rounds. A list of results has one for each round: { cost =, rate = }.

local stats = {}

-- The value at a part of the sorted list, between its neighbours where it lies between.
local function quantile(list, part)
  local sorted = {}
  for i, value in ipairs(list) do sorted[i] = value end
  table.sort(sorted)
  local place = 1 + part * (#sorted - 1)
  local below = math.floor(place)
  local low, high = sorted[below], sorted[below + 1]
  return high and low + (place - below) * (high - low) or low
end

--- The middle; nil of nothing.
function stats.median(list) return quantile(list, 0.5) end

--- The distance of the quartiles, which half of the rounds lie within: 0 of one round, nil of
-- nothing.
function stats.spread(list)
  return list[1] and quantile(list, 0.75) - quantile(list, 0.25)
end

--- One field of each result.
function stats.values(list, field)
  local values = {}
  for i, result in ipairs(list or {}) do values[i] = result[field] end
  return values
end

--- The median of a field.
function stats.pick(list, field) return stats.median(stats.values(list, field)) end

--- The ratio of the costs of each round that both have. The median of these is what counts, and
-- not the ratio of the medians: what slows the machine for a while slows both.
function stats.ratios(list, base)
  local values = {}
  for i, result in ipairs(list or {}) do
    if base and base[i] then values[#values + 1] = result.cost / base[i].cost end
  end
  return values
end

--- The median of the ratios.
function stats.ratio(list, base) return stats.median(stats.ratios(list, base)) end

return stats
