-- Run over cqueues by addresses_spec: two that ask for one name, of which the first has less
-- time than the answer takes. The first takes its whole time, and the second gets the answer.

local cqueues = require "cqueues"
local dns     = require "cqueues.dns"
local over    = require "ssl.over.cqueues"

local function answer()
  return { grep = function()
    local records = { { addr = function() return "127.0.0.1" end } }
    return function() return table.remove(records) end
  end }
end

local function connect(name, seconds)
  local _, why = over.connect("a.test", tonumber(os.getenv "CLOSED"), seconds)
  print(name .. ": " .. tostring(why))
end

local loop, begun = cqueues.new(), false

-- The second asks while the first waits for its answer.
function dns.query()
  if begun then return answer() end
  begun = true
  loop:wrap(connect, "second", 60)
  for _ = 1, 10 do cqueues.sleep(0.002) end
  return nil
end

-- The answer to the second question of the first: there is no time left for one.
local query = dns.query
function dns.query(_, kind, _, left)
  return not (kind == "A" and left and left <= 0.01) and query() or nil
end

loop:wrap(connect, "first", 0.01)
assert(loop:loop())
