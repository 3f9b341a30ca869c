--- ssl.feature.earlydata: early data as steps of a handshake (RFC 8446 section 2.3).
--
-- SSL_write_early_data(3), SSL_read_early_data(3). Both drive the handshake as far as
-- they need it. So ssl.handshake.handshake calls them instead of SSL_do_handshake as long as
-- early data is to be written or read (`st.early`). Its other steps stay the same:
-- questions, waiting, verdicts.
--
-- A server's early data may be a replay: an attacker who has recorded a client's first
-- flight can send it again. OpenSSL accepts a session only once, but it can know this only
-- of sessions in its own memory, in this process. So a context with early data keeps its
-- sessions there and nowhere else, and the data never comes by `receive`.

local ffi     = require "ffi"
local lib     = require "ssl.ffi.lib"
local errors  = require "ssl.base.errors"
local process = require "ssl.base.process"
local C, K    = lib.C, lib.K

local earlydata = {}

--- Can this OpenSSL do it? LibreSSL's other functions for early data do nothing.
earlydata.supported = lib.has.SSL_CTX_set_recv_max_early_data

--- The largest limit, in bytes: a server keeps that much for one client.
earlydata.MOST = 1048576

-- Rejected early data has to be skipped: at least as much as OpenSSL's default.
local PASSED = K.SSL3_RT_MAX_PLAIN_LENGTH

-- A server that asks for another hello cannot decrypt early data, and OpenSSL's takes no
-- record then which is longer than one in the clear. So a type and a tag have to fit in.
local TYPE_AND_TAG = 17
local FRAGMENT = K.SSL3_RT_MAX_PLAIN_LENGTH - TYPE_AND_TAG

local LIMIT = "error setting the limit of early data"

local buffer_t = ffi.typeof("struct { size_t lsf_early; unsigned char bytes["
                            .. K.SSL3_RT_MAX_PLAIN_LENGTH .. "]; }")
local written_t = ffi.typeof "size_t[1]"

--- Allow early data on the connections of a context.
-- @tparam table c  state of the context
-- @tparam table cfg
-- @tparam number most  in bytes
-- @treturn true
-- @treturn false,string  the other key that excludes it
function earlydata.allow(c, cfg, most)
  local raw = c.handle.raw
  c.earlydata, c.process = most, process()
  if c.mode ~= "server" then return true end
  for _, key in ipairs { "sessionstore", "ticketkeys" } do
    if cfg[key] then
      return false, ("earlydata contradicts %s: each process knows its own sessions only")
                    :format(key)
    end
  end
  local risky = ffi.cast("uint64_t", lib.options.no_anti_replay)
  if bit.band(C.SSL_CTX_get_options(raw), risky) ~= 0 then
    return false, "earlydata contradicts options no_anti_replay"
  end
  C.SSL_CTX_ctrl(raw, K.SSL_CTRL_SET_SESS_CACHE_MODE, K.SSL_SESS_CACHE_SERVER, nil)
  errors.must(C.SSL_CTX_set_max_early_data(raw, most), LIMIT)
  errors.must(C.SSL_CTX_set_recv_max_early_data(raw, math.max(most, PASSED)), LIMIT)
  return true
end

--- A server is about to accept early data. A session may be used for that once. After a
-- fork parent and child have the same sessions: the child drops its copies.
-- @tparam table c  state of the context
function earlydata.own(c)
  if c.process == process() then return end
  c.process = process()
  C.SSL_CTX_flush_sessions(c.handle.raw, 0)
end

--- A handshake goes on with another context. Where the connection began with early data,
-- the limit of the first context stays: OpenSSL keeps the sessions in that one.
-- @tparam table st
-- @tparam table old  the state of the context that it comes from
-- @tparam table new
function earlydata.adopt(st, old, new)
  if not old.earlydata then return end
  local most = new.earlydata or 0
  local received = math.max(most, old.earlydata, PASSED)
  errors.must(C.SSL_set_max_early_data(st.conn.ssl, most), LIMIT)
  errors.must(C.SSL_set_recv_max_early_data(st.conn.ssl, received), LIMIT)
end

--- Early data begins on a connection.
-- `stage`: "read" or "write", where a step is one operation and not the handshake;
-- `text`: to be sent; `taken`: OpenSSL has it, and perhaps it waits in the queue;
-- `pieces`: read and not yet returned; `seen`: some early data came; `finished`:
-- no more comes; `sent`: number of bytes.
function earlydata.new()
  return { stage = false, text = false, taken = false, pieces = {}, seen = false,
           finished = false, sent = 0, buffer = false }
end

local function write(ssl, early)
  local text = early.text
  C.SSL_ctrl(ssl, K.SSL_CTRL_SET_MAX_SEND_FRAGMENT, FRAGMENT, nil)
  local rc = C.SSL_write_early_data(ssl, text, #text, written_t())
  C.SSL_ctrl(ssl, K.SSL_CTRL_SET_MAX_SEND_FRAGMENT, K.SSL3_RT_MAX_PLAIN_LENGTH, nil)
  -- The smaller length has made this one smaller, too.
  C.SSL_ctrl(ssl, K.SSL_CTRL_SET_SPLIT_SEND_FRAGMENT, K.SSL3_RT_MAX_PLAIN_LENGTH, nil)
  if rc == 1 then
    early.taken, early.sent = true, early.sent + #text
  end
  return rc
end

-- The buffer is the connection's: where the handshake stands still in a job, OpenSSL
-- comes back to it.
local function read(ssl, early)
  local buffer = early.buffer or buffer_t()
  early.buffer = buffer
  local rc = C.SSL_read_early_data(ssl, buffer.bytes, ffi.sizeof(buffer.bytes),
                                   ffi.cast("size_t *", buffer))
  if rc == K.SSL_READ_EARLY_DATA_ERROR then return 0 end
  early.finished = rc == K.SSL_READ_EARLY_DATA_FINISH
  local n = tonumber(buffer.lsf_early)
  if not early.finished and n > 0 then
    early.seen = true
    early.pieces[#early.pieces + 1] = ffi.string(buffer.bytes, n)
  end
  if early.finished then early.buffer = false end
  return 1
end

--- One step. Where the handshake goes on before all early data was written or read, that
-- is done first: OpenSSL cannot skip it. The bytes that were read wait in `pieces`.
-- @treturn number  as SSL_do_handshake: 1 for success
function earlydata.try(st)
  local ssl, early = st.conn.ssl, st.early
  if early.text and not early.taken then
    local rc = write(ssl, early)
    if rc ~= 1 then return rc end
  end
  if early.stage == "write" then return 1 end
  if early.stage == "read" then return read(ssl, early) end
  while st.server and not early.finished do
    local rc = read(ssl, early)
    if rc ~= 1 then return rc end
  end
  return C.SSL_do_handshake(ssl)
end

return earlydata
