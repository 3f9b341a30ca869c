--- ssl.close: an end that loses nothing that was reported as sent.
--
-- flush, close_notify, flush, SHUT_WR, drop what still arrives until the peer
-- ended too or its kernel has acknowledged everything. A connection with a time
-- limit waits for that, at most two seconds; one at limit 0 goes at once and
-- leaves its descriptor to ssl.detached. See there for the reason.
--
-- close_notify is sent once, after a finished handshake without a fatal error:
-- OpenSSL forbids it otherwise. The only loss left: the process ends while the
-- peer has not read.

local lib      = require "ssl.ffi.lib"
local shim     = require "ssl.ffi.shim"
local detached = require "ssl.detached"
local err      = require "ssl.err"
local limit    = require "ssl.limit"
local loop     = require "ssl.loop"
local pressure = require "ssl.pressure"
local state    = require "ssl.state"
local C, S     = lib.C, shim.C

local LONGEST = 2
local SHORTEST_LOOK, LONGEST_LOOK = 0.001, 0.05
local READ, WRITE = 1, 2

local function say_goodbye(st)
  local conn = st.conn
  conn.closing = 1
  if not st.open or conn.out_error ~= 0 then return end
  err.clear()
  C.SSL_shutdown(conn.ssl)
  err.clear()
end

-- Nothing announces an acknowledgement, so look now and then.
local function linger(st)
  local conn = st.conn
  if S.linger(conn) ~= 0 then return true end
  local left = math.min(limit.left(st, limit.start(st)), LONGEST)
  if left < 0 then left = LONGEST end
  local deadline, look = S.now() + left, SHORTEST_LOOK
  while S.linger(conn) == 0 do
    local time = deadline - S.now()
    if time <= 0 then return false end
    local events = conn.out_beg ~= conn.out_end and READ + WRITE or READ
    S.wait(conn.fd, events, math.min(look, time))
    look = math.min(2 * look, LONGEST_LOOK)
  end
  return true
end

--- Close. Any number of times; never raises.
-- @tparam table st
return function(st)
  if st.status == "closed" then return end
  local conn = st.conn
  if st.open and conn.out_beg ~= conn.out_end then loop.drain(st) end
  say_goodbye(st)
  local finished = conn.queued == 0 or linger(st)
  st.status, st.open, st.conn = "closed", false, state.closed
  st.owed, st.owed_data = 0, ""
  if finished then
    S.conn_free(conn)
  else
    detached.add(conn)
  end
  pressure.sub(pressure.CONNECTION)
  detached.sweep()
end
