-- Run over cqueues by addresses_spec: coroutines that are abandoned while they ask for names, more
-- than may ask at once. Others get their answers.

local cqueues = require "cqueues"
local dns     = require "cqueues.dns"
local over    = require "ssl.over.cqueues"

local MANY, CLOSED = 20, tonumber(os.getenv "CLOSED")

function dns.query()
  cqueues.sleep(0.002)
  return { grep = function()
    local records = { { addr = function() return "127.0.0.1" end } }
    return function() return table.remove(records) end
  end }
end

local loop = cqueues.new()

loop:wrap(function()
  local abandoned = {}
  for i = 1, MANY do
    abandoned[i] = coroutine.create(over.connect)
    assert(coroutine.resume(abandoned[i], i .. ".test", CLOSED))
    assert(coroutine.status(abandoned[i]) == "suspended")
  end
  for i = 1, MANY + 1 do
    local _, why = over.connect(i .. ".test", CLOSED, 2)
    if why ~= "connection refused" then print(i .. ".test: " .. tostring(why)) end
  end
  print "all are answered"
end)

assert(loop:loop())
