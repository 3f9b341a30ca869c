--- ssl.io.question: calls the program's function in the middle of a handshake.
--
-- OpenSSL has returned: it stopped at the ClientHello, or in a paused job. So the function
-- runs on the caller's own coroutine with no C frame below it: it may raise and it may
-- yield. Meanwhile the connection is suspended (ssl.io.lifecycle) and every other method
-- stays away from OpenSSL, because with a paused job the next call of any kind would finish
-- the paused one. The connection may be closed meanwhile: the caller of `ask` checks
-- `st.status` before it touches the struct again.

local lib       = require "ssl.ffi.lib"
local shim      = require "ssl.ffi.shim"
local errors    = require "ssl.base.errors"
local lifecycle = require "ssl.io.lifecycle"
local C, K, H   = lib.C, lib.K, shim.K

local question = {
  --- The question at the ClientHello, which has no number: OpenSSL has returned, and no
  -- job stands still.
  CLIENTHELLO = "clienthello",

  --- Can this OpenSSL stop inside a callback? musl's and LibreSSL have no jobs.
  pauses = lib.has.ASYNC_is_capable and C.ASYNC_is_capable() == 1,
}

--- Answer the pending question: the handshake that stands still may go on.
-- @tparam cdata conn
-- @tparam[opt=false] boolean accepted  the answer to a question about the peer
function question.answered(conn, accepted)
  conn.ask.accepted = accepted and 1 or 0
  conn.ask.question = H.LSF_QUESTION_NONE
end

-- Answer the pending question with "no" and let OpenSSL send the alert.
local function refuse(st)
  if st.status == "closed" then return end
  local conn = st.conn
  lifecycle.fail(st, "callback failed")
  conn.psk_call.key_length = H.LSF_PSK_FAIL
  question.answered(conn)
  conn.hello.state, conn.hello.alert = H.LSF_HELLO_REFUSE, K.SSL_AD_INTERNAL_ERROR
  errors.clear()
  C.SSL_do_handshake(conn.ssl)
  errors.clear()
  pcall(st.transport.flush, st)
end

local function finish(st, before, ok, ...)
  local problem = ...
  lifecycle.resume(st, before)
  if ok then return ... end
  refuse(st)
  error(problem, 0)
end

--- Call the program's function.
-- @tparam table st
-- @tparam function f
-- @return its results
-- @raise its error, after the handshake has been refused
function question.ask(st, f, ...)
  return finish(st, lifecycle.suspend(st), pcall(f, ...))
end

--- The pending question has no possible answer: refuse the handshake, and raise an error.
function question.give_up(st, message)
  refuse(st)
  error(message, 0)
end

return question
