--- ssl.io.loop: the one loop that drives OpenSSL.
--
-- THE MACHINE. OpenSSL is a state machine between two streams of bytes. A call asks it
-- for something: a handshake, plaintext, a record to send, the end. It does that, or it
-- returns an obstacle: ciphertext has not come (wantread), the transport takes no more
-- (wantwrite), the program has to answer a question, or the session has ended. The
-- obstacle does not depend on the call: a receive may have to write (a key update needs
-- an answer), a send may have to read. So every operation runs through the same steps:
--
--     try -> judge -> wait as the verdict demands -> try again
--
-- ssl.io.verdict judges, and nothing else does.
--
-- INVARIANTS
--   1. The error queue is empty before each try, since up to 3.6 a leftover makes
--      the verdict wrong.
--   2. A wait is for the direction of the verdict, and for writability too while output
--      is queued in the BIO; queued output is flushed before the next try.
--   3. The hot operations try once on their own and come here only when that
--      failed. With a time limit of 0 they return the verdict at once:
--      a loop that usually runs once makes LuaJIT give up on its caller.
--   4. Some records bring no plaintext: key updates, session tickets, requests for a
--      handshake. OpenSSL takes one of these in each try (SSL_MODE_AUTO_RETRY is off),
--      and returns wantread although more may be there. Then the loop does not wait, but
--      it checks the clock for each: a peer that sends nothing else cannot hold a call
--      longer than its limit. At time limit 0 a call goes past a few of them, as many
--      as honest peers send, and leaves the rest to the next call.

local shim      = require "ssl.ffi.shim"
local errors    = require "ssl.base.errors"
local lifecycle = require "ssl.io.lifecycle"
local timeout   = require "ssl.io.timeout"
local verdict   = require "ssl.io.verdict"
local S         = shim.C

local loop = {}

local WANTWRITE = "wantwrite"

local waits, passed = verdict.waits, verdict.passed

local function again(st, try, word, p, n)
  if not passed(st, word) then return word, nil end
  errors.clear()
  local rc = try(st, p, n)
  if rc > 0 then return nil, rc end
  word = verdict.judge(st, rc)
  return word, nil
end

--- Go past records without plaintext, without waiting and not for long: a server's first
-- answer may lie behind its session tickets. Without a loop: see invariant 3.
-- @tparam table st
-- @tparam function try  as for `run`, and so are p and n
-- @tparam string word  the verdict
-- @treturn string|nil  nil for success, else the last verdict
-- @treturn number|nil  for success the result of `try`
function loop.past(st, try, word, p, n)
  local rc
  word, rc = again(st, try, word, p, n)
  if word then word, rc = again(st, try, word, p, n) end
  if word then word, rc = again(st, try, word, p, n) end
  if word then word, rc = again(st, try, word, p, n) end
  return word, rc
end

--- Wait as the verdict demands.
-- @tparam table st
-- @tparam string word  "wantread" or "wantwrite"
-- @param start  from limit.start
-- @treturn true
-- @treturn false,string  the time is over: `word`, or the transport's own message
function loop.wait(st, word, start)
  local conn = st.conn
  S.release(conn)
  if conn.out_beg ~= conn.out_end then
    st.transport.flush(st)
    if st.status == "closed" then return false, "closed" end
    local why = verdict.unsendable(st)
    if why then return false, why end
  end
  local left = timeout.left(st, start)
  if left == 0 and not timeout.polls(st) then return false, timeout.ended(st, word) end
  if passed(st, word) then return true end
  local ready, why = st.transport.wait(st, word, left)
  if not ready then
    if why and st.stream and why == st.stream.broken and conn.in_error ~= 0 then
      why = verdict.broken(st, why)
    end
    return false, why or timeout.due(st, word)
  end
  if conn.out_beg ~= conn.out_end then st.transport.flush(st) end
  if st.status == "closed" then return false, "closed" end
  return true
end

--- Try again until it succeeds, fails, or the time is over. For operations of an open
-- session: where it is not open any more, OpenSSL is not called.
-- @tparam table st
-- @tparam function try  try(st, p, n) -> more than 0 for success, else what `judge`
--   takes
-- @tparam string word  the verdict of the last try
-- @param[opt] start  from limit.start, when the operation has waited before
-- @param[opt] p  for `try`, as is n
-- @treturn string|nil  nil for success, else the last verdict
-- @treturn number|nil  for success the result of `try`
function loop.run(st, try, word, start, p, n)
  start = start or timeout.start(st)
  while waits(word) do
    local ready, why = loop.wait(st, word, start)
    if not ready then return why end
    -- Another coroutine may have asked for a certificate meanwhile, and a job stands still.
    if not st.open then return lifecycle.refusal(st) end
    errors.clear()
    local rc = try(st, p, n)
    if rc > 0 then return nil, rc end
    word = verdict.judge(st, rc)
  end
  return word
end

-- Without a call of OpenSSL's to judge, what breaks here is noted here.
local function flush(st)
  local word = st.transport.flush(st)
  if not word or word == WANTWRITE or st.conn.out_error == 0 then return word end
  if not st.problem then lifecycle.cannot_write(st, word) end
  verdict.hear(st)
  return st.failed or word
end

--- Hand all queued output to the transport, as far as the time allows.
-- @tparam table st
-- @param[opt] start  from limit.start
-- @treturn string|nil  nil when nothing is queued any more, else "wantwrite" or
--   the message of a broken transport
function loop.drain(st, start)
  local word = flush(st)
  if word ~= WANTWRITE then return word end
  if st.nowait then return (timeout.due(st, word)) end
  return loop.drain_waiting(st, start)
end

--- The waiting half of `drain`.
function loop.drain_waiting(st, start)
  start = start or timeout.start(st)
  local word
  repeat
    local ready, why = loop.wait(st, WANTWRITE, start)
    if not ready then return why end
    word = flush(st)
  until word ~= WANTWRITE
  return word
end

return loop
