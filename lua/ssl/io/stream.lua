--- ssl.io.stream: the transport that is an object with `send` and `receive`.
--
-- An OpenResty cosocket, another TLS connection, a user's table: whatever carries
-- bytes. The BIO is fed from what the object receives and drained into what it
-- sends. No C frame lies below its methods, so if they yield, ours yield.
--
-- READING. An object with `receiveany` is asked for whatever there is. One that has
-- only `receive` is asked for exactly the bytes that OpenSSL lacks (`conn.need`),
-- since a receive(n) that blocks would otherwise wait for more than the peer will
-- send.
--
-- WRITING is single-flight: while one coroutine's send has yielded, another's
-- records join the queue, and it waits until the first has drained them too.
--
-- TIME belongs to the object: settimeout is passed on as it is, in its units, and
-- its words for a time-out are returned unchanged.

local shim       = require "ssl.ffi.shim"
local ciphertext = require "ssl.io.ciphertext"
local inbound    = require "ssl.io.inbound"
local mutex      = require "ssl.io.mutex"
local S          = shim.C

local stream = {}

local CHUNK, LITTLE = 65536, 64
-- Seconds.
local LINGER = 2
-- errno of a broken stream: none; the words are in st.broken.
local BROKEN = -1

-- Words after which the same call may succeed later.
local PASSING = { timeout = true, wantread = true, wantwrite = true, busy = true }

-- Words of our own: it raised, or returned what makes no sense.
local NONSENSE = "transport failed"

-- A cosocket returns the system's message, which depends on the error that the system saw
-- first. Over a descriptor both are "closed".
local GONE = { ["broken pipe"] = "closed", ["connection reset by peer"] = "closed" }

local function broken(st, why)
  why = type(why) == "string" and (GONE[why:lower()] or why) or NONSENSE
  st.broken, st.conn.out_error = why, BROKEN
  return why
end

-- Run a method of the object, and keep other coroutines out of it meanwhile.
local function finish(st, mark, ok, ...)
  local problem = ...
  mutex.unlock(st, mark)
  if not ok then
    broken(st, NONSENSE)
    if mark == "reading" then st.conn.in_error = BROKEN end
    error(problem, 0)
  end
  return ...
end

local function call(st, mark, method, argument)
  mutex.lock(st, mark)
  return finish(st, mark, pcall(method, st.stream, argument))
end

-- How many bytes left, whatever the object calls a count; nil for nonsense.
local function count(n, most)
  if type(n) ~= "number" or n ~= n or n < 0 then return nil end
  return math.min(math.floor(n), most)
end

-- What an object takes at a time it is offered twice of: each piece is a string of its
-- own, and of the whole queue for every few bytes that would be much. While it takes all
-- that it is offered, it is offered more; false: all there is.
local function offer(st, offered, taken)
  if taken < offered then return 2 * math.max(taken, LITTLE) end
  return st.offer and st.offer < CHUNK and 2 * st.offer
end

-- The string is made when the mark is set: a finalizer that flushes in between would
-- send the same bytes. The object's method is called by pcall itself: what it raises has
-- the position of its caller in front, where that is a function in Lua.
local function send_front(st)
  mutex.lock(st, "draining")
  local made, data = pcall(ciphertext.queued, st.conn, st.offer or math.huge)
  if not made then finish(st, "draining", false, data) end
  return #data, finish(st, "draining", pcall(st.stream.send, st.stream, data))
end

local function send_some(st)
  local conn = st.conn
  local size, sent, why, partial = send_front(st)
  if st.status == "closed" then return "closed" end
  local n = count(sent or partial or 0, size)
  if not n then return broken(st) end
  if n > 0 then S.drained(conn, n) end
  st.offer = offer(st, size, n)
  if sent then return n == 0 and "wantwrite" or nil end
  if PASSING[why] then return why end
  return broken(st, why or "closed")
end

--- Drain, as far as the object takes it. Another coroutine that is at it drains for
-- us too: who has to know when that is done waits for "wantwrite", and who wants to
-- read must not, since the peer may not read until we do.
function stream.flush(st)
  local conn = st.conn
  while conn.out_beg ~= conn.out_end do
    if st.broken then return st.broken end
    if mutex.held(st, "draining") then return "wantwrite" end
    local word = send_some(st)
    if word then return word end
  end
  return nil
end

local function receive_some(st)
  local object = st.stream
  local data, why, partial
  if object.receiveany then
    data, why, partial = call(st, "reading", object.receiveany, CHUNK)
  else
    data, why, partial = call(st, "reading", object.receive, st.conn.need)
  end
  if st.status == "closed" then return "closed" end
  data = data or partial or ""
  if type(data) == "string" and data ~= "" then
    st.answered = st.sent
    inbound.push(st, data)
    inbound.feed(st)
  elseif data == "" and (why == "closed" or why == nil) then
    st.conn.eof = 1
  elseif PASSING[why] then
    return why
  else
    st.conn.in_error = BROKEN
    return broken(st, why)
  end
  return nil
end

local function wait_to_write(st)
  if not mutex.wait(st, "draining") then return "busy" end
  return stream.flush(st)
end

local function take_in(st)
  if inbound.feed(st) then return nil end
  if mutex.held(st, "reading") then return "busy" end
  return receive_some(st)
end

-- What has arrived can be read though our output is stuck, since the peer may not read
-- until we do. Where nothing has, that is what is in the way.
local function wait_to_read(st)
  local stuck = not mutex.held(st, "draining") and stream.flush(st) or nil
  if stuck == "timeout" or st.status == "closed" then return stuck end
  local why = take_in(st)
  return why and (stuck or why)
end

function stream.wait(st, word)
  local why
  if word == "wantread" then
    why = wait_to_read(st)
  else
    why = wait_to_write(st)
  end
  return why == nil, why
end

function stream.getfd(st)
  local object = st.stream
  return object.getfd and object:getfd() or -1
end

function stream.held(st)
  return inbound.size(st)
end

-- A cosocket that is closed with bytes unread, be it the session tickets of TLS 1.3,
-- has the kernel reset the connection and drop what is on its way. So where we had the
-- last word, wait for the peer's end. Others than cosockets look after that themselves.
local function linger(st)
  local object, deadline = st.stream, math.min(st.deadline or math.huge, S.now() + LINGER)
  if not mutex.nginx or not object.settimeouts or st.broken or st.status ~= "connected"
     or st.sent == st.answered or mutex.held(st, "reading") then
    return
  end
  repeat
    local left = deadline - S.now()
    if left <= 0 then return end
    object:settimeout(left * 1000)
  until not object:receiveany(CHUNK)
end

function stream.finish(st)
  local object = st.stream
  pcall(stream.flush, st)
  if object.close then
    pcall(linger, st)
    pcall(object.close, object)
  end
  return true
end

--- Close it, without a word to the peer.
function stream.drop(st)
  local object = st.stream
  if object.close then pcall(object.close, object) end
end

--- Pass a time limit on. A cosocket counts its arguments.
function stream.settimeout(st, time, mode)
  local object = st.stream
  if not object.settimeout then return end
  if mode == nil then
    object:settimeout(time)
  else
    object:settimeout(time, mode)
  end
end

return stream
