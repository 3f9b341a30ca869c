--- ssl.connection.receive: LuaSocket's receive patterns over decrypted bytes.
--
-- Plaintext is decrypted straight into the connection's own buffer
-- (`conn.plain`), which is taken from the pool when the first byte comes and
-- given back when the last byte has been taken out. A result is made by one ffi.string.
--
-- The straight functions try once, or twice where half a result was there, and
-- return; each has a looping sister for the case that has to wait or to gather.
-- See ssl.io.loop, invariant 3. The shim is given the struct and no pointer out of it: a
-- finalizer may use or close the connection wherever Lua allocates (shim/plaintext.c).

local shim       = require "ssl.ffi.shim"
local loop       = require "ssl.io.loop"
local verdict    = require "ssl.io.verdict"
local timeout    = require "ssl.io.timeout"
local arg        = require "ssl.base.arg"
local delivery   = require "ssl.io.delivery"
local linger     = require "ssl.io.linger"
local ending     = require "ssl.io.ending"
local guard      = require "ssl.io.guard"
local object     = require "ssl.base.object"
local refusal    = require("ssl.io.lifecycle").refusal
local later      = require "ssl.base.later"
local resumption = later.module "ssl.session.resumption" -- the keys for sessions load it
local CLASS      = require("ssl.io.state").class

local S = shim.C
local read, find = S.read, S.find
local take, release = delivery.take, S.release
local LF, CR  = 10, 13
local TOO_LONG, NO_MEMORY = "too long", delivery.NO_MEMORY

local receive = {
  --- The message where a result is longer than the limit.
  TOO_LONG = TOO_LONG,
}

-- One attempt to decrypt more. How many bytes came, or what `verdict.judge` takes.
local function try(st)
  return read(st.conn)
end

local fill

-- A peer may send sessions for ever.
local function may_go_on(st, word, start)
  return verdict.waits(word) and not st.nowait
     and (not start or timeout.left(st, start) ~= 0)
end

-- The peer has sent sessions. Call the program's function only while no received plaintext
-- is held in local variables: it may receive on this connection, or close it. `before` is
-- the number of plaintext bytes in the buffer when the attempt began.
local function told(st, conn, start, before, word)
  if before > 0 then return word, start end
  guard.within(st, resumption.drain)
  if conn.plain_beg ~= conn.plain_end then return nil, start end
  if word and not may_go_on(st, word, start) then
    release(conn)
    return st.open and word or refusal(st), start
  end
  return fill(st, conn, start or timeout.start(st))
end

-- The attempt did not succeed: wait where the limits allow it. A program may call nothing
-- but `receive` for hours, so lingering closes are continued here, too.
local function starved(st, conn, start, rc)
  local before = conn.plain_end - conn.plain_beg
  local word = loop.past(st, try, verdict.judge(st, rc))
  linger.poll()
  if conn.sessions_made ~= 0 and before == 0 then return told(st, conn, start, before, word) end
  if verdict.waits(word) and not st.nowait then
    start = start or timeout.start(st)
    if not start and st.transport.patient then st.transport.patient(st, true) end
    word = loop.run(st, try, word, start)
    if conn.sessions_made ~= 0 and before == 0 then return told(st, conn, start, before, word) end
  end
  if word then release(conn) end
  return word, start
end

-- More plaintext. nil when some came, else the message; and the time at which the call
-- began to wait, if it did: one limit holds for all fills of a call. The flush of a stream
-- may yield, and the connection may have failed or been closed meanwhile.
function fill(st, conn, start)
  if st.open and conn.out_beg ~= conn.out_end then st.transport.flush(st) end
  if not st.open then return refusal(st) end
  local rc = read(conn)
  if rc <= 0 then return starved(st, conn, start, rc) end
  if conn.sessions_made ~= 0 then
    return told(st, conn, start, conn.plain_end - conn.plain_beg - rc)
  end
  return nil, start
end

