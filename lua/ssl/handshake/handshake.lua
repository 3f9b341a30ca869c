--- ssl.handshake.handshake: the steps of a handshake, until it is done or has failed.
--
-- The program's functions are called between two calls of OpenSSL, on the caller's
-- coroutine: they may raise or yield (ssl.io.question). A handshake stops at two kinds of
-- places: at the ClientHello, and inside a job (ssl.handshake.features).
-- docs/internals/handshake.md has a drawing.

local shim        = require "ssl.ffi.shim"
local later       = require "ssl.base.later"
local readahead   = require "ssl.io.readahead"
local linger      = require "ssl.io.linger"
local earlydata   = later.module "ssl.feature.earlydata"
local ech         = later.module "ssl.feature.ech"
local errors      = require "ssl.base.errors"
local features    = require "ssl.handshake.features"
local job         = require "ssl.handshake.job"
local keylog      = later.module "ssl.feature.keylog"
local lifecycle   = require "ssl.io.lifecycle"
local timeout     = require "ssl.io.timeout"
local loop        = require "ssl.io.loop"
local verdict     = require "ssl.io.verdict"
local inherit     = require "ssl.handshake.inherit"
local rawkey      = later.module "ssl.feature.rawkey"
local resumption  = later.module "ssl.session.resumption"
local mutex       = later.module "ssl.io.mutex"
local policy      = require "ssl.session.policy"
local state       = require "ssl.io.state"
local S           = shim.C
local gone        = lifecycle.gone

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local HELLO_READ = shim.K.LSF_HELLO_READ

local UNPREPARED = "the handshake could not begin (%s)"

local handshake = {}

-- Once, before the first step.
local function prepare(st)
  lifecycle.begin(st)
  if not st.server then
    local why = policy.begin(st) and resumption.settle(st)
    if why then lifecycle.fail(st, why) end
    return
  end
  inherit.settle(st)
  features.prepare(st)
end

-- A connection that is half prepared goes no further: it may lack the demands of its context.
-- No function of the program runs here, so what is raised is no error of its own.
local function begin(st)
  local whole, problem = pcall(prepare, st)
  if whole then return end
  local reason = tostring(problem):gsub("^ssl: ", "")
  errors.clear()
  if not gone(st) then lifecycle.fail(st, UNPREPARED:format(reason)) end
end

-- A flight leaves in one piece. If the session tickets of TLS 1.3 were sent one by one,
-- Nagle's algorithm would hold back the server's first data.
-- The shim does that as a whole, and so does this, for early data.
local function step_with_early_data(st)
  local conn = st.conn
  if conn.hello.state == HELLO_READ then
    local gathered = S.hello_gather(conn)
    if gathered <= 0 then return gathered end
  end
  errors.clear()
  conn.cork = 1
  local rc = S.verdict(conn, earlydata.try(st))
  conn.cork = 0
  return rc
end

local function step(st)
  if st.early then return step_with_early_data(st) end
  return S.shake(st.conn)
end

local function step_and_judge(st)
  local rc = step(st)
  local word = rc <= 0 and verdict.judge(st, rc) or nil
  if not word and st.conn.verify.key_count ~= 0 and rawkey.unproven(st) then
    lifecycle.fail(st, errors.REFUSED)
    word = errors.REFUSED
  end
  if st.conn.out_beg ~= st.conn.out_end then
    st.transport.flush(st)
    if gone(st) then return "closed" end
    if word and verdict.waits(word) then return verdict.unsendable(st) or word end
  end
  return word
end

-- The pending question is answered. At the ClientHello the answer may switch the context.
local function answer(st)
  local before = st.c
  features.answer(st)
  if st.c ~= before and not gone(st) then job.apply(st) end
end

-- Not by loop.run: LuaJIT would give up the loop there, which receive needs, where `step` is
-- not compiled.
local function wait_and_step(st, word, start)
  local ready, why = loop.wait(st, word, start)
  if not ready then return why, true end
  if st.failed then return st.failed, true end
  return step_and_judge(st), false
end

-- The verdict at the end, nil for success; and when it began to wait, if it did.
local function advance(st)
  local word, start = step_and_judge(st), nil
  while word do
    if word == "asked" then
      if st.phase == "suspended" then return "busy", start end
      answer(st)
      if gone(st) then return "closed", start end
      word = step_and_judge(st)
    elseif st.nowait or not verdict.waits(word) then
      return word, start
    else
      local over
      start = start or timeout.start(st)
      word, over = wait_and_step(st, word, start)
      if over then return word, start end
    end
  end
  return nil, start
end

-- What a server says that has no DH parameters: OpenSSL, and LibreSSL.
local WITHOUT_DH = { ["internal error"] = true, ["missing tmp dh key"] = true }

-- The message for failures that OpenSSL has no text for.
local function explain(st, word)
  if not st.failed then return word end
  if st.c.ech then ech.failed(st) end
  local own = st.staple and st.staple.reason or st.psk_reason
  if st.dh_reason and WITHOUT_DH[word] then
    word = st.dh_reason
  else
    word = own or lifecycle.explained(st, word)
  end
  lifecycle.explain(st, word)
  return word
end

local function proceed(st)
  if st.status == "connected" and not st.failed and not gone(st) then return true end
  local refusal = lifecycle.shake_refusal(st)
  if refusal then return false, refusal end
  linger.poll()
  if st.phase == "new" then
    begin(st)
    refusal = lifecycle.shake_refusal(st)
    if refusal then return false, refusal end
  end
  local word, start = advance(st)
  word = word or loop.drain(st, start)
  if gone(st) then return false, "closed" end
  if word then
    -- close_notify is a clean end only after the handshake.
    if word == "closed" then lifecycle.fail(st, word) end
    if st.failed then st.transport.flush(st) end
    return false, explain(st, word)
  end
  if st.early and st.early.stage then return true end
  job.done(st)
  lifecycle.connected(st)
  readahead.update(st)
  if st.resume then resumption.done(st) end
  if st.conn.sessions_made ~= 0 then resumption.drain(st) end
  if gone(st) then return false, "closed" end
  return true
end

-- Over a stream one call at a time: where its methods yield, another's would find the
-- handshake at a place that it does not know.
local function in_turn(st)
  if not st.stream or st.status ~= "new" then return proceed(st) end
  if mutex.held(st, "shaking") then return false, "busy" end
  mutex.lock(st, "shaking")
  return mutex.finish(st, "shaking", pcall(proceed, st))
end

--- Make the handshake, or continue it. The secrets go to the key log, also
-- after a failed handshake.
-- @tparam table st
-- @return as of `dohandshake`
function handshake.run(st)
  local ok, word = in_turn(st)
  -- A server may have had another context before.
  if (st.c.keylog or st.server) and st.conn.keylog.length ~= 0 and st.phase ~= "suspended" then
    keylog.drain(st)
    if ok and gone(st) then return false, "closed" end
  end
  if ok then return true end
  return ok, word
end

--- Make the handshake, or continue it after a time-out.
-- @treturn boolean  true; also at once when it was done before
-- @treturn false,string  "wantread" or "wantwrite" when the time is over, "closed",
--   "busy" while another coroutine's call waits for a function of the program or for a
--   stream, or the reason of the failure, also at every call after it
function handshake:dohandshake()
  local st = state.of(self)
  return handshake.run(st)
end

return handshake
