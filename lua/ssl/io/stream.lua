--- ssl.io.stream: the transport that is an object with `send` and `receive`.
--
-- Any object that carries bytes: an OpenResty cosocket, another TLS connection, a table of
-- the program. Its received bytes feed the BIO, and the BIO's output goes to its `send`. No
-- C frame lies below its methods, so if they yield, ours yield.
--
-- READING. `receiveany` is called for the bytes that are there. An object that has only
-- `receive` is asked for exactly the bytes that OpenSSL lacks (`conn.need`), since a
-- receive(n) that blocks would otherwise wait for more than the peer will send.
--
-- WRITING is done by one coroutine at a time: while its send has yielded, records of another
-- one join the queue, and that one waits until the first has drained them too.
--
-- TIME belongs to the object: the arguments of settimeout are passed on unchanged, in its
-- units, and its messages for a time-out are returned unchanged. Over an adapter of ssl.over
-- the limits are the connection's, in seconds, and the object gets what is left of them before
-- each call.

local shim       = require "ssl.ffi.shim"
local ciphertext = require "ssl.io.ciphertext"
local inbound    = require "ssl.io.inbound"
local lifecycle  = require "ssl.io.lifecycle"
local mutex      = require "ssl.io.mutex"
local pace       = require "ssl.io.pace"
local timeout    = require "ssl.io.timeout"
local S          = shim.C

local stream = {}

local CHUNK, LITTLE = 65536, 64
-- Of a second, which a cosocket counts.
local MILLISECONDS = 1000
-- Seconds.
local LINGER = 2
-- A broken stream has no errno; its message is in st.stream.broken.
local BROKEN = -1

-- Words after which the same call may succeed later.
local PASSING = { timeout = true, wantread = true, wantwrite = true, busy = true }

-- Words of our own: it raised, or returned what makes no sense.
local NONSENSE = "transport failed"

-- A cosocket returns the system's message, which depends on the error that the system saw
-- first. Over a descriptor both are "closed".
local GONE = { ["broken pipe"] = "closed", ["connection reset by peer"] = "closed" }

--- Carry a connection's bytes by an object.
-- @tparam table st
-- @param object
-- @tparam[opt] table over  the adapter of its loop (docs/over.md)
function stream.open(st, object, over)
  st.stream = { object = object, broken = false, answered = 0, offer = false,
                over = over or false, armed = false,
                scale = over and over.unit ~= "milliseconds" and 1 or MILLISECONDS }
  inbound.open(st, stream)
end

-- Give the object of an adapter the time that is left -> the moment when it is over, or nil.
local function arm(st, seconds)
  local of = st.stream
  if not of.over then return nil end
  seconds = seconds or timeout.left(st, timeout.start(st))
  local limit, due = seconds >= 0 and seconds * of.scale or nil, timeout.after(seconds)
  if limit == of.armed or not of.object.settimeout then return due end
  of.armed = limit
  of.object:settimeout(limit)
  return due
end

local function broken(st, why)
  why = type(why) == "string" and (GONE[why:lower()] or why) or NONSENSE
  st.stream.broken, st.conn.out_error = why, BROKEN
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
  return finish(st, mark, pcall(method, st.stream.object, argument))
end

-- The number of bytes sent, from the object's result; nil for an impossible result.
local function count(n, most)
  if type(n) ~= "number" or n ~= n or n < 0 then return nil end
  return math.min(math.floor(n), most)
end

-- The object is offered twice as many bytes as it took at the last call. Each piece is a
-- string of its own, and a string of the whole queue for a few bytes at a time would be too
-- expensive. An object that takes all is offered more the next time; false: everything.
local function offer(st, offered, taken)
  if taken < offered then return 2 * math.max(taken, LITTLE) end
  return st.stream.offer and st.stream.offer < CHUNK and 2 * st.stream.offer
end

-- The string is made after the mark is set: a finalizer that flushes in between would
-- send the same bytes. pcall calls the object's method directly: where a Lua function calls
-- it, `error` puts the position of that function in front of the message.
local function send_front(st)
  mutex.lock(st, "draining")
  local made, data = pcall(ciphertext.queued, st.conn, st.stream.offer or math.huge)
  if not made then finish(st, "draining", false, data) end
  return #data, finish(st, "draining", pcall(st.stream.object.send, st.stream.object, data))
end

-- Between two steps over a loop, up to a moment. A call that never waits does not wait for others
-- either, and a close has nothing to compute. Another coroutine may close meanwhile.
local function turn(st, before, due)
  local over = st.stream.over
  if not over or timeout.polls(st) or lifecycle.ended(st) then return end
  pace.turn(over, before, due)
