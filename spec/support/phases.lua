--- The table "Phases" of docs/connection.md, and the words in which it tells results.

local sources = require "spec.support.sources"

local phases = {}

--- Methods that are of use on a client only: their rows are about a client's connection, all
-- other rows about a server's.
phases.CLIENTS = { getsession = true, setsession = true, sendearlydata = true }

--- These methods check first whether the handshake is finished.
phases.UNFINISHED = { keyupdate = true, requestcertificate = true }

local LATE = {
  ["not before the handshake"] = true, ["the handshake has begun"] = true,
  ["not after the handshake"] = true, ["not after the handshake has begun"] = true,
}

--- The results of a method, in the words of the table.
-- @tparam table results  with `n`
-- @tparam table st  the connection's state
-- @treturn string
function phases.told(results, st)
  for i = 1, results.n do
    local value = results[i]
    if value == "closed" or value == "busy" then return value end
    if st.failed and value == st.failed then return "failure" end
    if LATE[value] then return "late" end
    if value == -1 then return "-1" end
  end
  return "yes"
end

-- The cells of a row.
local function cells_of(rest, names)
  local of_row, i = {}, 0
  for cell in rest:gmatch "%s*([^|]-)%s*|" do
    i = i + 1
    of_row[names[i]] = cell:gsub("`", "")
  end
  return of_row
end

--- @treturn table  the names of the columns
-- @treturn table  method -> phase -> cell
function phases.documented()
  local page = sources.read "docs/connection.md"
  local head, rows = page:match "\n(| in the phase |[^\n]*)\n|[-|]+\n(.-)\n\n"
  local names, cells = {}, {}
  for name in head:sub(#"| in the phase |" + 1):gmatch " ([^|]+) |" do
    names[#names + 1] = name
  end
  for row in rows:gmatch "[^\n]+" do
    local methods, rest = row:match "^|([^|]+)|(.*)$"
    local of_row = cells_of(rest, names)
    for name in methods:gmatch "`(%a+)`" do
      if cells[name] then error(name .. " is there twice", 0) end
      cells[name] = of_row
    end
  end
  return names, cells
end

return phases
