--- ssl.receive: LuaSocket's receive patterns over decrypted bytes.
--
-- Plaintext is decrypted straight into the connection's own buffer
-- (`conn.plain`), which is taken from the pool when the first byte comes and
-- given back when the last has been taken out. A result is made by one ffi.string.
--
-- The straight functions try once, or twice where half a result was there, and
-- return; each has a looping sister for the case that has to wait or to gather.
-- See ssl.loop, invariant 3. The order matters where the collector may run: no
-- pointer into `plain` is used after something that can call back into us.

local ffi   = require "ffi"
local lib   = require "ssl.ffi.lib"
local shim  = require "ssl.ffi.shim"
local loop  = require "ssl.loop"
local limit = require "ssl.limit"
local arg   = require "ssl.arg"
local detached = require "ssl.detached"
local ending = require "ssl.ending"
local object = require "ssl.object"
local resumption = require "ssl.resumption"
local CLASS = require("ssl.state").class

local C, K, S = lib.C, lib.K, shim.C
local SSL_read_ex, memchr = C.SSL_read_ex, C.memchr
local ERR_peek_error, ERR_clear_error = C.ERR_peek_error, C.ERR_clear_error
local reserve, release = S.reserve, S.release
local tostr, cast = ffi.string, ffi.cast
local bytes_t = ffi.typeof "const unsigned char *"
local memory_t = ffi.typeof "unsigned char *"
local got     = ffi.new "size_t[1]"
local RECORD  = K.SSL3_RT_MAX_PLAIN_LENGTH
local BUFFER  = shim.K.LSF_BUFFER
local LF, CR  = 10, 13
local ENDLESS = math.huge -- has no remainder: `spelled` knows it

local receive = {}

-- One attempt to decrypt more. 1 when bytes came, else what SSL_read_ex said.
local function try(st)
  local conn = st.conn
  if conn.plain_size - conn.plain_end < RECORD and reserve(conn, RECORD) == 0 then
    error("not enough memory", 0)
  end
  conn.patient = conn.blocking
  local rc = SSL_read_ex(conn.ssl, conn.plain + conn.plain_end,
                         conn.plain_size - conn.plain_end, got)
  conn.patient = 0
  if rc == 1 then conn.plain_end = conn.plain_end + tonumber(got[0]) end
  return rc
end

local fill

-- A peer may send sessions for ever.
local function may_go_on(st, word, start)
  return loop.waits(word) and not st.nowait
     and (not start or limit.left(st, start) ~= 0)
end

-- The peer has given sessions. The user's function may do anything, also with this
-- connection, so it is called only while nothing that was received is in our hands:
-- `before` bytes of plaintext lay there when the attempt began.
local function told(st, conn, start, before, word)
  if before > 0 then return word, start end
  resumption.drain(st)
  if conn.plain_beg ~= conn.plain_end then return nil, start end
  if word and not may_go_on(st, word, start) then
    release(conn)
    return st.open and word or st.failed or "closed", start
  end
  return fill(st, conn, start or limit.start(st))
end

-- The attempt did not succeed: wait where the limits allow it. A program whose
-- connections stay calls nothing else for hours, so those that were closed meanwhile
-- are looked after here, too.
local function starved(st, conn, start)
  local before = conn.plain_end - conn.plain_beg
  local word = loop.past(st, try, loop.judge(st, 0))
  detached.sweep()
  if conn.sessions ~= 0 and before == 0 then return told(st, conn, start, before, word) end
  if loop.waits(word) and not st.nowait then
    start = start or limit.start(st)
    if not start and st.transport.patient then st.transport.patient(st, true) end
    word = loop.run(st, try, word, start)
    if conn.sessions ~= 0 and before == 0 then return told(st, conn, start, before, word) end
  end
  if word then release(conn) end
  return word, start
end

-- More plaintext. nil when some came, else the word why not; and when the call
-- began to wait, if it did: a limit is one for all fills of a call. The flush of a
-- stream may yield, and anything may have become of the connection then.
function fill(st, conn, start)
  if st.open and conn.out_beg ~= conn.out_end then st.transport.flush(st) end
  if not st.open or conn.ssl == nil then return st.failed or "closed" end
  if ERR_peek_error() ~= 0 then ERR_clear_error() end
  if try(st) == 1 then
    if conn.sessions ~= 0 then
      return told(st, conn, start, conn.plain_end - conn.plain_beg - tonumber(got[0]))
    end
    return nil, start
  end
  return starved(st, conn, start)
end

-- Take n bytes off the front, `skip` more behind them unseen. Making the string may
-- run a finalizer, and that may receive on this connection: so what follows looks again.
local function take(st, conn, n, skip)
  local beg = conn.plain_beg
  local p = conn.plain + beg
  local rest = beg + n + skip
  st.received = st.received + n + skip
  if rest == conn.plain_end then
    conn.plain_beg, conn.plain_end = 0, 0
  else
    conn.plain_beg = rest
  end
  local s = tostr(p, n)
  if conn.plain_beg == conn.plain_end and conn.plain_size == BUFFER then release(conn) end
  return s
