--- ssl.handshake: until both sides agree, or one says why not.
--
-- What only the user can answer is asked here, between two calls of OpenSSL and on
-- the caller's coroutine: the function may raise or yield (ssl.question). Three
-- places: before the first call (DH parameters, since nothing may stop where
-- OpenSSL wants them), at the ClientHello (server name, ALPN), and inside a job
-- that stands still (PSK).

local ffi      = require "ffi"
local lib      = require "ssl.ffi.lib"
local shim     = require "ssl.ffi.shim"
local context  = require "ssl.context"
local detached = require "ssl.detached"
local dh       = require "ssl.dh"
local err      = require "ssl.err"
local hello    = require "ssl.hello"
local limit    = require "ssl.limit"
local loop     = require "ssl.loop"
local psk      = require "ssl.psk"
local question = require "ssl.question"
local sni      = require "ssl.sni"
local C, K, S, H = lib.C, lib.K, shim.C, shim.K

-- The size that the user's function is told. OpenSSL would say 1024 whatever the
-- certificate, and functions that go by it would pick a group that no client takes.
local DH_BITS = 2048

local bytes_t = ffi.typeof "const unsigned char *"

local function ask_dh(st, ctx)
  local group, reason = question.ask(st, dh.ask, ctx, DH_BITS)
  if st.status == "closed" then return end
  st.dh_reason = reason or false
  if group then
    C.DH_up_ref(group.dh)
    st.conn.dh = group.dh
  end
  C.SSL_set_tmp_dh_callback(st.conn.ssl, shim.callback "tmp_dh")
end

-- Once, before the first step.
local function prepare(st)
  st.prepared = true
  if not st.server then return end
  local ctx = context.state(st.ctx)
  if st.sni_map or ctx.alpn_select then st.conn.hello = H.LSF_HELLO_ASK end
  if ctx.dhparam then ask_dh(st, ctx) end
end

local function choose_protocol(st, offered)
  local select = context.state(st.ctx).alpn_select
  if not select or not offered then return end
  local wire = question.ask(st, select, offered)
  if st.status == "closed" or (type(wire) ~= "string" and type(wire) ~= "number") then
    return
  end
  st.alpn = tostring(wire) -- keeps the bytes alive
  st.conn.alpn, st.conn.alpn_length = ffi.cast(bytes_t, st.alpn), #st.alpn
end

-- The handshake stopped at the ClientHello.
local function answer_hello(st)
  local conn = st.conn
  local said = hello.parse(ffi.string(conn.said, conn.said_length))
  local ok, fine = pcall(sni.choose, st, said.name)
  if not ok then question.give_up(st, fine) end
  if not fine then
    conn.hello, conn.hello_alert = H.LSF_HELLO_REFUSE, K.SSL_AD_UNRECOGNIZED_NAME
    return
  end
  choose_protocol(st, said.alpn)
  if st.status ~= "closed" then conn.hello = H.LSF_HELLO_ACCEPT end
end

local function answer(st)
  if st.conn.hello == H.LSF_HELLO_ASKED then
    answer_hello(st)
  else
    psk.answer(st, context.state(st.ctx))
  end
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
  if psk.crowded(st) then return "wantread" end
  local word, start = attempt(st), nil
  while word do
    if word == "asked" then
      answer(st)
      if st.status == "closed" then return "closed" end
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
--   "busy" while another coroutine's call waits for a function of the user's, or
--   the reason of the failure, also at every call after it
return function(st)
  if st.status == "closed" then return false, "closed" end
  if st.status == "connected" then return true end
  if st.failed then return false, st.failed end
  if st.asking then return false, "busy" end
  detached.sweep()
  if not st.prepared then
    prepare(st)
    if st.status == "closed" then return false, "closed" end
  end
  local word = advance(st) or loop.drain(st)
  if word then
    if st.failed then st.transport.flush(st) end
    return false, explain(st, word)
  end
  psk.done(st)
  st.status, st.open = "connected", true
  return true
end
