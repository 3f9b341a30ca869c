--- ssl.connection.earlydata: the methods for early data, on both sides.
--
-- docs/protocol.md explains its use and its limits.

local lib       = require "ssl.ffi.lib"
local arg       = require "ssl.base.arg"
local earlydata = require "ssl.feature.earlydata"
local handshake = require "ssl.handshake.handshake"
local lifecycle = require "ssl.io.lifecycle"
local state     = require "ssl.io.state"
local mutex     = require "ssl.io.mutex"
local C, K      = lib.C, lib.K

local operations = {}

local WORDS = {
  [K.SSL_EARLY_DATA_NOT_SENT] = "none", [K.SSL_EARLY_DATA_REJECTED] = "rejected",
  [K.SSL_EARLY_DATA_ACCEPTED] = "accepted",
}

local function finish(st, ok, ...)
  st.early.stage = false
  if not ok then error((...), 0) end
  return ...
end

-- One step of the handshake. true, or false and the message.
local function step(st, stage)
  st.early.stage = stage
  return finish(st, pcall(handshake.run, st))
end

-- Why early data is no subject here, or nil.
local function obstacle(st)
  local refusal = lifecycle.shake_refusal(st)
  if refusal then return refusal end
  if mutex.held(st, "shaking") then return "busy" end
  if not st.c.earlydata and not st.early then
    return "early data is off: see earlydata"
  end
end

-- How much the session lets a client send.
local function allowance(st)
  local session = C.SSL_get_session(st.conn.ssl)
  local most = session ~= nil and C.SSL_SESSION_get_max_early_data(session) or 0
  return math.min(most, st.c.earlydata)
end

-- A client sends before its handshake; a server sends in answer to early data.
local function may_send(st, length)
  if st.status ~= "new" then return "not after the handshake" end
  if st.server then
    local accepted = st.early
                 and C.SSL_get_early_data_status(st.conn.ssl) == K.SSL_EARLY_DATA_ACCEPTED
    return not accepted and "no early data was received" or nil
  end
  if st.phase ~= "new" and not st.early then return "not after the handshake has begun" end
  local most = allowance(st)
  if most == 0 then return "no session for early data" end
  local sent = st.early and st.early.sent or 0
  if sent + length > most then return ("at most %d bytes of early data"):format(most) end
end

--- Send before the handshake is done. A client needs a session (`setsession`) of a
-- server that allows it. A server answers early data that it has received; it cannot know
-- yet that the client is there.
-- @tparam string data
-- @treturn number  its length: it has been handed to the transport, and a server may
--   still reject it: see `earlydata`
-- @treturn nil,string  nothing was sent, and the handshake can go on: it is off, there
--   is no session for it, or too much; "wantread", "wantwrite": call it again with the
--   same data; "busy", "closed", or the message of a fatal error
function operations:sendearlydata(data)
  local st = state.of(self)
  data = arg.string(data, 2)
  local pending = st.early and st.early.text
  local word = obstacle(st)
  if pending then
    word = word or data ~= pending and "the same data expected" or nil
  else
    word = word or may_send(st, #data) or nil
  end
  if word then return nil, word end
  if data == "" then return 0 end
  local early = st.early or earlydata.new()
  st.early, early.text = early, data
  local ok, why = step(st, "write")
  if not ok then return nil, why end
  early.text, early.taken = false, false
  st.sent = st.sent + #data
  return #data
end

--- The data that a client has sent before the handshake. It may be a replay. On a server,
-- before `dohandshake`; until the first call no early data is accepted.
-- @treturn string  at least one byte
-- @treturn nil,string  "none": no more of it, and no harm done; "wantread", "wantwrite",
--   "busy", "closed", "early data is off", "only a server receives early data", or the
--   words of a fatal error
function operations:receiveearlydata()
  local st = state.of(self)
  local word = obstacle(st)
  if word then return nil, word end
  if not st.server then return nil, "only a server receives early data" end
  local early = st.early
  if not early then
    if st.phase ~= "new" then return nil, "none" end
    early = earlydata.new()
    st.early = early
    earlydata.own(st.c)
  end
  while not early.pieces[1] and not early.finished do
    local ok, why = step(st, "read")
    if not ok then return nil, why end
  end
  local data = table.concat(early.pieces)
  early.pieces = {}
  if data == "" then return nil, "none" end
  st.received = st.received + #data
  return data
end

--- The outcome of early data.
-- @treturn string  "accepted", "rejected", or "none": the client sent none
-- @treturn nil,string  "wantread": it is not decided yet; "closed", or the words of a
--   fatal error
function operations:earlydata()
  local st = state.of(self)
  if lifecycle.closed(st) then return nil, "closed" end
  if st.failed then return nil, st.failed end
  local early = st.early
  local known = st.status == "connected"
             or st.server and early and (early.finished or early.seen)
  if not known then return nil, "wantread" end
  return WORDS[C.SSL_get_early_data_status(st.conn.ssl)]
end

return operations