end

-- Nothing more comes for now: what there is becomes the partial result.
local function stop(st, conn, word, prefix)
  local have = conn.plain_end - conn.plain_beg
  if have == 0 then return nil, word, prefix or "" end
  local partial = take(st, conn, have, 0)
  release(conn)
  if prefix then partial = prefix .. partial end
  return nil, word, partial
end

-- A line of n bytes lies at the front. LuaSocket drops every CR in it.
local function deliver(st, conn, n, prefix)
  local p = conn.plain + conn.plain_beg
  local cr = memchr(p, CR, n)
  local s
  if cr == nil then
    s = take(st, conn, n, 1)
  elseif cast(bytes_t, cr) - p == n - 1 then
    s = take(st, conn, n - 1, 2)
  else
    s = take(st, conn, n, 1):gsub("\r", "")
  end
  if prefix then s = prefix .. s end
  return s, nil, nil
end

-- Length of the first line, or nil. The first `from` bytes are known to have none, unless
-- another coroutine has taken some away since `received` was the count of bytes received.
local function find_line(st, conn, from, received)
  local p = cast(bytes_t, conn.plain) + conn.plain_beg
  local have = conn.plain_end - conn.plain_beg
  if st.received ~= received or from > have then from = 0 end
  local lf = memchr(p + from, LF, have - from)
  if lf ~= nil then return cast(bytes_t, lf) - p end
end

local function gather_line(st, conn, searched, prefix, start)
  local word, received
  while true do
    received = st.received
    word, start = fill(st, conn, start)
    if word then return stop(st, conn, word, prefix) end
    local n = find_line(st, conn, searched, received)
    if n then return deliver(st, conn, n, prefix) end
    searched = conn.plain_end - conn.plain_beg
  end
end

-- Half a line was there.
local function more_of_line(st, conn, searched, prefix, start)
  local received = st.received
  local word
  word, start = fill(st, conn, start)
  if word then return stop(st, conn, word, prefix) end
  local n = find_line(st, conn, searched, received)
  if n then return deliver(st, conn, n, prefix) end
  return gather_line(st, conn, conn.plain_end - conn.plain_beg, prefix, start)
end

local function line(st, prefix)
  local conn, start = st.conn, nil
  if conn.plain_beg == conn.plain_end then
    local word
    word, start = fill(st, conn)
    if word then return stop(st, conn, word, prefix) end
  end
  local p = conn.plain + conn.plain_beg
  local have = conn.plain_end - conn.plain_beg
  local lf = memchr(p, LF, have)
  if lf ~= nil then return deliver(st, conn, cast(bytes_t, lf) - p, prefix) end
  return more_of_line(st, conn, have, prefix, start)
end

local function deliver_count(st, conn, n, prefix)
  local s = take(st, conn, n, 0)
  if prefix then s = prefix .. s end
  return s, nil, nil
end

local function gather_count(st, conn, n, prefix, start)
  local word
  repeat
    word, start = fill(st, conn, start)
    if word then return stop(st, conn, word, prefix) end
  until conn.plain_end - conn.plain_beg >= n
  return deliver_count(st, conn, n, prefix)
end

-- Some of the bytes were there.
local function more_of_count(st, conn, n, prefix, start)
  local word
  word, start = fill(st, conn, start)
  if word then return stop(st, conn, word, prefix) end
  if conn.plain_end - conn.plain_beg >= n then
    return deliver_count(st, conn, n, prefix)
  end
  return gather_count(st, conn, n, prefix, start)
end

-- n bytes; with n = 0 as soon as something is there to read, as LuaSocket has it.
local function count(st, n, prefix)
  local conn = st.conn
  local have = conn.plain_end - conn.plain_beg
  if have < n or have == 0 then
    local word, start = fill(st, conn)
    if word then return stop(st, conn, word, prefix) end
    if conn.plain_end - conn.plain_beg < n then
      return more_of_count(st, conn, n, prefix, start)
    end
  end
  return deliver_count(st, conn, n, prefix)
end

--- Gather everything until the peer ends, or something is in the way.
-- @treturn string  the word
-- @treturn boolean  did the peer end the session in order? "closed" has more meanings
function receive.until_end(st)
  local conn = st.conn
  local word, start
  repeat word, start = fill(st, conn, start) until word
  return word, ending.in_order(st)
end

local function all(st, prefix)
  local conn = st.conn
  local word, in_order = receive.until_end(st)
  local have = conn.plain_end - conn.plain_beg
  if in_order and have > 0 then
    local s = take(st, conn, have, 0)
    release(conn)
    if prefix then s = prefix .. s end
    return s, nil, nil
  end
  return stop(st, conn, word, prefix)
end

