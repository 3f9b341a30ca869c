--- ssl.detached: descriptors that outlive their connection.
--
-- A TLS 1.3 client that closes with session tickets unread, or before they come,
-- makes its kernel reset the connection and throw away what it had sent. Draining
-- once is not enough and SO_LINGER does not help; the descriptor has to stay open
-- until the peer has everything. A connection that may not wait for that leaves
-- its descriptor and its queued bytes here, and later calls of the library look
-- after them. The list is bounded, and so is the time of each; what is left at the
-- end of the Lua state gets one last attempt from its finalizer.

local shim = require "ssl.ffi.shim"
local now, linger = shim.C.now, shim.C.linger

local detached = {}

local MOST, SECONDS = 64, 5

-- Seconds between two looks. Each is some system calls for each of them, and the calls
-- of the library that look are many.
local PAUSE = 0.005

local waiting, due = {}, 0

--- One more attempt for each, without waiting, unless there has just been one.
function detached.sweep()
  if #waiting == 0 then return end
  local time = now()
  if time < due then return end
  local kept = {}
  due = time + PAUSE
  for _, entry in ipairs(waiting) do
    if entry.deadline > time and linger(entry.conn) == 0 then
      kept[#kept + 1] = entry
    else
      shim.free(entry.conn)
    end
  end
  waiting = kept
end

--- Look after a connection's struct from now on.
function detached.add(conn)
  if #waiting == MOST then
    due = 0
    detached.sweep()
  end
  if #waiting == MOST then
    shim.free(table.remove(waiting, 1).conn)
  end
  waiting[#waiting + 1] = { conn = conn, deadline = now() + SECONDS }
end

--- How many are waiting.
function detached.count()
  return #waiting
end

return detached
