--- ssl.job: handshakes that can stand still.
--
-- A connection whose context has a function that OpenSSL asks for from inside runs
-- its handshake as a job (shim/pause.c), and only its handshake: a job costs each
-- call some 150 ns.

local lib     = require "ssl.ffi.lib"
local shim    = require "ssl.ffi.shim"
local staple  = require "ssl.staple"
local C, K, S = lib.C, lib.K, shim.C

local job = {}

--- Handshakes of one Lua state that may stand still at once. Each holds a stack and
-- its handshake's memory, some 70 KB; a further one waits before it begins.
job.MOST = 512

--- Before a handshake, or when it switches to another context.
-- @tparam table st
-- @tparam table ctx  the context's state
function job.apply(st, ctx)
  st.pausable = (st.psk or st.store or staple.pauses(st, ctx) or ctx.onverify) and true or false
  C.SSL_ctrl(st.conn.ssl, st.pausable and K.SSL_CTRL_MODE or K.SSL_CTRL_CLEAR_MODE,
             K.SSL_MODE_ASYNC, nil)
end

--- The handshake is done; no job exists, and later calls need none.
function job.done(st)
  if not st.pausable then return end
  C.SSL_ctrl(st.conn.ssl, K.SSL_CTRL_CLEAR_MODE, K.SSL_MODE_ASYNC, nil)
end

--- Must this handshake wait for a place? Nothing that arrives announces one, so it
-- waits for what is ready at any time: writing.
function job.crowded(st)
  return st.pausable and st.conn.paused == 0
     and S.paused(shim.pool.lsf_pool) >= job.MOST
end

return job
