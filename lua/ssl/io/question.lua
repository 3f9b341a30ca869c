--- ssl.io.question: asking the user in the middle of a handshake.
--
-- OpenSSL has returned - stopped at the ClientHello, or standing still in a job -
-- so the function runs on the caller's own coroutine with no C frame below it: it
-- may raise and it may yield. While it does, `st.asking` keeps every other method
-- away from OpenSSL, because with a paused job the next call of any kind would
-- finish the paused one. The connection may be closed meanwhile: whoever asked
-- looks at `st.status` before it touches the struct again.

local lib     = require "ssl.ffi.lib"
local shim    = require "ssl.ffi.shim"
local errors  = require "ssl.base.errors"
local failure = require "ssl.io.failure"
local C, K, H = lib.C, lib.K, shim.K

local question = {}

-- Say no to what is waiting and let OpenSSL tell the peer.
local function refuse(st)
  if st.status == "closed" then return end
  local conn = st.conn
  st.failed, st.open = "callback failed", false
  conn.psk_length, conn.question = H.LSF_PSK_FAIL, H.LSF_QUESTION_NONE
  conn.hello, conn.hello_alert = H.LSF_HELLO_REFUSE, K.SSL_AD_INTERNAL_ERROR
  failure.rename(st)
  errors.clear()
  C.SSL_do_handshake(conn.ssl)
  errors.clear()
  pcall(st.transport.flush, st)
end

local function finish(st, ok, ...)
  st.asking = false
  if ok then return ... end
  local problem = ...
  refuse(st)
  error(problem, 0)
end

--- Call the user's function.
-- @tparam table st
-- @tparam function f
-- @return what it returns
-- @raise what it raises, after the handshake has been refused
function question.ask(st, f, ...)
  st.asking = true
  return finish(st, pcall(f, ...))
end

--- What was waiting has become impossible: refuse, and raise.
function question.give_up(st, message)
  refuse(st)
  error(message, 0)
end

return question