-- With a prefix the count is that of the whole result.
local function count_rest(st, n, prefix)
  if n >= 0 then
    n = math.floor(n)
    if prefix and #prefix >= n then return prefix, nil, nil end
    return count(st, prefix and n - #prefix or n, prefix)
  end
  arg.fail(2, "invalid receive pattern", 3)
end

-- Every spelling of a pattern that the straight path does not know.
local function spelled(st, pattern, prefix)
  if prefix ~= nil then
    prefix = arg.string(prefix, 3, 2)
    if prefix == "" then prefix = nil end
  end
  local n = tonumber(pattern)
  if n and type(pattern) ~= "cdata" then
    local s, word, partial = count_rest(st, n, prefix)
    return s, word, partial
  end
  local kind = arg.optstring(pattern, "*l", 2, 2):sub(1, 2)
  if kind == "*l" then return line(st, prefix) end
  if kind == "*a" then return all(st, prefix) end
  arg.fail(2, "invalid receive pattern", 2)
end

--- The method `receive`. See docs/connection.md.
-- @tparam userdata self
-- @tparam[opt="*l"] string|number pattern  "*l", "*a", or a number of bytes
-- @tparam[opt=""] string prefix  what an earlier call had received
-- @treturn string,nil,nil
-- @treturn nil,string,string  the word why not, and what came until then
function receive.receive(self, pattern, prefix)
  local st = getmetatable(self)
  if not st or st.class ~= CLASS then st = object.state(self, CLASS) end
  if prefix == nil then
    if pattern == nil or pattern == "*l" then return line(st) end
    if type(pattern) == "number" and pattern >= 1 and pattern < ENDLESS then
      return count(st, pattern - pattern % 1)
    end
  end
  local s, word, partial = spelled(st, pattern, prefix)
  return s, word, partial
end

--- The method `receiveany`: what there is, at least one byte.
-- @tparam userdata self
-- @tparam[opt] number max  at most so many bytes, 1 or more
-- @treturn string
-- @treturn nil,string  the word why not
function receive.receiveany(self, max)
  local st = getmetatable(self)
  if not st or st.class ~= CLASS then st = object.state(self, CLASS) end
  max = max == nil and math.huge or arg.integer(max, 2)
  if max < 1 then arg.fail(2, "at least 1 expected") end
  local conn = st.conn
  if conn.plain_beg == conn.plain_end then
    local word = fill(st, conn)
    if word then return nil, word end
  end
  return take(st, conn, math.min(max, conn.plain_end - conn.plain_beg), 0)
end

-- One attempt to decrypt into the user's memory. How many bytes, or 0.
local function try_into(st, p, n)
  local conn = st.conn
  conn.patient = conn.blocking
  local rc = SSL_read_ex(conn.ssl, p, n, got)
  conn.patient = 0
  return rc == 1 and tonumber(got[0]) or 0
end

-- As `fill`, for memory of the user's: n bytes at p. The third result says how many came.
local function fill_into(st, conn, start, p, n)
  if st.open and conn.out_beg ~= conn.out_end then st.transport.flush(st) end
  if not st.open or conn.ssl == nil then return st.failed or "closed", start, 0 end
  if ERR_peek_error() ~= 0 then ERR_clear_error() end
  local came = try_into(st, p, n)
  if came > 0 then return nil, start, came end
  local word
  word, came = loop.past(st, try_into, loop.judge(st, 0), p, n)
  if word and loop.waits(word) and not st.nowait then
    start = start or limit.start(st)
    word, came = loop.run(st, try_into, word, start, p, n)
  end
  return word, start, came or 0
end

-- What an earlier receive left comes first.
local function leftovers(st, conn, buffer, n)
  local have = math.min(n, conn.plain_end - conn.plain_beg)
  if have == 0 then return 0 end
  ffi.copy(buffer, conn.plain + conn.plain_beg, have)
  conn.plain_beg = conn.plain_beg + have
  st.received = st.received + have
  if conn.plain_beg == conn.plain_end then conn.plain_beg, conn.plain_end = 0, 0 end
  return have
end

local function into(st, conn, buffer, n, done)
  local p = cast(memory_t, buffer)
  local word, start, came
  repeat
    word, start, came = fill_into(st, conn, start, p + done, n - done)
    st.received, done = st.received + came, done + came
  until word or done == n
  if done == n then return n, nil, nil end
  return nil, word, done
end

--- The method `receiveinto`: bytes into C memory, without a string in between.
-- @tparam userdata self
-- @tparam cdata buffer  a pointer or an array; the caller keeps it alive
-- @tparam number n  how many bytes
-- @treturn number,nil,nil  n
-- @treturn nil,string,number  the word why not, and how many bytes are there; resume
--   with receiveinto(buffer + there, n - there)
function receive.receiveinto(self, buffer, n)
  local st = getmetatable(self)
  if not st or st.class ~= CLASS then st = object.state(self, CLASS) end
  arg.type(buffer, "cdata", 2)
  n = arg.integer(n, 3)
  if n < 0 then arg.fail(3, "not a negative number") end
  -- Later than this the user's function could not fail without losing the count.
  if st.conn.sessions ~= 0 then resumption.drain(st) end
  local conn = st.conn
  local done = leftovers(st, conn, buffer, n)
  if done == n then return n, nil, nil end
  return into(st, conn, buffer, n, done)
end

return receive
