-- Run over a loop by addresses_spec: hosts that look like addresses, and are none.

local loop = os.getenv "LOOP"
local vim  = rawget(_G, "vim")
local uv   = loop == "luv" and (vim and (vim.uv or vim.loop) or require "luv")
local over = require("ssl.over." .. loop)
local race = require "ssl.over.race"

-- TCP handles that are open.
local made = {}
if uv then
  local new_tcp = uv.new_tcp
  function uv.new_tcp()
    made[#made + 1] = new_tcp()
    return made[#made]
  end
end

local function open()
  local count = 0
  for _, tcp in ipairs(made) do
    if not tcp:is_closing() then count = count + 1 end
  end
  return count
end

local over_yet = false

local function connect(host)
  local before = open()
  local ok, object, why = pcall(over.connect, host, tonumber(os.getenv "CLOSED"), 60)
  local said = not ok and "raised " .. tostring(object)
            or object and "connected" or type(why)
  if why == "connection refused" then said = why end
  print(("%s: %s, %d open"):format(host, said, open() - before))
end

local function main()
  for _, host in ipairs { "127.0.0.1", "256.1.1.1", "1.2.3.4.5", "a:b", "::1::" } do
    connect(host)
  end
  -- What the loop itself refuses.
  race.is_address = function() return true end
  if uv then connect "a:b" end
  over_yet = true
end

if loop == "cqueues" then
  assert(require("cqueues").new():wrap(main):loop())
else
  coroutine.wrap(main)()
  if vim then vim.wait(60000, function() return over_yet end, 1) else uv.run() end
end