end

local function send_some(st)
  local conn = st.conn
  local size, sent, why, partial = send_front(st)
  if st.status == "closed" then return "closed" end
  local n = count(sent or partial or 0, size)
  if not n then return broken(st) end
  if n > 0 then S.drained(conn, n) end
  st.stream.offer = offer(st, size, n)
  if sent then return n == 0 and "wantwrite" or nil end
  if PASSING[why] then return why end
  return broken(st, why or "closed")
end

--- Drain, as far as the object takes it. A coroutine that is draining already drains for
-- this one too. A caller that needs the end of that waits for "wantwrite". A caller that
-- reads must not wait: perhaps the peer does not read until this side does.
function stream.flush(st)
  local conn = st.conn
  while conn.out_beg ~= conn.out_end do
    if st.stream.broken then return st.stream.broken end
    if mutex.held(st, "draining") then return "wantwrite" end
    local due, before = arm(st), pace.steps()
    local word = send_some(st)
    if word then return word end
    local all = conn.out_beg == conn.out_end
    turn(st, before, due)
    if st.status == "closed" then return not all and "closed" or nil end
  end
  return nil
end

local function receive_some(st)
  local object = st.stream.object
  local data, why, partial
  if object.receiveany then
    data, why, partial = call(st, "reading", object.receiveany, CHUNK)
  else
    data, why, partial = call(st, "reading", object.receive, st.conn.need)
  end
  if st.status == "closed" then return "closed" end
  data = data or partial or ""
  if type(data) == "string" and data ~= "" then
    st.stream.answered = st.sent
    inbound.push(st, data)
    inbound.feed(st)
  elseif data == "" and (why == "closed" or why == nil) then
    inbound.ended(st)
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

local function take_in(st, seconds)
  if inbound.feed(st) then return nil end
  if mutex.held(st, "reading") then return "busy" end
  local due, before = arm(st, seconds), pace.steps()
  local why = receive_some(st)
  if why then return why end
  turn(st, before, due)
  return st.status == "closed" and "closed" or nil
end

-- Data that has arrived can be read while output is stuck: perhaps the peer does not read
-- until this side does. Where none has arrived, the stuck output is the obstacle.
local function wait_to_read(st, seconds)
  local stuck = not mutex.held(st, "draining") and stream.flush(st) or nil
  if stuck == "timeout" or st.status == "closed" then return stuck end
  local why = take_in(st, seconds)
  return why and (stuck or why)
end

function stream.wait(st, word, seconds)
  local why
  if word == "wantread" then
    why = wait_to_read(st, seconds)
  else
    why = wait_to_write(st)
  end
  -- An object has one word for both directions.
  if why == "timeout" and timeout.polls(st) then why = word end
  return why == nil, why
end

function stream.getfd(st)
  local object = st.stream.object
  return object.getfd and object:getfd() or -1
end

function stream.held(st)
  return inbound.size(st)
end

-- When a cosocket is closed with unread bytes, also the session tickets of TLS 1.3, the
-- kernel resets the connection and discards sent bytes that are on the way. So where the last
-- call was a send, wait for the peer's end. Other objects do this themselves.
local function linger(st)
  local object = st.stream.object
  local deadline = math.min(st.deadline or math.huge, timeout.after(LINGER))
  local waits = st.stream.over or mutex.nginx and object.settimeouts
  if not waits or not object.settimeout or st.stream.broken or st.status ~= "connected"
     or st.sent == st.stream.answered or mutex.held(st, "reading") then
    return
  end
  repeat
    local left = timeout.remaining(deadline)
    if left == 0 then return end
    object:settimeout(left * st.stream.scale)
  until not object:receiveany(CHUNK)
end

function stream.finish(st)
  local object = st.stream.object
  pcall(stream.flush, st)
  if object.close then
    pcall(linger, st)
    pcall(object.close, object)
  end
  return true
end

--- Close it, without sending anything to the peer.
function stream.drop(st)
  local object = st.stream.object
  if object.close then pcall(object.close, object) end
end

--- Pass a time limit on. A cosocket counts its arguments.
function stream.settimeout(st, time, mode, level)
  local object = st.stream.object
  if st.stream.over then return timeout.set(st, time, mode, level + 1) end
  if not object.settimeout then return end
  if mode == nil then
    object:settimeout(time)
  else
    object:settimeout(time, mode)
  end
end

return stream
