--- ssl.io.descriptor: the transport that is a socket's descriptor.
--
-- The BIO moves the bytes itself (shim/descriptor.c); Lua only waits. Every transport is
-- a table of these functions of a connection's state:
--
--   flush(st)   hand queued output over -> nil when nothing is queued any more,
--               "wantwrite" when it has to wait, or the message of a broken transport
--   wait(st, word, seconds)   wait for the direction `word`, and for writing while
--               output is queued -> true; false when the time is over; false and a
--               message where the transport has one of its own
--   getfd(st)   a descriptor to select on, or -1
--   held(st)    bytes that wait before the BIO
--   finish(st)  the end of an orderly close -> false to leave the struct to
--               ssl.io.linger
--
-- and these, which a transport may lack:
--
--   leave(st)   `unwrap` is about to return it
--   drop(st)    an end without a further byte, where another process has the connection
--   patient(st, may)  from now on a receive may wait inside the BIO, or may not

local shim    = require "ssl.ffi.shim"
local errors  = require "ssl.base.errors"
local timeout = require "ssl.io.timeout"
local S       = shim.C

local descriptor = {}

local READ, WRITE = 1, 2
local LONGEST = 2
local SHORTEST_LOOK, LONGEST_LOOK = 0.001, 0.05

function descriptor.flush(st)
  local conn = st.conn
  local rc = S.flush(conn)
  if rc > 0 then return nil end
  return rc == 0 and "wantwrite" or errors.transport(conn.out_error)
end

function descriptor.wait(st, word, seconds)
  local conn = st.conn
  local events = word == "wantwrite" and WRITE or READ
  -- A broken connection is writable for ever, and its queue stays.
  if events == READ and conn.out_beg ~= conn.out_end and conn.out_error == 0 then
    events = READ + WRITE
  end
  return S.wait(conn, events, seconds) ~= 0
end

-- Without a time limit recv may block, which saves an attempt and a poll each time. Calls
-- that must not wait set MSG_DONTWAIT themselves, so the descriptor's mode does not matter.
function descriptor.patient(st, may)
  local conn = st.conn
  if may and conn.fd_blocking == 0 then
    conn.fd_blocking = S.blocking(conn.fd) == 0 and 1 or 0
  elseif not may and conn.fd_blocking == 1 then
    conn.fd_blocking = 0
    S.nonblocking(conn.fd)
  end
end

function descriptor.leave(st)
  descriptor.patient(st, false)
end

function descriptor.getfd(st)
  return st.conn.fd
end

function descriptor.held()
  return 0
end

-- Nothing announces an acknowledgement, so look now and then, for as long as the
-- connection's limits allow, and two seconds at most.
function descriptor.finish(st)
  local conn = st.conn
  if conn.out_total == 0 or S.linger(conn) ~= 0 then return true end
  local left = math.min(timeout.left(st, timeout.start(st)), LONGEST)
  if left < 0 then left = LONGEST end
  local deadline, look = timeout.after(left), SHORTEST_LOOK
  repeat
    local time = timeout.remaining(deadline)
    if time == 0 then return false end
    local events = conn.out_beg ~= conn.out_end and READ + WRITE or READ
    S.wait(conn, events, math.min(look, time))
    look = math.min(2 * look, LONGEST_LOOK)
  until S.linger(conn) ~= 0
  return true
end
-- Once for each connection: docs/internals/architecture.md.
jit.off(descriptor.finish)

return descriptor
