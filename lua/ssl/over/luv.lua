--- ssl.over.luv: libuv, by luv or by Neovim's vim.uv. Names are resolved by libuv.
--
-- No file of LuaSocket is loaded here: its C part and Neovim have a symbol of the same name,
-- and the editor crashes at LuaSocket's `connect`.
--
-- A method yields, and libuv's callback resumes the coroutine. So every call is made on a
-- coroutine, while uv.run or the editor runs the loop.

local pace    = require "ssl.io.pace"
local race    = require "ssl.over.race"
local timeout = require "ssl.io.timeout"
local vim     = rawget(_G, "vim")
local uv      = vim and (vim.uv or vim.loop) or require "luv"

local adapter = { name = "luv", unit = "seconds" }

-- Bytes that wait unread; beyond that reading stops.
local MOST = 262144

local function current()
  local thread, main = coroutine.running()
  if thread == nil or main then
    error("over luv: call it on a coroutine, which libuv's callbacks resume", 0)
  end
  return thread
end

-- The error of a coroutine goes on to libuv, which reports it.
local function resume(thread, ...)
  local ok, why = coroutine.resume(thread, ...)
  if not ok then error(debug.traceback(thread, tostring(why)), 0) end
end

-- Call a function once, after so many seconds. libuv says why there is no timer.
local function after(seconds, f)
  local timer = assert(uv.new_timer())
  assert(timer:start(math.ceil(seconds * 1000), 0, f))
  return timer
end

-- Yield until wake(...) is called, which `begin` gets, or the time is over.
-- -> what `wake` was given; nil and "timeout"
local function suspend(seconds, begin)
  local thread, results, yielded, timer = current(), nil, false, nil
  local function wake(...)
    if results then return end
    results = { ... }
    if timer then
      timer:stop()
      timer:close()
    end
    if yielded then resume(thread) end
  end
  begin(wake)
  if not results then
    if seconds then
      timer = after(seconds, function() wake(nil, "timeout") end)
    end
    yielded = true
    coroutine.yield()
  end
  return unpack(results, 1, 2)
end

-- libuv's "ECONNREFUSED: connection refused", or its name alone.
local WORDS = { ECONNREFUSED = "connection refused", EPIPE = "closed", ECONNRESET = "closed",
                ECANCELED = "closed", EOF = "closed", ETIMEDOUT = "timeout",
                EAI_NONAME = "host or service not provided, or not known" }

local function word(problem)
  local name = tostring(problem):match "^[%u_]+"
  return WORDS[name] or tostring(problem)
end

local carrier = {}
carrier.__index = carrier

local function wake_reader(self)
  local wake = self.reader
  self.reader = nil
  if wake then wake(true) end
end

