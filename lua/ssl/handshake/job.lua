--- ssl.handshake.job: handshakes that can stand still.
--
-- Where the context has a function that must run in the middle of an OpenSSL callback, the
-- handshake runs as a job (shim/pause.c). Only the handshake does: a job costs each call
-- some 150 ns.
--
-- Any number of them may stand still. Each costs 54 KB, and a handshake that waits for its
-- peer costs 44 KB: a program that limits its connections limits this too. With a limit
-- here a handshake would wait for the end of another one, and no scheduler can wait for
-- that.

local lib      = require "ssl.ffi.lib"
local features = require "ssl.handshake.features"
local C, K     = lib.C, lib.K

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local job = {}

--- Before a handshake, and when it has switched to another context.
-- @tparam table st
function job.apply(st)
  local pauses = features.pauses(st, st.c)
  if pauses == st.pausable then return end
  st.pausable = pauses
  C.SSL_ctrl(st.conn.ssl, st.pausable and K.SSL_CTRL_MODE or K.SSL_CTRL_CLEAR_MODE,
             K.SSL_MODE_ASYNC, nil)
end

--- The handshake is done; no job exists, and later calls need none.
function job.done(st)
  if not st.pausable then return end
  C.SSL_ctrl(st.conn.ssl, K.SSL_CTRL_CLEAR_MODE, K.SSL_MODE_ASYNC, nil)
end

return job
