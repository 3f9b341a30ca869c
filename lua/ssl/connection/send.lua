--- ssl.connection.send: bytes to records, and an honest count of what left.
--
-- SENT MEANS HANDED TO THE TRANSPORT. OpenSSL takes up to 16 KiB and makes a
-- record of it; the BIO hands the record to the kernel, and queues what the kernel
-- refuses. No byte is reported as sent, and no send succeeds, while bytes of it
-- are queued here: after the report a program may close or exit.
--
-- When the time is over with records still queued, the result is the end of the
-- last record that wholly left. The plaintext behind it is *owed*: OpenSSL has
-- taken it, it cannot be taken back, and it leaves before anything else. The
-- caller repeats it, since it was not reported; then it is skipped, also in
-- other slices. Where the caller sends other data instead, that is sent in full, behind the
-- record that was on its way.
--
-- A send of more than one record gathers up to 64 KiB before it calls the kernel
-- (`conn.cork`), except at time limit 0, where each record goes at once.

local ffi     = require "ffi"
local shim    = require "ssl.ffi.shim"
local later   = require "ssl.base.later"
local loop    = require "ssl.io.loop"
local verdict = require "ssl.io.verdict"
local timeout = require "ssl.io.timeout"
local arg     = require "ssl.base.arg"
local object  = require "ssl.base.object"
local mutex   = later.module "ssl.io.mutex"
local refusal = require("ssl.io.lifecycle").refusal
local CLASS   = require("ssl.io.state").class

local write, same = shim.C.write, shim.C.same
local text_t = ffi.typeof "const char *"
local RECORD  = shim.K.LSF_RECORD
local GATHER  = shim.K.LSF_QUEUE_LIMIT

local send = {}

-- Bytes [from, to) of data were taken by OpenSSL and have not left.
local function owe(st, data, from, to)
  if type(data) == "cdata" then -- the user's memory may change
    data, from, to = ffi.string(ffi.cast(text_t, data) + from, to - from), 0, to - from
  end
  st.owed, st.owed_data, st.owed_from = to - from, data, from
end

local function settled(st)
  st.owed, st.owed_data, st.owed_from = 0, "", 0
end

--- Nothing is owed any more: the connection is closed.
-- @tparam table st
send.forget = settled

-- How much of data[done, last) OpenSSL has had already.
local function repeated(st, data, done, last)
  local n = math.min(st.owed, last - done)
  if same(data, done, st.owed_data, st.owed_from, n) == 0 then
    settled(st)
    return 0
  end
  st.owed, st.owed_from = st.owed - n, st.owed_from + n
  if st.owed == 0 then settled(st) end
  return n
end

-- Records from data[done, last) until GATHER bytes are queued. OpenSSL makes shorter records
-- than RECORD where the peer wants it (max_fragment_length, RFC 6066). For record k `ends` has
-- the count of ciphertext bytes at which it is complete, and where its plaintext ends.
local function batch(st, data, done, last, gather, ends)
  local conn, k = st.conn, 0
  local word
  conn.cork = gather and 1 or 0
  repeat
    local rc = write(conn, data, done, math.min(RECORD, last - done))
    if rc <= 0 then
      word = verdict.judge(st, rc)
    else
      done, k = done + rc, k + 1
      ends[2 * k - 1], ends[2 * k] = conn.out_total, done
    end
  until word or done == last or not gather or conn.out_end - conn.out_beg >= GATHER
  conn.cork = 0
  return done, k, word
end

-- Where the plaintext of the last record ends that has left; `done` where none has.
local function wholly_sent(conn, ends, k, done)
  local n = 0
  while n < k and ends[2 * n + 1] <= conn.out_sent do n = n + 1 end
  return n > 0 and ends[2 * n] or done
end

local function wait_for(st, word, start)
  if not verdict.waits(word) then return false, word end
  local ready, why = loop.wait(st, word, start)
  return ready, why
end

-- `start` is when the call began to wait, if it did.
local function gather_and_send(st, data, done, last, start)
  local conn = st.conn
  start = start or timeout.start(st)
  local gather = not st.nowait and last - done > RECORD
  st.ends = st.ends or {}
  while done < last do
    if not st.open then return nil, refusal(st), done end
    local taken, k, word = batch(st, data, done, last, gather, st.ends)
    local stuck = k > 0 and loop.drain(st, start)
    if stuck then
      local left = wholly_sent(conn, st.ends, k, done)
      st.sent = st.sent + left - done
      owe(st, data, left, taken)
      return nil, stuck, left
    end
    st.sent, done = st.sent + taken - done, taken
    -- An engine's queue is full. OpenSSL would make a record that it could not hand over.
    if not word and conn.out_end - conn.out_beg > GATHER then word = "wantwrite" end
    if word and done < last then
      local ready, why = wait_for(st, word, start)
      if not ready then return nil, why, done end
    end
  end
  return last, nil, nil
end

-- Output of an earlier call waits, or bytes are owed.
local function after_rest(st, data, done, last, start)
  start = start or timeout.start(st)
  local stuck = loop.drain(st, start)
  if stuck then return nil, stuck, done end
  if st.owed > 0 then
    local n = repeated(st, data, done, last)
    st.sent, done = st.sent + n, done + n
    if done == last then return last, nil, nil end
  end
  return gather_and_send(st, data, done, last, start)
end

-- The one record that the straight path wrote did not wholly leave.
local function single_rest(st, data, done, last)
  local stuck = loop.drain(st)
  if stuck then
    owe(st, data, done, last)
    return nil, stuck, done
  end
  st.sent = st.sent + last - done
  return last, nil, nil
end