-- It cannot begin where the program reads from it already, or has not connected it.
local function read(self)
  self.reading = true
  local ok, failed = self.tcp:read_start(function(problem, bytes)
    if problem or not bytes then
      self.ended = problem and word(problem) or "closed"
    else
      self.chunks[#self.chunks + 1] = bytes
      self.held = self.held + #bytes
      if self.held >= MOST then
        self.reading = false
        self.tcp:read_stop()
      end
    end
    wake_reader(self)
  end)
  if not ok then self.ended, self.reading = word(failed), false end
end

local function new(tcp)
  local self = setmetatable({
    tcp = tcp, chunks = {}, held = 0, ended = false, reading = false, reader = nil,
    limit = nil, writing = false, credit = 0, writer = nil,
  }, carrier)
  tcp:nodelay(true)
  read(self)
  return self
end

function carrier:settimeout(seconds)
  self.limit = seconds
end

local function take(self, most)
  local bytes = table.concat(self.chunks)
  self.chunks, self.held = {}, math.max(0, #bytes - most)
  if self.held > 0 then
    self.chunks[1] = bytes:sub(most + 1)
    bytes = bytes:sub(1, most)
  end
  if not self.reading and not self.ended then read(self) end
  return bytes
end

function carrier:receiveany(most)
  if self.held == 0 and not self.ended then
    if self.limit == 0 then return nil, "timeout" end
    local _, why = suspend(self.limit, function(wake) self.reader = wake end)
    self.reader = nil
    if why then return nil, why end
  end
  if self.held > 0 then return take(self, most) end
  return nil, self.ended
end

-- libuv has a write of ours until its callback comes; a time limit does not end it. What it
-- has taken counts when it is offered again.
local function write(self, data)
  local function done(problem)
    self.writing = false
    if problem then self.ended = self.ended or word(problem) else self.credit = #data end
    local wake = self.writer
    self.writer = nil
    if wake then wake(true) end
  end
  self.writing = true
  local ok, failed = self.tcp:write(data, done)
  if not ok then done(failed) end
end

local function settle(self)
  if not self.writing then return nil end
  if self.limit == 0 then return "timeout" end
  local _, why = suspend(self.limit, function(wake) self.writer = wake end)
  self.writer = nil
  return why
end

local function credited(self, data)
  local n = math.min(self.credit, #data)
  self.credit = self.credit - n
  return n
end

function carrier:send(data)
  if self.tcp:is_closing() then return nil, "closed", 0 end
  local why = settle(self)
  if why then return nil, why, 0 end
  if self.credit > 0 then return credited(self, data) end
  local n, _, name = self.tcp:try_write(data)
  if n and n > 0 then return n end
  if not n and name ~= "EAGAIN" then return nil, word(name), 0 end
  write(self, data)
  why = settle(self)
  if why then return nil, why, 0 end
  if self.credit == 0 then return nil, self.ended or "closed", 0 end
  return credited(self, data)
end

function carrier:getfd()
  return not self.tcp:is_closing() and self.tcp:fileno() or -1
end

--- Coroutines that wait learn of the end.
function carrier:close()
  if self.tcp:is_closing() then return end
  self.ended = self.ended or "closed"
  self.tcp:close()
  wake_reader(self)
end

--- Between two requests: it does not keep the loop running.
function carrier:park()
  self.tcp:unref()
  return true
end

--- Still connected, and no byte has come without a request?
function carrier:unpark()
  self.tcp:ref()
  return self.held == 0 and not self.ended
end

local attempts = {}

function attempts.start(address, port)
  local tcp, _, why = uv.new_tcp()
  if not tcp then return nil, word(why) end
  local attempt = { ended = false }
  function attempt.cancel()
    if not tcp:is_closing() then tcp:close() end
  end
  local function done(problem)
    if tcp:is_closing() then return end
    attempt.ended = true
    if problem then
      attempt.why = word(problem)
      tcp:close()
    else
      attempt.object = new(tcp)
    end
    if attempt.wake then attempt.wake(true) end
  end
  -- It raises where it cannot read the address or the port.
  local called, ok, _, name = pcall(tcp.connect, tcp, address, port, done)
  if not called then done(ok) elseif not ok then done(name) end
  return attempt
end

function attempts.wait(list, seconds)
  local one = race.ended(list)
  if one then return one end
  suspend(seconds, function(wake)
    for _, attempt in ipairs(list) do attempt.wake = wake end
  end)
  for _, attempt in ipairs(list) do attempt.wake = nil end
  return race.ended(list)
end

-- libuv asks the system's resolver, on a thread of its pool.
local function resolve(host, seconds)
  if race.is_address(host) then return { host } end
  local found, why = suspend(seconds, function(wake)
    local request, problem = uv.getaddrinfo(host, nil, { socktype = "stream" },
      function(failed, list) wake(not failed and list or nil, failed and word(failed)) end)
    if not request then wake(nil, word(problem)) end
  end)
  if not found then return nil, why end
  local addresses = {}
  for i, one in ipairs(found) do addresses[i] = one.addr end
  return addresses
end

--- Connect, to the address that answers first (RFC 8305).
-- @tparam string host
-- @tparam number port
-- @tparam[opt] number seconds  for the name and the addresses together
-- @return an object for ssl.wrap
-- @treturn nil,string
function adapter.connect(host, port, seconds)
  local deadline, before = timeout.after(seconds), pace.steps()
  local addresses, why = resolve(host, seconds)
  if not addresses then return nil, why end
  pace.turn(adapter, before, deadline) -- the resolver answers many at once
  return race.connect(attempts, addresses, port, timeout.remaining(deadline))
end

--- The object for a uv_tcp_t that is connected and not read from.
function adapter.carry(tcp)
  return getmetatable(tcp) == carrier and tcp or new(tcp)
end

-- Seconds. A timer of 0 that begins in a callback of a timer is over before the loop turns.
local SHORTEST = 0.001

--- Let the loop run for so many seconds.
function adapter.sleep(seconds)
  suspend(math.max(seconds, SHORTEST), function() end)
end

local nap = {}
nap.__index = nap

function nap:sleep(seconds)
  suspend(seconds, function(wake) self.wakes = wake end)
  self.wakes = nil
end

-- Not at once: the caller goes on first.
function nap:wake()
  local wake = self.wakes
  if not wake then return end
  self.wakes = nil
  local timer
  timer = after(0, function()
    timer:close()
    wake()
  end)
end

--- Sleep that another coroutine can end.
function adapter.nap()
  return setmetatable({ wakes = nil }, nap)
end

--- Is this a coroutine, which callbacks can resume?
function adapter.running()
  local thread, main = coroutine.running()
  return thread ~= nil and not main
end

return adapter
