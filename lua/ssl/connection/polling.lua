--- ssl.connection.polling: the methods for time limits, and those that an event loop calls.

local lib       = require "ssl.ffi.lib"
local shim      = require "ssl.ffi.shim"
local later     = require "ssl.base.later"
local arg       = require "ssl.base.arg"
local verdict   = require "ssl.io.verdict"
local readahead = require "ssl.io.readahead"
local state     = require "ssl.io.state"
local stream    = later.module "ssl.io.stream"
local timeout   = require "ssl.io.timeout"
local K, S      = lib.K, shim.C

local polling = {}

--- Limit the time of the operations to come, in seconds; nil or negative: no limit.
-- @tparam[opt] number seconds
-- @tparam[opt="b"] string mode  "b" and "t" as LuaSocket has them
-- @treturn number  1
function polling:settimeout(seconds, mode)
  local st = state.of(self)
  if st.stream then
    stream.settimeout(st, seconds, mode, 1)
  elseif st.conn.by_lua == 0 then -- an engine never waits
    timeout.set(st, seconds, mode, 1)
  end
  return 1
end

--- Limit all later operations together: a time in seconds from now on; nil or
-- negative: no such limit. After it a call that would have to wait returns "timeout".
-- @tparam[opt] number seconds
-- @treturn number  1
function polling:setdeadline(seconds)
  local st = state.of(self)
  seconds = arg.optnumber(seconds, nil, 2)
  if st.status ~= "closed" then timeout.deadline(st, seconds) end
  return 1
end

--- Is there something to receive that a select on the descriptor does not see?
-- False while the last result was "wantwrite": a loop that receives again would spin.
function polling:dirty()
  local st = state.of(self)
  local conn = st.conn
  if conn.asks_dirty == 0 then readahead.dirty_asked(st) end
  if conn.plain_beg ~= conn.plain_end then return true end
  if not (st.open or st.phase == "requesting")
     or conn.out_end - conn.out_beg > shim.K.LSF_QUEUE_LIMIT then
    return false
  end
  return S.pending(conn) > 0 or conn.in_beg ~= conn.in_end
      or st.transport.held(st) > 0 or verdict.stopped(st)
end

local WANTS = {
  [K.SSL_READING] = "read", [K.SSL_WRITING] = "write",
  [K.SSL_X509_LOOKUP] = "x509lookup",
}

--- The reason for which the last operation waited: "read", "write", "x509lookup" or
-- "nothing".
function polling:want()
  local st = state.of(self)
  local conn = st.conn
  if st.status == "closed" or st.phase == "suspended" then return "nothing" end
  if conn.out_beg ~= conn.out_end then return "write" end
  return WANTS[S.want(conn)] or "nothing"
end

--- The descriptor, or -1.
function polling:getfd()
  local st = state.of(self)
  if st.status == "closed" then return -1 end
  if st.conn.asks_fd == 0 then readahead.fd_asked(st) end
  return st.transport.getfd(st)
end

return polling
