--- ssl.over.cqueues: cqueues and its sockets. Names are resolved by cqueues.

local condition = require "cqueues.condition"
local cqueues   = require "cqueues"
local dns       = require "cqueues.dns"
local errno     = require "cqueues.errno"
local socket    = require "cqueues.socket"
local race      = require "ssl.over.race"
local timeout   = require "ssl.io.timeout"

local adapter = { name = "cqueues", unit = "seconds", sleep = cqueues.sleep }

-- LuaSocket's texts, which programs compare.
local WORDS = {
  [errno.ETIMEDOUT] = "timeout", [errno.EPIPE] = "closed", [errno.ECONNRESET] = "closed",
  [errno.ECONNREFUSED] = "connection refused",
}
local UNKNOWN = "host or service not provided, or not known"

local function word(why)
  if why == nil then return "closed" end
  return WORDS[why] or type(why) == "number" and errno.strerror(why) or tostring(why)
end

-- By default an error of a socket is raised.
local function returned(_, _, why)
  return why
end

local carrier = {}
carrier.__index = carrier

local function new(sock)
  sock:onerror(returned)
  sock:setmode("bn", "bn")
  return setmetatable({ sock = sock, limit = nil, closed = false,
                        readable = { pollfd = sock:pollfd(), events = "r" },
                        writable = { pollfd = sock:pollfd(), events = "w" } }, carrier)
end

-- Wait for a direction -> nil, or a message.
local function wait(self, direction, due)
  local left = timeout.remaining(due)
  if left == 0 then return "timeout" end
  cqueues.poll(direction, left)
  return self.closed and "closed" or nil
end

function carrier:settimeout(seconds)
  self.limit = seconds
end

function carrier:receiveany(most)
  local due = timeout.after(self.limit)
  while not self.closed do
    local data, why = self.sock:recv(-most)
    if data then return data end
    if why ~= errno.EAGAIN then return nil, word(why) end
    why = wait(self, self.readable, due)
    if why then return nil, why end
  end
  return nil, "closed"
end

function carrier:send(data)
  local due, done = timeout.after(self.limit), 0
  while not self.closed do
    local n, why = self.sock:send(data, done + 1, #data)
    done = done + (n or 0)
    if done == #data then return done end
    if why and why ~= errno.EAGAIN then return nil, word(why), done end
    why = wait(self, self.writable, due)
    if why then return nil, why, done end
  end
  return nil, "closed", done
end

function carrier:getfd()
  return self.closed and -1 or self.sock:pollfd()
end

--- Threads that wait in cqueues learn of the end.
function carrier:close()
  if self.closed then return end
  self.closed = true
  cqueues.cancel(self.sock:pollfd())
  self.sock:close()
end

function carrier.park()
  return true
end

--- Still connected, and no byte has come without a request?
function carrier:unpark()
  local data, why = self.sock:recv(-1)
  return not data and why == errno.EAGAIN
end

-- The pool of resolvers of cqueues turns in a loop for ever when all 32 of them are busy. So
-- few questions are asked at once, and each of them once.
local MOST = 8
-- Seconds that a question for one kind of address may take, and between two looks at the others.
local LONGEST, LOOK = 60, 1

local asking, answered = {}, condition.new()
local now = cqueues.monotime

-- How many questions are under way. One whose time is long over has been lost with its loop.
local function count()
  local n, time = 0, now()
  for host, question in pairs(asking) do
    if time < question.till then n = n + 1 else asking[host] = nil end
  end
  return n
end

local function query(host, left)
  local addresses = {}
  -- IPv6 first, as RFC 6724 has it.
  for _, kind in ipairs { "AAAA", "A" } do
    local answer = dns.query(host, kind, "IN", left)
    if answer then
      for record in answer:grep { section = "answer", type = kind } do
        addresses[#addresses + 1] = record:addr()
      end
    end
  end
  return addresses
end

-- Ask for all that wait for the addresses, in a thread of its own: the one who asks may be
-- abandoned meanwhile. Where there are none because its time is over, `addresses` stays nil and
-- others ask again: they may have more of it.
local function ask(host, deadline)
  local left = math.min(timeout.remaining(deadline) or LONGEST, LONGEST)
  local question = { addresses = nil, problem = nil, till = now() + 2 * left + LOOK }
  asking[host] = question
  local function run()
    local ok, found = pcall(query, host, left)
    if asking[host] == question then asking[host] = nil end
    if not ok then
      question.problem = found
    elseif #found > 0 or timeout.remaining(deadline) ~= 0 then
      question.addresses = found
    end
    answered:signal()
  end
  local loop = cqueues.running()
  if loop then loop:wrap(run) else run() end
  return question
end

-- By the one who asks for this name, or once fewer questions are under way.
local function addresses_of(host, deadline)
  local own
  while true do
    local left, busy, question = timeout.remaining(deadline), count(), asking[host]
    if left == 0 then return {} end
    if not question and busy < MOST then
      own = ask(host, deadline)
      question = own
    end
    if asking[host] == question then answered:wait(math.min(left or LOOK, LOOK)) end
    if own and own.problem then error(own.problem, 0) end
    if question and question.addresses then return question.addresses end
  end
end

local function resolve(host, deadline)
  if race.is_address(host) then return { host } end
  local addresses = addresses_of(host, deadline)
  if #addresses > 0 then return addresses end
  return nil, timeout.remaining(deadline) == 0 and "timeout" or UNKNOWN
end

local attempts = {}

function attempts.start(address, port)
  local sock, why = socket.connect { host = address, port = port, nodelay = true }
  if not sock then return nil, word(why) end
  sock:onerror(returned)
  return { sock = sock, cancel = function() sock:close() end }
end

local function ended(list)
  for _, attempt in ipairs(list) do
    local ok, why = attempt.sock:connect(0)
    if ok then
      attempt.object = new(attempt.sock)
      return attempt
    end
    if why ~= errno.ETIMEDOUT and why ~= errno.EAGAIN then
      attempt.sock:close()
      attempt.why = word(why)
      return attempt
    end
  end
end

function attempts.wait(list, seconds)
  local one = ended(list)
  if one then return one end
  local sockets = {}
  for i, attempt in ipairs(list) do sockets[i] = attempt.sock end
  if seconds then sockets[#sockets + 1] = seconds end
  cqueues.poll(unpack(sockets))
  return ended(list)
end

--- Connect, to the address that answers first (RFC 8305).
-- @tparam string host
-- @tparam number port
-- @tparam[opt] number seconds  for the names and the addresses together
-- @return an object for ssl.wrap
-- @treturn nil,string
function adapter.connect(host, port, seconds)
  local deadline = timeout.after(seconds)
  local addresses, why = resolve(host, deadline)
  if not addresses then return nil, why end
  return race.connect(attempts, addresses, port, timeout.remaining(deadline))
end

local nap = {}
nap.__index = nap

function nap:sleep(seconds)
  self.condition:wait(seconds)
end

function nap:wake()
  self.condition:signal()
end

--- Sleep that another coroutine can end.
function adapter.nap()
  return setmetatable({ condition = condition.new() }, nap)
end

--- The object for a socket of cqueues.
function adapter.carry(sock)
  return getmetatable(sock) == carrier and sock or new(sock)
end

--- Is this a thread of cqueues?
function adapter.running()
  return cqueues.running() ~= nil
end

return adapter
