--- ssl.io.linger: descriptors that outlive their connection.
--
-- A TLS 1.3 client that closes with session tickets unread, or before they come,
-- makes its kernel reset the connection and discard sent bytes. Draining once is not enough
-- and SO_LINGER does not help; the descriptor has to stay open until the peer has
-- everything. A connection that may not wait for that leaves its descriptor and its queued
-- bytes here (shim/linger.c), and later calls of the library go on with them. Their number
-- is limited, and so is the time of each. At the end of the Lua state a finalizer makes one
-- last attempt for the rest.

local ffi  = require "ffi"
local shim = require "ssl.ffi.shim"
local S    = shim.C
local now  = S.now

local linger = {}

-- Seconds between two sweeps, and the most entries in one. An entry costs some system
-- calls, and many calls of the library sweep.
local PAUSE, SOME = 0.005, 64

local list_t = ffi.metatype(ffi.typeof "struct { void *lsf_lingering; }", {
  __gc = function(self)
    S.lingering_free(self.lsf_lingering)
    self.lsf_lingering = nil
  end,
})
local list = list_t(S.lingering_new())

local count, due = 0, 0

--- One more attempt for some of them, without waiting, unless there has just been one.
function linger.poll()
  if count == 0 then return end
  local time = now()
  if time < due then return end
  due = time + PAUSE
  count = S.sweep(list.lsf_lingering, SOME)
end

--- Take over the descriptor and the queue of a connection, where its data may still be
-- lost. The caller frees the struct. Finalizers may call this function.
-- @tparam cdata conn
function linger.add(conn)
  count = S.detach(list.lsf_lingering, conn)
end

--- How many are waiting.
function linger.count()
  return count
end

return linger
