--- Makes one call of the system fail that the shim makes: recv, send, poll, shutdown, and what
-- it allocates. A kind of failures, as spec.proof.injector is.
--
--   system.use(path)     path: system.c, compiled; when the shim is loaded
--   system.count(f)      runs f; the calls: { { name, n } ... }
--   system.points(calls, only)   the failures, in order
--   system.fail(point, f)        runs f with one of them
--   system.describe(point)       in words
--   system.expects(point, outcome)  nil, or what is wrong with what f did
--
-- A failure of this kind is one that a program does not see, since the call is made again
-- ("unseen"), or one whose reason it gets.

local ffi   = require "ffi"
local kinds = require "spec.proof.kinds"

ffi.cdef [[
int proof_system(const char *path);
void proof_begin(void);
void proof_arm(int call, unsigned long n, int how, int lasting);
void proof_end(void);
unsigned long proof_count(int call);
int proof_fired(void);
int proof_twice(void);
]]

local system = {}

-- enum call of system.c, in its order.
local CALLS = { "recv", "send", "poll", "shutdown", "close", "allocate" }

-- Its other numbers, and errno(3) of Linux.
local NUMBERS = { ["an end"] = 0, ["a part"] = -1, POLLHUP = -2,
                  EPERM = 1, EINTR = 4, EIO = 5, EAGAIN = 11, ENOMEM = 12, EINVAL = 22,
                  EPIPE = 32, ECONNRESET = 104, ENOBUFS = 105, ENOTCONN = 107,
                  ETIMEDOUT = 110, EHOSTUNREACH = 113 }

local UNSEEN = { EINTR = true, EAGAIN = true, ["a part"] = true, POLLHUP = true }

-- What each call can do, as its page of the manual has it. `lasting`: and each one behind it.
local WAYS = {
  recv     = { "EINTR", "EAGAIN", "a part", "an end", "ECONNRESET", "ETIMEDOUT", "ENOMEM",
               "EHOSTUNREACH", "EIO" },
  send     = { "EINTR", "EAGAIN", "a part", "EPIPE", "ECONNRESET", "ETIMEDOUT", "ENOMEM",
               "ENOBUFS", "EPERM", "EHOSTUNREACH" },
  poll     = { "EINTR", "EAGAIN", "an end", "POLLHUP", "ENOMEM", "lasting ENOMEM",
               "lasting EINVAL" },
  shutdown = { "ENOTCONN", "ENOBUFS" },
  allocate = { "ENOMEM", "lasting ENOMEM" },
}

local library

function system.use(path)
  library = ffi.load(path)
  local shim = require "ssl.ffi.shim"
  assert(library.proof_system(shim.path) > #CALLS, "the shim's calls are not found")
end

local function run(f)
  local ok, value = pcall(f)
  local twice = library.proof_twice() ~= 0
  library.proof_end()
  if twice then return false, "WRONG: a descriptor is closed twice" end
  return ok, value
end

function system.count(f)
  library.proof_begin()
  local ok, value = run(f)
  local calls = {}
  for i, name in ipairs(CALLS) do
    for n = 1, tonumber(library.proof_count(i - 1)) do
      calls[#calls + 1] = { name = name, call = i - 1, n = n }
    end
  end
  return calls, ok, value
end

function system.points(calls, only)
  local out = {}
  for _, call in ipairs(calls) do
    for _, way in ipairs(kinds.wanted(only, call) and WAYS[call.name] or {}) do
      local lasting, how = way:match "^(lasting )(.*)$"
      out[#out + 1] = { name = call.name, call = call.call, n = call.n, way = how or way,
                        lasting = lasting ~= nil }
    end
  end
  return out
end

function system.fail(point, f)
  library.proof_begin()
  library.proof_arm(point.call, point.n, assert(NUMBERS[point.way]), point.lasting and 1 or 0)
  local ok, value = run(f)
  point.fired = library.proof_fired() ~= 0
  return ok, value
end

--- For a child of this process.
function system.stop()
  if library then library.proof_end() end
end

function system.describe(point)
  return ("%s #%d -> %s%s"):format(point.name, point.n, point.lasting and "lasting " or "",
                                   point.way)
end

-- Does it have the word that the program gets? An end has several, and no errno.
local ENDS = { "closed", "unexpected eof", "truncated" }

local function names_it(point, outcome)
  local word = point.way == "an end" and "closed"
               or require("ssl.base.errors").transport(NUMBERS[point.way])
  if word ~= "closed" then return outcome:find(word, 1, true) end
  for _, text in ipairs(ENDS) do
    if outcome:find(text, 1, true) then return true end
  end
end

local function unseen(point)
  if point.lasting then return false end
  return UNSEEN[point.way] or point.name == "shutdown"
      or point.name == "poll" and point.way == "an end"
end

function system.expects(point, outcome)
  if outcome:find "^ignored" then return nil end
  -- close returns nothing: its close_notify is missed at the other end.
  if point.name == "send" and outcome:find "^refused: the end: " then return nil end
  if unseen(point) then return "is seen: " .. outcome end
  if not names_it(point, outcome) then return "has another reason: " .. outcome end
end

return system
