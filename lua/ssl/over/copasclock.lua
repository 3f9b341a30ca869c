--- ssl.over.copasclock: sleep, for Copas before 2, which has no timers.
--
-- One thread looks at the clock in each step of the loop, and wakes those whose time is over.
-- It waits for an object that can always be sent to. The others wait for nothing that Copas
-- knows: Copas puts a thread that yields into the set that it names, which is ours.

local copas   = require "copas"
local socket  = require "socket"
local timeout = require "ssl.io.timeout"

local clock = {}

-- The object.
local idler = {}
idler.__index = idler

function idler:getfd()
  return self.sock:getfd()
end

function idler.dirty()
  return false
end

function idler.close() end

function idler:send()
  self.asked = not self.asked
  if self.asked then return nil, "timeout", 0 end
  return 1
end

-- Those who sleep: when it is over, and the thread. The first to wake is the last here.
local sleepers, running = {}, false

local shelf = {}

function shelf.insert() end

-- Most sleep no shorter than those before.
function shelf.push(_, one, thread)
  one.thread = thread
  local at = 1
  while sleepers[at] and sleepers[at].due > one.due do at = at + 1 end
  table.insert(sleepers, at, one)
end

-- Copas resumes a thread that is added at once, and puts it where it yields to.
local function wake()
  local time, awake = timeout.after(0), {}
  while sleepers[1] and sleepers[#sleepers].due <= time do
    awake[#awake + 1] = table.remove(sleepers).thread
  end
  for _, thread in ipairs(awake) do copas.addthread(thread) end
end

local function tick(object)
  repeat
    copas.send(object, "")
    wake()
  until #sleepers == 0
end

-- What may raise comes first: the sleeper gets the error. Where the thread ends by an error, the
-- next one to sleep starts another, which wakes the others, too.
local function start()
  local object = setmetatable({ sock = assert(socket.udp4()), asked = false }, idler)
  running = true
  copas.addthread(function()
    local ok, why = pcall(tick, object)
    running = false
    object.sock:close()
    if not ok then error(why, 0) end
  end)
end

local nap = {}
nap.__index = nap

function nap:sleep(seconds)
  self.due = timeout.after(seconds)
  if not running then start() end
  coroutine.yield(self, shelf)
end

function nap:wake()
  for at = 1, #sleepers do
    if sleepers[at] == self then
      table.remove(sleepers, at)
      self.due = 0
      sleepers[#sleepers + 1] = self
      return
    end
  end
end

--- Let other threads run for so many seconds.
function clock.sleep(seconds)
  nap.sleep({ due = 0, thread = nil }, seconds)
end

--- Sleep that another thread can end.
function clock.nap()
  return setmetatable({ due = 0, thread = nil }, nap)
end

return clock
