--- ssl.io.lifecycle: the phases of a connection, and the messages of calls that a phase
-- does not allow.
--
--   phase          entered from           by                    LuaSec's status
--   "new"          -                      ssl.io.state          "new"
--   "shaking"      new                    begin                 "new"
--   "open"         shaking, requesting    connected, answered   "connected"
--   "requesting"   open                   request               "connected"
--   "suspended"    shaking, requesting    suspend               as before
--   "half closed"  open                   notified              "connected"
--   "failed"       any of these           fail                  as before
--   "closing"      any of these           closing               as before
--   "closed"       any                    detach                "closed"
--
-- requesting: a client has been asked for its certificate, and has not answered
-- (ssl.connection.postauth). suspended: a function of the program runs, and no method may
-- call OpenSSL (ssl.io.question). half closed: our close_notify was sent. closing: `close` has
-- begun, and a stream's methods may yield in it.
--
-- "failed", "closing" and "closed" are final: no later event leads back from one of them.
-- So a fatal verdict stays, whatever is called after it.
--
-- Only this file writes the fields `phase`, `status`, `open`, `failed`, `problem` and `conn`;
-- every file may read them. `open` means that receive and send may call OpenSSL: the hot path
-- reads it, and calls `refusal` for the message where it is false.

local errors  = require "ssl.base.errors"
local later   = require "ssl.base.later"
local failure = later.module "ssl.io.failure"
local state   = require "ssl.io.state"

local lifecycle = {}

local function keep(st, problem)
  st.problem, errors.newest = problem, problem
end

local function noted(st, word, queue)
  keep(st, failure.parts(st, word, queue))
end

local function noted_in_short(st, word, queue)
  keep(st, { message = word, queue = queue })
end

-- Where the file cannot be read, since the process has no descriptor left for example, the
-- message and the queue are all.
local function note(st, word, queue)
  if not pcall(noted, st, word, queue) then pcall(noted_in_short, st, word, queue) end
end

local BUSY, CLOSED = "busy", "closed"

-- How final a phase is.
local RANK = { failed = 1, closing = 2, closed = 3 }

local function enter(st, phase)
  if (RANK[phase] or 0) < (RANK[st.phase] or 0) then return end
  st.phase, st.open = phase, phase == "open" or phase == "half closed"
end

--- The handshake begins: from now on names, sessions and records come too late.
-- @tparam table st
function lifecycle.begin(st)
  enter(st, "shaking")
end

--- The handshake has succeeded.
-- @tparam table st
function lifecycle.connected(st)
  if st.phase ~= "closed" then st.status = "connected" end
  enter(st, "open")
end

--- A function of the program is about to run.
-- @tparam table st
-- @treturn string  the phase, for `resume`
function lifecycle.suspend(st)
  local before = st.phase
  enter(st, "suspended")
  return before
end

--- It has returned, or raised an error. If it has closed the connection, that stays closed.
-- @tparam table st
-- @tparam string before  of `suspend`
function lifecycle.resume(st, before)
  if st.phase == "suspended" then enter(st, before) end
end

--- The client is asked for its certificate.
-- @tparam table st  open
function lifecycle.request(st)
  enter(st, "requesting")
end

--- It has shown one, or may go on without.
-- @tparam table st
function lifecycle.answered(st)
  if st.phase == "requesting" then enter(st, "open") end
end

--- Our close_notify was sent.
-- @tparam table st
function lifecycle.notified(st)
  if st.phase == "open" then enter(st, "half closed") end
end

--- The end for good. The first verdict stays.
-- @tparam table st
-- @tparam string word  the message that every later call returns
-- @tparam {table,...}|nil queue  from ssl.base.errors
function lifecycle.fail(st, word, queue)
  if st.failed then return end
  st.failed = word
  enter(st, "failed")
  note(st, word, queue)
end

local function explanation(st, word)
  return failure.explain(st, word)
end

--- The message, with more for a person where the key `explain` is set.
-- @tparam table st
-- @tparam string word
-- @treturn string
function lifecycle.explained(st, word)
  local ok, text = pcall(explanation, st, word)
  return ok and text or word
end

local function renamed(st)
  local problem = st.problem or {}
  problem.message = st.failed
  keep(st, problem)
end

--- A better message for the verdict, before any call has returned it.
-- @tparam table st  failed
-- @tparam string word
function lifecycle.explain(st, word)
  st.failed = word
  pcall(renamed, st) -- it may take memory
end

--- The transport refuses output. That is no end: received data can still be read.
-- @tparam table st
-- @tparam string word
-- @tparam {table,...}|nil queue
function lifecycle.cannot_write(st, word, queue)
  note(st, word, queue)
end

--- `close` begins.
-- @tparam table st
function lifecycle.closing(st)
  enter(st, "closing")
end

--- The end of a connection. Calls that are in the middle of using its struct keep it
-- (ssl.io.guard).
-- @tparam table st
-- @treturn cdata  the struct, to be freed
function lifecycle.detach(st)
  local conn = st.conn
  st.status = CLOSED
  enter(st, "closed")
  if conn.inside <= 0 then st.conn = state.closed end
  return conn
end

--- The last of the calls that used the struct is over.
-- @tparam table st  closed
function lifecycle.leave(st)
  st.conn = state.closed
end

--- The message of an operation that needs the session.
-- @tparam table st
-- @treturn string|nil  nil: it may run
function lifecycle.refusal(st)
  if st.open and st.conn.ssl ~= nil then return nil end
  if st.failed then return st.failed end
  return lifecycle.requesting(st) and BUSY or CLOSED
end

--- The message of an operation that goes on with the handshake.
-- @tparam table st
-- @treturn string|nil  nil: it may run
function lifecycle.shake_refusal(st)
  if lifecycle.gone(st) then return CLOSED end
  if st.failed then return st.failed end
  return st.phase == "suspended" and BUSY or nil
end

--- Has this end sent its close_notify, and goes on?
-- @tparam table st
-- @treturn boolean
function lifecycle.half_closed(st)
  return st.phase == "half closed"
end

--- Has the connection ended, or has `close` begun? Check this after each call that may
-- yield.
-- @tparam table st
-- @treturn boolean
function lifecycle.ended(st)
  return st.phase == "closed" or st.phase == "closing"
end

--- Is the SSL gone?
-- @tparam table st
-- @treturn boolean
function lifecycle.closed(st)
  return st.status == "closed" or st.conn.ssl == nil
end

--- Either of them: the handshake cannot go on.
-- @tparam table st
-- @treturn boolean
function lifecycle.gone(st)
  return lifecycle.ended(st) or st.conn.ssl == nil
end

--- Has the handshake not begun yet? Then settings of the SSL may still be changed.
-- @tparam table st
-- @treturn boolean
function lifecycle.fresh(st)
  return st.phase == "new" and st.conn.ssl ~= nil
end

--- Is a client asked for its certificate?
-- @tparam table st
-- @treturn boolean
function lifecycle.requesting(st)
  return st.phase == "requesting" or st.phase == "suspended" and st.status == "connected"
end

--- May a getter call OpenSSL? Not while a function of the program runs, nor at the end of
-- the Lua state, where the struct's finalizer has run before those of the program.
-- @tparam table st
-- @treturn boolean
function lifecycle.readable(st)
  return st.phase ~= "suspended" and st.conn.ssl ~= nil
end

return lifecycle
