--- ssl.handshake.job: handshakes that can stand still.
--
-- A connection whose context has a function that OpenSSL asks for from inside runs
-- its handshake as a job (shim/pause.c), and only its handshake: a job costs each
-- call some 150 ns.
--
-- Any number of them may stand still. Each costs 54 KB, and a handshake that waits for its
-- peer costs 44 KB: a program that limits its connections has limited this too. A limit
-- here would make a handshake wait for the end of another one, and no scheduler can wait
-- for that.

local lib      = require "ssl.ffi.lib"
local stapling = require "ssl.feature.stapling"
local C, K     = lib.C, lib.K

local job = {}

--- Before a handshake, or when it switches to another context.
-- @tparam table st
-- @tparam table ctx  the context's state
function job.apply(st, ctx)
  st.pausable = (st.psk or st.store or stapling.pauses(st, ctx) or ctx.onverify) and true or false
  C.SSL_ctrl(st.conn.ssl, st.pausable and K.SSL_CTRL_MODE or K.SSL_CTRL_CLEAR_MODE,
             K.SSL_MODE_ASYNC, nil)
end

--- The handshake is done; no job exists, and later calls need none.
function job.done(st)
  if not st.pausable then return end
  C.SSL_ctrl(st.conn.ssl, K.SSL_CTRL_CLEAR_MODE, K.SSL_MODE_ASYNC, nil)
end

return job
