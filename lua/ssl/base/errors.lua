--- ssl.base.errors: OpenSSL's error queue as text.
--
-- The queue belongs to the thread and is shared with all other users of OpenSSL
-- there, so it is emptied before a call that will be judged and again after its
-- reason has been read. The first entry is the cause; later ones come from the callers of
-- the function that failed. In TLS the first entry is not always the useful one: for a
-- forged signature it is an arithmetic error, and the last entry is the failed
-- verification. `errors.cause` chooses the entry.

local ffi  = require "ffi"
local lib  = require "ssl.ffi.lib"
local S    = require("ssl.ffi.shim").C
local C, K = lib.C, lib.K

local errors = {
  --- The message where OpenSSL has none.
  UNKNOWN = "unknown error",

  --- And where the transport ended without close_notify.
  CUT_OFF = "unexpected eof while reading",

  --- The newest failure in this Lua state, as ssl.lasterror describes it; or nil.
  newest = nil,
}

--- OpenSSL's text for an alert.
-- @tparam number alert  0 to 255
-- @treturn string|nil  "unknown" where OpenSSL has none; nil in a host whose static OpenSSL
--   lacks the texts
function errors.alert_text(alert)
  return lib.has.SSL_alert_desc_string_long
     and ffi.string(C.SSL_alert_desc_string_long(alert)) or nil
end

-- The reason for a peer's alert is its number and an offset. Not every version has a
-- text for every alert that it knows.
local function alert_words(code)
  local alert = lib.error_reason(code) - K.SSL_AD_REASON_OFFSET
  if alert < 0 or alert > 255 then return end
  local text = errors.alert_text(alert)
  return text and text ~= "unknown" and "tlsv1 alert " .. text:lower() or nil
end

local function words(code)
  local errno = lib.system_errno(code)
  if errno then return ffi.string(C.strerror(errno)) end
  local reason = C.ERR_reason_error_string(code)
  if reason ~= nil then return ffi.string(reason) end
  local alert = alert_words(code)
  if alert then return alert end
  local library = C.ERR_lib_error_string(code)
  return ("%s error %08X"):format(library ~= nil and ffi.string(library) or "OpenSSL",
                                  code)
end

--- Empty the queue. Cheap when it is empty already.
function errors.clear()
  S.clear_errors()
end

local function entry(code)
  local library = C.ERR_lib_error_string(code)
  return { code = code, library = library ~= nil and ffi.string(library) or nil,
           reason = words(code) }
end

--- The whole queue, which is empty afterwards, and noted as `err.newest`.
-- @treturn {table,...}|nil  the cause first: `code`, `library`, `reason`; nil when
--   nothing was queued
function errors.take_all()
  local queue, code = {}, tonumber(C.ERR_get_error())
  if code == 0 then return nil end
  while code ~= 0 do
    queue[#queue + 1] = entry(code)
    code = tonumber(C.ERR_get_error())
  end
  errors.newest = { message = queue[1].reason, queue = queue }
  return queue
end

-- Reasons below are what all libraries have in common, such as "EVP lib": a callee failed.
-- From 3.0 on such reasons have a bit of their own.
local FIRST_OWN_REASON, COMMON = 100, 2^18

--- The entry of a queue with the cause of a failure in TLS: libssl's first with a reason of
-- its own, else the first of all.
-- @tparam {table,...} queue  of `take_all`
-- @treturn table
function errors.cause(queue)
  for _, queued in ipairs(queue) do
    local reason = lib.error_reason(queued.code)
    if lib.error_library(queued.code) == K.ERR_LIB_SSL and reason >= FIRST_OWN_REASON
       and reason < COMMON then
      return queued
    end
  end
  return queue[1]
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
