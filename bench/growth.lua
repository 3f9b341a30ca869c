-- How cost grows with size; measured for this library alone.
--
--   name, whole, each   heads of the columns
--   points    label, command, and of the command's cost a unit
--     units   how many of them the second column has
--     share   and the third one
--     once    one run says it all

local MIB = 2 ^ 20
local SIZES = { 1, 64, 1024, 16384, 65536, MIB, 16 * MIB, 64 * MIB }
local LINES = { 1, 1000, 10000, 100000, 1000000, 10000000 }

local function bytes(n)
  if n >= MIB then return n / MIB .. " MiB" end
  return n >= 1024 and n / 1024 .. " KiB" or n .. (n == 1 and " byte" or " bytes")
end

-- Calls of one size: enough to be measured, and not too many to wait for.
local function calls(work, most)
  local points = {}
  for i, size in ipairs(SIZES) do
    local count = math.max(2, math.min(most, 64 * MIB / size))
    points[i] = { label = bytes(size), units = 1, share = 1024 / size,
                  command = ("%s %d %d"):format(work, count, size) }
  end
  return points
end

local function contexts()
  local points = {}
  for i, n in ipairs { 1, 10, 100, 1000 } do
    points[i] = { label = ("%d"):format(n), units = n, share = 1,
                  command = ("contexts %d"):format(n) }
  end
  return points
end

local function lines()
  local points = {}
  for i, n in ipairs(LINES) do
    points[i] = { label = ("%d"):format(n), units = n, share = 1, once = n >= 1e7,
                  command = ("lines %d 16384"):format(n) }
  end
  return points
end

return {
  { name = "receive(n)", whole = "a call", each = "a KiB",
    points = calls("receives", 500000) },
  { name = "send of n bytes", whole = "a call", each = "a KiB",
    points = calls("sends", 20000) },
  { name = "lines of 100 bytes", whole = "all", each = "a line", points = lines() },
  { name = "contexts with the CA bundle, behind a first", whole = "all",
    each = "a context", points = contexts() },
}