-- Nothing more comes for now: the bytes that are there become the partial result. That of a
-- line has no CR either: it is the beginning of what the program gets in the end, and the LF
-- behind a CR may come in the next record.
local function stop(st, conn, word, prefix, strip)
  local serial, have = conn.serial, conn.plain_end - conn.plain_beg
  if have == 0 then return nil, word, prefix or "" end
  local partial = take(st, conn, serial, have, 0, prefix, strip)
  if not partial then
    if partial == nil then return stop(st, conn, word, prefix, strip) end
    return nil, NO_MEMORY, prefix or ""
  end
  release(conn)
  return nil, word, partial
end

-- More came than one result may have. The first `most` bytes of it are the partial result.
local function too_long(st, conn, most, prefix, strip)
  local serial, have = conn.serial, conn.plain_end - conn.plain_beg
  local n = math.min(have, most - (prefix and #prefix or 0))
  if n <= 0 then return nil, TOO_LONG, prefix or "" end
  local partial = take(st, conn, serial, n, 0, prefix, strip)
  if partial == nil then return too_long(st, conn, most, prefix, strip) end
  return nil, partial and TOO_LONG or NO_MEMORY, partial or prefix or ""
end

-- Is that too much for a line?
local function endless(st, n, prefix)
  return n > st.maxline or prefix and n + #prefix > st.maxline
end

local line

-- A line of n bytes lies at the front -> as `take`. LuaSocket drops every CR in it.
local function take_line(st, conn, serial, n, prefix)
  local cr = find(conn, CR, 0, n)
  if cr < 0 then return take(st, conn, serial, n, 1, prefix) end
  if cr == n - 1 then return take(st, conn, serial, cr, 2, prefix) end
  return take(st, conn, serial, n, 1, prefix, true)
end

local function deliver(st, conn, serial, n, prefix)
  if endless(st, n, prefix) then return too_long(st, conn, st.maxline, prefix, true) end
  local s = take_line(st, conn, serial, n, prefix)
  if s then return s, nil, nil end
  if s == nil then return line(st, prefix) end
  return nil, NO_MEMORY, prefix or ""
end

-- As `fill`, in a loop that has gone round so often.
local function more(st, conn, start, turns)
  local word
  word, start = timeout.turn(st, turns, start)
  if word then return word, start end
  return fill(st, conn, start)
end

-- The first `searched` bytes are known to have no end of line, as long as the front is
-- the one of `serial`.
local function gather_line(st, conn, serial, searched, prefix, start)
  local turns, word = 1
  while true do
    if endless(st, searched, prefix) then return too_long(st, conn, st.maxline, prefix, true) end
    word, start = more(st, conn, start, turns)
    turns = turns + 1
    if word then return stop(st, conn, word, prefix, true) end
    if conn.serial ~= serial then serial, searched = conn.serial, 0 end
    local have = conn.plain_end - conn.plain_beg
    local n = find(conn, LF, searched, have)
    if n >= 0 then return deliver(st, conn, serial, n, prefix) end
    searched = have
  end
end

-- Half a line was there.
local function more_of_line(st, conn, serial, searched, prefix, start)
  if endless(st, searched, prefix) then return too_long(st, conn, st.maxline, prefix, true) end
  local word
  word, start = fill(st, conn, start)
  if word then return stop(st, conn, word, prefix, true) end
  if conn.serial ~= serial then serial, searched = conn.serial, 0 end
  local have = conn.plain_end - conn.plain_beg
  local n = find(conn, LF, searched, have)
  if n >= 0 then return deliver(st, conn, serial, n, prefix) end
  return gather_line(st, conn, serial, have, prefix, start)
end

function line(st, prefix)
  local conn, start = st.conn, nil
  if conn.plain_beg == conn.plain_end then
    local word
    word, start = fill(st, conn)
    if word then return stop(st, conn, word, prefix, true) end
  end
  local serial, have = conn.serial, conn.plain_end - conn.plain_beg
  local n = find(conn, LF, 0, have)
  if n >= 0 then return deliver(st, conn, serial, n, prefix) end
  return more_of_line(st, conn, serial, have, prefix, start)
end

local count

local function deliver_count(st, conn, n, prefix)
  local s = take(st, conn, conn.serial, n, 0, prefix)
  if s then return s, nil, nil end
  if s == nil then return count(st, n, prefix) end
  return nil, NO_MEMORY, prefix or ""
end

local function gather_count(st, conn, n, prefix, start)
  local turns, word = 1
  repeat
    word, start = more(st, conn, start, turns)
    turns = turns + 1
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
function count(st, n, prefix)
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

--- Gather everything until the peer ends, or until a call would have to wait or fails.
-- @tparam table st
-- @tparam[opt] number most  bytes; the default is that of the configuration
-- @treturn string  the message; "too long" where there is more
-- @treturn boolean  did the peer end the session in order? "closed" has more meanings
function receive.until_end(st, most)
  local conn = st.conn
  local turns, word, start = 1
  most = most or st.maxall
  repeat
    if conn.plain_end - conn.plain_beg > most then return TOO_LONG, false end
    word, start = more(st, conn, start, turns)
    turns = turns + 1
  until word
  return word, ending.in_order(st)
end

--- A line, or n bytes, where the buffer has all of it. This takes no step of TLS and never
-- yields. So coroutines that share a connection need no lock for it.
-- @tparam userdata self
-- @tparam[opt] number n  bytes, 1 or more; nil: a line
-- @treturn string|nil  nil: `receive` has to do it
function receive.ready(self, n)
  local st = getmetatable(self)
  local conn = st.conn
  local serial, have = conn.serial, conn.plain_end - conn.plain_beg
  if n then
    return n <= have and n <= st.maxall and take(st, conn, serial, n - n % 1, 0) or nil
  end
  n = find(conn, LF, 0, have)
  return n >= 0 and not endless(st, n) and take_line(st, conn, serial, n) or nil
end

local function all(st, prefix)
  local conn = st.conn
  local word, in_order = receive.until_end(st, st.maxall - (prefix and #prefix or 0))
  if word == TOO_LONG then return too_long(st, conn, st.maxall, prefix) end
  local serial, have = conn.serial, conn.plain_end - conn.plain_beg
  if not in_order or have == 0 then return stop(st, conn, word, prefix) end
  local s = take(st, conn, serial, have, 0, prefix)
  if not s then
    if s == nil then return all(st, prefix) end
    return nil, NO_MEMORY, prefix or ""
  end
  release(conn)
  return s, nil, nil
end

-- More bytes than may be gathered.
local function count_most(st, prefix)
  local room = st.maxall - (prefix and #prefix or 0)
  if room <= 0 then return nil, TOO_LONG, prefix or "" end
  local s, word, partial = count(st, room, prefix)
  if s then return nil, TOO_LONG, s end
  return nil, word, partial
end

-- With a prefix the count is that of the whole result.
local function count_rest(st, n, prefix)
  if n >= 0 then
    n = math.floor(n)
    if prefix and #prefix >= n then return prefix, nil, nil end
    if n > st.maxall then return count_most(st, prefix) end
    return count(st, prefix and n - #prefix or n, prefix)
  end
  arg.fail(2, "invalid receive pattern", 3)
end

-- Every spelling of a pattern that the straight path does not know.
local function spelled(st, pattern, prefix)
  prefix = arg.optstring(prefix, nil, 3, 2)
  if prefix == "" then prefix = nil end
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
-- @treturn nil,string,string  the message, and the bytes that came until then
function receive.receive(self, pattern, prefix)
  local st = getmetatable(self)
  if not st or st.class ~= CLASS then st = object.state(self, CLASS) end
  if prefix == nil then
    if pattern == nil or pattern == "*l" then return line(st) end
    if type(pattern) == "number" and pattern >= 1 and pattern <= st.maxall then
      return count(st, pattern - pattern % 1)
    end
  end
  local s, word, partial = spelled(st, pattern, prefix)
  return s, word, partial
end

--- The method `receiveany`: the bytes that are there, at least one.
-- @tparam userdata self
-- @tparam[opt] number max  the most bytes, 1 or more
-- @treturn string
-- @treturn nil,string  the message
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
  local serial, have = conn.serial, conn.plain_end - conn.plain_beg
  local s = take(st, conn, serial, math.min(max, have), 0)
  if s then return s end
  if s == nil then return receive.receiveany(self, max) end
  return nil, NO_MEMORY
end

return receive
