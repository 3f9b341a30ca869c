--- ssl.base.errors: OpenSSL's error queue as text.
--
-- The queue belongs to the thread and is shared with all other users of OpenSSL
-- there, so it is emptied before a call that will be judged and again after its
-- reason has been read. The first entry is the cause; later ones come from the callers of
-- the function that failed. In TLS the first entry is not always the useful one: for a
-- forged signature it is an arithmetic error, and the last entry is the failed
-- verification. `errors.cause` chooses the entry.

local ffi   = require "ffi"
local lib   = require "ssl.ffi.lib"
local later = require "ssl.base.later"
local S     = require("ssl.ffi.shim").C
local C     = lib.C

-- The queue itself is read by a file that is loaded with the first failure.
local errors = later.places({
  --- The message where OpenSSL has none.
  UNKNOWN = "unknown error",

  --- OpenSSL's reason for want of memory. Its number is another one in each version.
  MEMORY = "malloc failure",

  --- And where the transport ended without close_notify.
  CUT_OFF = "unexpected eof while reading",

  --- Where it does not accept what the peer has shown.
  REFUSED = "certificate verify failed",

  --- The newest failure in this Lua state, as ssl.lasterror describes it; or nil.
  newest = nil,
}, {
  alert_text = "ssl.base.queue alert_text",
  cause      = "ssl.base.queue cause",
  heard      = "ssl.base.queue heard",
})

--- Empty the queue. Cheap when it is empty already.
function errors.clear()
  S.clear_errors()
end

local function take_all()
  return later.require "ssl.base.queue".take_all()
end

--- The whole queue, noted as `newest`: see ssl.base.queue. Where that file cannot be read, since
-- the process has no descriptor left for example, the failure has no reason.
-- @treturn {table,...}|nil
function errors.take_all()
  local ok, queue = pcall(take_all)
  if not ok then
    errors.clear()
    return nil
  end
  if queue then errors.newest = { message = queue[1].reason, queue = queue } end
  return queue
end

--- The first queued reason; the queue is empty afterwards.
-- @treturn string|nil  nil when nothing was queued
function errors.take()
  local queue = errors.take_all()
  return queue and queue[1].reason
end

--- As `take`, but always a text.
-- @tparam[opt="unknown error"] string default  when OpenSSL gave no reason
function errors.reason(default)
  return errors.take() or default or errors.UNKNOWN
end

--- Did memory fail since the queue was empty? Then that is noted as `newest`. The queue is empty
-- afterwards in any case.
-- @treturn string|nil  OpenSSL's reason
function errors.starved()
  if C.ERR_peek_error() == 0 then return nil end
  local before = errors.newest
  for _, entry in ipairs(errors.take_all() or {}) do
    if entry.reason == errors.MEMORY then return entry.reason end
  end
  errors.newest = before
end

-- The last text of `raise`. Functions of the program run within `attempt`, too, and what they
-- raise is theirs, whatever it says.
local raised

--- Raise a failure inside OpenSSL, which `attempt` makes a message of.
-- @tparam string text  what did not succeed, and the reason
-- @raise "ssl: TEXT"
function errors.raise(text)
  raised = "ssl: " .. text
  error(raised, 0)
end

--- A call of OpenSSL's has to have succeeded: one that fails for want of memory alone, and
-- without which something would be less strict than the program wants it.
-- @tparam number rc  its result, 1 for success
-- @tparam string what  that did not succeed
-- @raise "ssl: WHAT (REASON)"
function errors.must(rc, what)
  if rc ~= 1 then errors.raise(("%s (%s)"):format(what, errors.reason())) end
end

-- What a failed step of the library's own raises, for want of memory in most cases.
local function own_failure(problem)
  if problem == "not enough memory" then return problem end
  return raised and problem == raised and raised:sub(6) or nil
end

local function attempted(ok, ...)
  if ok then return ... end
  local problem = ...
  local why = own_failure(problem)
  if not why then error(problem, 0) end
  errors.clear()
  return nil, why
end

--- Call a function whose caller promises a message: what `raise` and `must` raise within it
-- becomes one, and so does memory that Lua does not get.
-- @tparam function f
-- @param ...  its arguments
-- @return its results
-- @treturn nil,string  what did not succeed, and the reason
-- @raise any other error
function errors.attempt(f, ...)
  return attempted(pcall(f, ...))
end

--- As `reason`, where a file cannot be read. Its name is noted, since LuaSec's messages lack
-- it.
-- @tparam string|nil name
-- @tparam[opt="unknown error"] string default
function errors.of_file(name, default)
  local queue = errors.take_all()
  if queue then errors.newest.file = name end
  return queue and queue[1].reason or default or errors.UNKNOWN
end

--- The message of the newest failure, with the name of the file that it is about.
-- @tparam string message
-- @treturn string
function errors.with_file(message)
  local file = errors.newest and errors.newest.file
  return file and ("%s: %s"):format(message, file) or message
end

--- Note a failure with a message of this library. An entry of OpenSSL that came since the
-- operation began takes precedence.
-- @tparam table|nil before  `errors.newest` at its beginning
-- @tparam string message
function errors.note(before, message)
  if errors.newest == before then errors.newest = { message = message } end
end

--- A copy, as far as tables go.
function errors.copy(value)
  if type(value) ~= "table" then return value end
  local out = {}
  for key, field in pairs(value) do out[key] = errors.copy(field) end
  return out
end

--- `newest` for the program: ssl.lasterror.
-- @treturn table|nil
function errors.report()
  local newest = errors.newest
  if not newest then return nil end
  local out = errors.copy(newest)
  local first = not out.code and out.queue and out.queue[1]
  if first then out.code, out.library, out.reason = first.code, first.library, first.reason end
  return out
end

--- The text of the C library for an errno.
-- @tparam number errno
function errors.system(errno)
  return ffi.string(C.strerror(errno))
end

--- The message for an errno of a transport: LuaSocket's where it has one.
-- @tparam number errno
function errors.transport(errno)
  local word = S.errno_word(errno)
  return word ~= nil and ffi.string(word) or errors.system(errno)
end

return errors
