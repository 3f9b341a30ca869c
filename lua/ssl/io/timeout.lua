--- ssl.io.timeout: how long an operation may wait.
--
-- LuaSocket's two limits. Where only one is set, it limits the whole call, from its first
-- wait on. With both, one wait lasts at most `block` seconds and all of them together
-- `total`. A limit of 0 means: never wait. `nowait` is true for it, so that such a call
-- never enters a function with a loop.
--
-- And a deadline, which LuaSocket does not have, for all calls together.

local readahead = require "ssl.io.readahead"
local arg       = require "ssl.base.arg"
local shim      = require "ssl.ffi.shim"
local now       = shim.C.now

local timeout = {}

local TIMEOUT, WANTREAD = "timeout", "wantread"

local MODES = { b = "block", t = "total", r = "total" }

--- `conn:settimeout(seconds, mode)` on a connection's state. Over a stream limit 0 means one
-- attempt of the object, which alone knows whether it has bytes: see `polls`.
function timeout.set(st, seconds, mode, level)
  level = level + 1
  local n = arg.optnumber(seconds, -1, 2, level)
  local field = MODES[arg.optstring(mode, "b", 3, level):sub(1, 1)]
  if not field then arg.fail(3, "invalid timeout mode", level) end
  st[field] = n >= 0 and n or false
  st.nowait = not st.stream and (st.block == 0 or st.total == 0)
  readahead.update(st)
  if st.conn.fd_blocking == 1 and (st.block or st.total) then
    st.transport.patient(st, false)
  end
end

--- Is a stream to be asked once, without waiting?
-- @tparam table st
-- @treturn boolean
function timeout.polls(st)
  return st.stream and (st.block == 0 or st.total == 0)
     and not (st.deadline and now() >= st.deadline)
end

--- When an operation began to wait; nil where nothing bounds it.
function timeout.start(st)
  return (st.block or st.total or st.deadline) and now() or nil
end

--- Seconds that the next wait may last: 0 when the time is over, -1 for ever.
function timeout.left(st, start)
  local block, total, deadline = st.block, st.total, st.deadline
  if not block and not total and not deadline then return -1 end
  local time, left = now(), math.huge
  if block and total then
    left = math.min(block, total - (time - start))
  elseif block or total then
    left = (block or total) - (time - start)
  end
  if deadline then left = math.min(left, deadline - time) end
  return left > 0 and left or 0
end

--- The moment that is so many seconds away.
-- @tparam number|nil seconds  nil or negative: no limit
-- @treturn number|nil  of shim.C.now
function timeout.after(seconds)
  return seconds and seconds >= 0 and now() + seconds or nil
end

--- How many seconds are left up to a moment.
-- @tparam number|nil moment
-- @treturn number|nil  0 when it has passed; nil for nil
function timeout.remaining(moment)
  return moment and math.max(0, moment - now())
end

--- `conn:setdeadline(seconds)`: one limit for all operations together, from now on;
-- nil or negative: none.
function timeout.deadline(st, seconds)
  st.deadline = timeout.after(seconds) or false
  if st.deadline and st.conn.fd_blocking == 1 then st.transport.patient(st, false) end
end

--- The message of a wait whose time is over. Over a descriptor it is the direction, as LuaSec
-- has it.
-- @tparam table st
-- @tparam string word  "wantread" or "wantwrite"
-- @treturn string  `word`, or "timeout"
function timeout.ended(st, word)
  if st.stream and not timeout.polls(st) then return TIMEOUT end
  return timeout.due(st, word)
end

--- The message of a call whose time is over. After the deadline trying again is of no use.
-- @tparam table st
-- @tparam string word  "wantread" or "wantwrite"
-- @treturn string  `word`, or "timeout"
function timeout.due(st, word)
  return st.deadline and now() >= st.deadline and TIMEOUT or word
end

-- After so many records in a row a call checks its limits.
local TURNS = 256

--- May a loop go on that never waits, because the peer sends as fast as it reads?
-- @tparam table st
-- @tparam number turns  how often it has gone round
-- @param start  from `start`, if it has waited
-- @treturn string|nil  nil: yes; else the message to return: there is more to read
-- @return start
function timeout.turn(st, turns, start)
  if turns % TURNS ~= 0 then return nil, start end
  if st.nowait then return (timeout.due(st, WANTREAD)), start end
  start = start or timeout.start(st)
  if timeout.left(st, start) == 0 then return (timeout.due(st, WANTREAD)), start end
  return nil, start
end

return timeout
