--- Time limits against a clock that only the input moves: those of a connection
-- (ssl.io.timeout), and those of a request (ssl.https.timeouts).
--
-- The model is LuaSocket's: a limit says when a call ends that nothing else has ended. So each
-- call here waits for something that comes at a time of the input's, or never; and it has to
-- end at that time, or at the earliest of its limits, and not before and not later.
--
-- Times are quarters of a second, which are exact in a double.

local draw = require "fuzz.draw"

local target = { about = "time limits against a simulated clock" }

local clock

local function now() return clock end

-- What the two files require. readahead has no part in limits, and nothing is enforced here
-- that a carrier or a descriptor would do.
local STANDS = {
  ["ssl"]              = { monotonic = now },
  ["ssl.ffi.shim"]     = { C = { now = now } },
  ["ssl.io.readahead"] = { update = function() end },
}

-- The module of a file of the library, over the simulated clock.
local function over_clock(name)
  local f = assert(loadfile(assert(package.searchpath(name, package.path))))
  setfenv(f, setmetatable({
    require = function(other) return STANDS[other] or require(other) end,
  }, { __index = _G }))
  return f()
end

local timeout  = over_clock "ssl.io.timeout"
local timeouts = over_clock "ssl.https.timeouts"

local NEVER = math.huge

local function quarters(d, most) return d:below(most) / 4 end

-- A limit: often none, sometimes 0 or less.
local function limit(d)
  local how = d:below(6)
  if how == 0 then return nil end
  if how == 1 then return -1 end
  return quarters(d, 40)
end

local function least(...)
  local found = NEVER
  for i = 1, select("#", ...) do found = math.min(found, (select(i, ...)) or NEVER) end
  return found
end

local function same(what, got, wanted)
  if got ~= wanted then
    error(("%s: %s in place of %s"):format(what, tostring(got), tostring(wanted)), 0)
  end
end

-- A limit of the model: nothing where it is nil or negative.
local function positive(n) return n and n >= 0 and n or nil end

local SETTERS = {
  function(s, d)
    local n, mode = limit(d), d:pick { "b", "t", "r" }
    timeout.set(s.st, n, mode, 1)
    s[mode == "b" and "block" or "total"] = positive(n)
  end,
  function(s, d)
    local n = limit(d)
    timeout.deadline(s.st, n)
    s.deadline = positive(n) and clock + n
  end,
  function(_, d) clock = clock + quarters(d, 20) end,
}

-- When a wait that begins now in a call that began to wait at `began` is over.
local function over_at(s, began)
  local per_wait = s.block and s.total and clock + s.block
  return math.max(clock, least(s.deadline, per_wait, began + least(s.block and s.total and s.total
                               or s.block or s.total)))
end

-- A call with some waits, as a record that comes in pieces makes them.
local function call(s, d)
  local st, start = s.st, nil
  local began = clock
  for _ = 1, d:below(5) + 1 do
    start = start or timeout.start(st)
    local comes = d:below(3) == 0 and NEVER or clock + quarters(d, 30)
    local left = timeout.left(st, start)
    local ends = over_at(s, began)
    same("the wait", left, ends == NEVER and -1 or ends - clock)
    if comes == NEVER and ends == NEVER then return end
    clock = math.min(comes, ends)
    if ends <= comes then
      local late = s.deadline and clock >= s.deadline
      same("the word", timeout.due(st, "wantread"), late and "timeout" or "wantread")
      return
    end
  end
end

local function of_connection(d)
  local s = { st = { conn = { fd_blocking = 0 }, stream = d:yes() } }
  for _ = 1, d:below(12) + 1 do
    if d:yes() then call(s, d) else d:pick(SETTERS)(s, d) end
    local zero = s.block == 0 or s.total == 0
    same("never waits", s.st.nowait or false, zero and not s.st.stream)
    local polls = s.st.stream and zero and not (s.deadline and clock >= s.deadline)
    same("asks once", timeout.polls(s.st) or false, polls or false)
  end
end

local PHASES = { "connect", "handshake", "send", "receive" }

-- The `timeout` of a request or of the module, and what the model makes of it.
local function request_limits(d)
  local how = d:below(4)
  if how == 0 then return nil end
  if how == 1 then return limit(d) or 5 end
  local out = {}
  for _, name in ipairs(PHASES) do
    if d:yes() then out[name] = limit(d) or false end
  end
  if d:yes() then out.total = limit(d) or false end
  return out
end

local function of_phase(own, default, phase)
  local function from(value)
    if type(value) == "table" then return value[phase] end
    if phase == "total" then return nil end
    return value
  end
  local n = from(own)
  if n == nil then n = from(default) end
  return positive(n or nil)
end

-- A socket that knows its limit, as all of them do.
local function new_socket()
  return { limit = "none yet", settimeout = function(self, n) self.limit = n end }
end

local function of_request(d)
  local own, default = request_limits(d), request_limits(d)
  same("the check", timeouts.problem(own), nil)
  local limits = timeouts.new(own, default)
  local total = of_phase(own, default, "total")
  local ends = total and clock + total or NEVER
  local socks, since = { new_socket(), new_socket() }, nil
  for _ = 1, d:below(20) + 1 do
    local phase, sock = d:pick(PHASES), d:pick(socks)
    local most = d:below(4) == 3 and quarters(d, 20) or nil
    local whole = since and d:yes() and since or nil
    local each = of_phase(own, default, phase)
    local until_ = least(ends, clock + least(each, most), whole and each and whole + each)
    local why = timeouts.arm(limits, sock, phase, whole, most)
    local late = ends <= clock or whole and each and whole + each <= clock
    same("is it over", why, late and "timeout" or nil)
    if not why then
      same("the limit", sock.limit or NEVER, until_ - clock)
      clock = math.min(until_, clock + quarters(d, 30))
    end
    if d:below(8) == 0 then timeouts.disarm(limits) end
    if d:below(5) == 0 then since = clock end
    if d:below(9) == 0 then
      local n = quarters(d, 20)
      limits, ends = timeouts.within(limits, n), math.min(ends, clock + n)
      timeouts.disarm(limits)
    end
  end
end

function target.one(bytes)
  local d = draw.new(bytes)
  clock = 1000
  while not d:over() do d:pick { of_connection, of_request }(d) end
end

return target