-- The straight path's write was not taken.
local function single_again(st, data, done, last, rc)
  local word = verdict.judge(st, rc)
  if st.nowait then return nil, word, done end
  local start = timeout.start(st)
  local ready, why = wait_for(st, word, start)
  if not ready then return nil, why, done end
  return gather_and_send(st, data, done, last, start)
end

-- Why nothing can be sent, or nil. OpenSSL, which could not hand over a record, would
-- take nothing but that one again.
local function obstacle(st, conn)
  if not st.open then return refusal(st) end
  if conn.out_error ~= 0 then return verdict.refused(st) end
end

-- OpenSSL took data[done, taken) for a short record.
local function single_part(st, data, done, taken, last)
  local sent, word, left = single_rest(st, data, done, taken)
  if not sent then return nil, word, left end
  return gather_and_send(st, data, taken, last)
end

-- data[done, last), 0-based, at least one byte.
local function transmit(st, data, done, last)
  local conn = st.conn
  local why = obstacle(st, conn)
  if why then return nil, why, done end
  if st.owed > 0 or conn.out_beg ~= conn.out_end then
    return after_rest(st, data, done, last)
  end
  if last - done > RECORD then return gather_and_send(st, data, done, last) end
  local rc = write(conn, data, done, last - done)
  if rc <= 0 then return single_again(st, data, done, last, rc) end
  if rc < last - done then return single_part(st, data, done, done + rc, last) end
  if conn.out_beg ~= conn.out_end then return single_rest(st, data, done, last) end
  st.sent = st.sent + last - done
  return last, nil, nil
end

-- A stream's send may yield, and another coroutine may send meanwhile: its bytes come
-- behind, whole.
local function in_turn(st, f, data, done, last)
  if not mutex.wait(st, "sending") then return nil, "busy", done end
  mutex.lock(st, "sending")
  return mutex.finish(st, "sending", pcall(f, st, data, done, last))
end

--- One of the pieces that a longer send is made of.
-- @tparam table st
-- @tparam cdata data
-- @tparam number n  how many bytes, at least one
-- @param start  from limit.start, of the whole
-- @return as of `sendfrom`
function send.piece(st, data, n, start)
  local conn = st.conn
  local why = obstacle(st, conn)
  if why then return nil, why, 0 end
  if st.owed > 0 or conn.out_beg ~= conn.out_end then
    return after_rest(st, data, 0, n, start)
  end
  return gather_and_send(st, data, 0, n, start)
end

--- Run such a longer send, f(st, what, done, last) -> as of `send`, and keep others'
-- bytes from coming in between.
function send.whole(st, f, what, done, last)
  if st.stream then return in_turn(st, f, what, done, last) end
  return f(st, what, done, last)
end

-- LuaSocket's reading of i and j: negative from the end, then clipped.
local function range(size, i, j)
  if i < 0 then i = size + i + 1 end
  if j < 0 then j = size + j + 1 end
  return math.max(i, 1), math.min(j, size)
end

--- The method `send`. See docs/connection.md.
-- @tparam userdata self
-- @tparam string|number data
-- @tparam[opt=1] number i  first byte
-- @tparam[opt=-1] number j  last byte
-- @treturn number,nil,nil  index of the last byte sent
-- @treturn nil,string,number  the message, and the index of the last byte
--   that left; resume with send(data, index + 1)
function send.send(self, data, i, j)
  local st = getmetatable(self)
  if not st or st.class ~= CLASS then st = object.state(self, CLASS) end
  if i == nil and j == nil and type(data) == "string" and #data > 0 then
    if st.stream then return in_turn(st, transmit, data, 0, #data) end
    return transmit(st, data, 0, #data)
  end
  data = arg.string(data, 2)
  i = i == nil and 1 or arg.integer(i, 3)
  j = j == nil and -1 or arg.integer(j, 4)
  local first, last = range(#data, i, j)
  if first > last then return first - 1, nil, nil end
  if st.stream then return in_turn(st, transmit, data, first - 1, last) end
  return transmit(st, data, first - 1, last)
end

--- The method `sendfrom`: bytes of C memory, without a string in between.
-- @tparam userdata self
-- @tparam cdata data  a pointer or an array; the caller keeps it alive, and may change
--   it when the call is over
-- @tparam number n  how many bytes
-- @treturn number,nil,nil  n
-- @treturn nil,string,number  the message, and the number of bytes sent; resume with
--   sendfrom(data + sent, n - sent)
function send.sendfrom(self, data, n)
  local st = getmetatable(self)
  if not st or st.class ~= CLASS then st = object.state(self, CLASS) end
  arg.type(data, "cdata", 2)
  n = arg.integer(n, 3)
  if n < 0 then arg.fail(3, "not a negative number") end
  if n == 0 then return 0, nil, nil end
  arg.memory(data, 2)
  if st.stream then return in_turn(st, transmit, data, 0, n) end
  return transmit(st, data, 0, n)
end

-- Why the texts of a list could not be joined: one is no text, or `why`.
local function unjoined(list, why)
  for i = 1, #list do
    local t = type(list[i])
    if t ~= "string" and t ~= "number" then
      arg.fail(2, ("element %d: "):format(i) .. arg.expected("string", list[i]), 2)
    end
  end
  error(why, 0)
end

--- The method `sendv`: many strings in as few records as they fit in.
-- @tparam userdata self
-- @tparam {string,...} list
-- @return as of `send` for the strings in one
function send.sendv(self, list)
  object.state(self, CLASS)
  arg.type(list, "table", 2)
  local joined, text = pcall(table.concat, list)
  if not joined then unjoined(list, text) end
  return send.send(self, text)
end

return send
