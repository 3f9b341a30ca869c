--- ssl.handshake: until both sides agree, or one says why not.
--
-- What only the user can answer is asked here, between two calls of OpenSSL and on
-- the caller's coroutine: the function may raise or yield.

local lib      = require "ssl.ffi.lib"
local shim     = require "ssl.ffi.shim"
local context  = require "ssl.context"
local detached = require "ssl.detached"
local dh       = require "ssl.dh"
local err      = require "ssl.err"
local limit    = require "ssl.limit"
local loop     = require "ssl.loop"
local sni      = require "ssl.sni"
local C, S     = lib.C, shim.C

-- The size that the user's function is told. OpenSSL would say 1024 whatever the
-- certificate, and functions that go by it would pick a group that no client takes.
local DH_BITS = 2048

-- A function for DH parameters is asked beforehand, because where OpenSSL wants
-- them nothing may raise or yield.
local function ask_dh(st)
  local ctx = context.state(st.ctx)
  if not ctx.dhparam then return end
  local group, reason = dh.ask(ctx, DH_BITS)
  if st.status == "closed" then return end
  st.dh_reason = reason or false
  if group then
    C.DH_up_ref(group.dh)
    st.conn.dh = group.dh
  end
  C.SSL_set_tmp_dh_callback(st.conn.ssl, shim.callback "tmp_dh")
end

local function try(st)
  return C.SSL_do_handshake(st.conn.ssl)
end

local function attempt(st)
  err.clear()
  local rc = try(st)
  return rc <= 0 and loop.judge(st, rc) or nil
end

-- The verdict at the end: nil for success.
local function advance(st)
  local word, start = attempt(st), nil
  while word do
    if word == "asked" then
      sni.decide(st)
      word = attempt(st)
    elseif st.nowait or not loop.waits(word) then
      return word
    else
      start = start or limit.start(st)
      word = loop.run(st, try, word, start)
      if word and word ~= "asked" then return word end
    end
  end
  return nil
end

-- OpenSSL has no words for "the DH parameters were none".
local function explain(st, word)
  if st.dh_reason and word == "internal error" then
    word, st.failed = st.dh_reason, st.dh_reason
  end
  return word
end

--- Shake hands, or go on doing so.
-- @tparam table st
-- @treturn boolean  true; also at once when it was done before
-- @treturn false,string  "wantread" or "wantwrite" when the time is over, "closed",
--   or the reason of the failure, also at every call after it
return function(st)
  if st.status == "closed" then return false, "closed" end
  if st.status == "connected" then return true end
  if st.failed then return false, st.failed end
  detached.sweep()
  if not st.prepared then
    st.prepared = true
    if st.server then ask_dh(st) end
    if st.status == "closed" then return false, "closed" end
  end
  local word = advance(st) or loop.drain(st)
  if word then
    if st.failed then S.flush(st.conn) end
    return false, explain(st, word)
  end
  st.status, st.open = "connected", true
  return true
end
