--- ssl.connection.receiveinto: decrypted bytes straight into C memory of the program.

local ffi        = require "ffi"
local shim       = require "ssl.ffi.shim"
local arg        = require "ssl.base.arg"
local guard      = require "ssl.io.guard"
local timeout    = require "ssl.io.timeout"
local loop       = require "ssl.io.loop"
local verdict    = require "ssl.io.verdict"
local object     = require "ssl.base.object"
local resumption = require "ssl.session.resumption"
local refusal    = require("ssl.io.lifecycle").refusal
local CLASS      = require("ssl.io.state").class

local S    = shim.C
local read_into = S.read_into
local cast, min = ffi.cast, math.min
local memory_t = ffi.typeof "unsigned char *"

-- The shim counts in ints, and the program's memory may be longer than they reach.
local MOST = 2^30

-- One attempt to decrypt into the user's memory.
local function try_into(st, p, n)
  return read_into(st.conn, p, min(n, MOST))
end

-- As `fill`, for memory of the program: n bytes at p. The third result says how many came.
local function fill_into(st, conn, start, p, n)
  if st.open and conn.out_beg ~= conn.out_end then st.transport.flush(st) end
  if not st.open then return refusal(st), start, 0 end
  local came = try_into(st, p, n)
  if came > 0 then return nil, start, came end
  local word
  word, came = loop.past(st, try_into, verdict.judge(st, came), p, n)
  if word and verdict.waits(word) and not st.nowait then
    start = start or timeout.start(st)
    word, came = loop.run(st, try_into, word, start, p, n)
  end
  return word, start, came or 0
end

-- Bytes that an earlier receive left come first.
local function leftovers(st, conn, buffer, n)
  local p, have, came = cast(memory_t, buffer), 0
  repeat
    came = S.deliver(conn, p + have, min(n - have, MOST))
    have = have + came
  until came == 0 or have == n
  st.received = st.received + have
  return have
end

local function into(st, conn, buffer, n, done)
  local p = cast(memory_t, buffer)
  local turns, word, start, came = 0
  repeat
    word, start, came = fill_into(st, conn, start, p + done, n - done)
    st.received, done, turns = st.received + came, done + came, turns + 1
    if not word and done < n then word, start = timeout.turn(st, turns, start) end
  until word or done == n
  if done == n then return n, nil, nil end
  return nil, word, done
end

--- The method `receiveinto`: bytes into C memory, without a string in between.
-- @tparam userdata self
-- @tparam cdata buffer  a pointer or an array; the caller keeps it alive
-- @tparam number n  how many bytes
-- @treturn number,nil,nil  n
-- @treturn nil,string,number  the message, and the number of bytes received; resume
--   with receiveinto(buffer + received, n - received)
local function receiveinto(self, buffer, n)
  local st = getmetatable(self)
  if not st or st.class ~= CLASS then st = object.state(self, CLASS) end
  arg.type(buffer, "cdata", 2)
  n = arg.integer(n, 3)
  if n < 0 then arg.fail(3, "not a negative number") end
  if n == 0 then return 0, nil, nil end
  arg.memory(buffer, 2)
  -- Later than this the program's function could not fail without losing the count.
  if st.conn.sessions_made ~= 0 then guard.within(st, resumption.drain) end
  local conn = st.conn
  local done = leftovers(st, conn, buffer, n)
  if done == n then return n, nil, nil end
  return into(st, conn, buffer, n, done)
end

return { receiveinto = receiveinto }
