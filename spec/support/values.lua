--- Functions about values for specs.
--
--   values.pack(...)       all of them, and how many: `n`
--   values.raised(f, ...)  the message of the error that f raises, without its position
--   values.some(map, n)    every n-th of its keys, in order
--   values.descriptors()   how many descriptors are open, after a collection and when
--                          no close at time limit 0 is under way any more; with true
--                          as things are, so that what was dropped counts

local resources = require "spec.support.resources"

local values = {}

function values.pack(...)
  return { n = select("#", ...), ... }
end

function values.raised(f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok, "nothing was raised")
  return (message:gsub("^[^:]+:%d+: ", ""))
end

function values.some(map, step)
  local all, some = {}, {}
  for key in pairs(map) do all[#all + 1] = key end
  table.sort(all)
  for i = 1, #all, step do some[#some + 1] = all[i] end
  return some
end

function values.descriptors(dropped)
  return (dropped and resources.open or resources.descriptors)()
end

return values
