--- ssl.https.reader: a stream in the hand of one request.
--
-- It gives each call the time limit of its phase, and remembers what decides whether
-- the request may be made again on another connection, and this one be used again. It
-- reads lines, too: those of a connection are as long as the peer makes them.

local early    = require "ssl.https.earlydata"
local timeouts = require "ssl.https.timeouts"
local now      = require("ssl").monotonic

local reader = {}
local CR = 13

local methods = {}
local class = { __index = methods }

-- Sending makes no progress. Has the peer answered that it refuses the rest?
local function refused(self)
  local held = self.ahead:sub(self.at)
  local more = early.look(self.stream, #held)
  timeouts.disarm(self.limit)
  if not more then return false end
  self.ahead, self.at, self.answered = held .. more, 1, true
  self.early = early.refuses(self.ahead)
  return self.early
end

-- Sends from a byte on, until the time is over or the peer has refused the rest.
local function send_from(self, data, at)
  local since, most = nil, early.possible(self.stream) and early.LOOK or nil
  while true do
    local why = timeouts.arm(self.limit, self.stream.sock, "send", since, most)
    if why then return nil, why end
    since = since or now()
    local last, partial
    last, why, partial = self.stream:send(data, at)
    if last then return last end
    if partial and partial > 0 then self.sent = true end
    if why ~= "timeout" or not most then return nil, why end
    if refused(self) then return nil, "refused" end
    at = math.max(at, (partial or 0) + 1)
  end
end

--- As conn:send, all or nothing.
function methods:send(data)
  local last, why = send_from(self, data, 1)
  if last then
    self.sent = true
    return last
  end
  self.refused, self.whole = why ~= "timeout", false
  return nil, why
end

-- The bytes that the stream has, at least one. A `part` has the time that is left of the
-- limit of the whole, which began with the first part.
local function fetch(self, most, part)
  local why = timeouts.arm(self.limit, self.stream.sock, "receive", part and self.began)
  if why then return nil, why end
  if part and not self.began then self.began = now() end
  local data
  data, why = self.stream:receiveany(most)
  if not data then return nil, why end
  self.answered = true
  return data
end

-- Up to so many of the bytes that were read beyond a line.
local function held(self, most)
  local data = self.ahead:sub(self.at, self.at + most - 1)
  self.at = self.at + #data
  return data
end

-- A line without the CR before its end. Another CR is a blank: without it "1\r0" would be a
-- length of 10, which others read as 1 (RFC 9112 section 2.2).
local function without_cr(line)
  local stop = #line
  while line:byte(stop) == CR do stop = stop - 1 end
  line = line:sub(1, stop)
  return line:find("\r", 1, true) and line:gsub("\r", " ") or line
end

-- A line whose end has not come yet. Its beginning is taken.
local function rest_of_line(self, most, long, step)
  local parts, size, piece = {}, 0, held(self, #self.ahead)
  if not self.together then self.began = nil end
  while true do
    local stop = piece:find("\n", 1, true)
    parts[#parts + 1] = stop and piece:sub(1, stop - 1) or piece
    size = size + #parts[#parts]
    if size > most then return nil, long end
    if stop then
      self.ahead, self.at = piece, stop + 1
      return table.concat(parts)
    end
    local more, why = fetch(self, step, true)
    if not more then return nil, why end
    piece = more
  end
end

--- Are the lines from here on one thing, as those of a head are? They then have the time
-- limit of one read together.
-- @tparam table self
-- @tparam boolean together
function methods:join(together)
  self.together, self.began = together, nil
end

--- A line, without its end. It has the time limit of one read, in however many pieces it
-- comes.
-- @tparam table self
-- @tparam number most  the most bytes: the peer decides when a line ends
-- @tparam string long  the message for a longer line
-- @tparam number step  bytes to receive at once. Bytes behind the line are kept
-- @treturn string
-- @treturn nil,string
function methods:line(most, long, step)
  local stop = self.ahead:find("\n", self.at, true)
  if not stop then
    local line, why = rest_of_line(self, most, long, step)
    if not line then return nil, why end
    return without_cr(line)
  end
  if stop - self.at > most then return nil, long end
  local line = self.ahead:sub(self.at, stop - 1)
  self.at = stop + 1
  return without_cr(line)
end

--- So many bytes.
function methods:receive(count)
  local first = held(self, count)
  if #first == count then return first end
  local why = timeouts.arm(self.limit, self.stream.sock, "receive")
  if why then return nil, why end
  local data
  data, why = self.stream:receive(count - #first)
  if not data then return nil, why end
  return first == "" and data or first .. data
end

--- As conn:receiveany.
function methods:receiveany(most)
  local data = held(self, most)
  if data ~= "" then return data end
  local why
  data, why = fetch(self, most)
  return data, why
end

--- Did the peer end it with an alert?
-- @treturn boolean
function methods:alerted()
  local problem = self.stream.sock:lasterror()
  local alert = problem and problem.alert
  return alert ~= nil and alert.direction == "received"
end

--- Are there bytes that were read and not yet taken?
function methods:dirty()
  return self.at <= #self.ahead
end

--- A wire.
-- @tparam table stream
-- @tparam table limit  of ssl.https.timeouts
-- @tparam boolean kept  was the stream in a pool?
-- @treturn table  with the fields
--   `sent`: some of the request has left;
--   `pulled`: its source was asked;
--   `whole`: all of the request has left, and nothing behind it;
--   `refused`: the peer took no more of it;
--   `early`: because it answered with a refusal before it had all of the request;
--   `answered`: some of an answer has come;
--   `complete`: the answer was read to its end, by its framing;
--   `persistent`: both sides want to go on, as far as the heads say;
--   `lifetime`: for that many seconds, if the server announced it
function reader.new(stream, limit, kept)
  timeouts.disarm(limit)
  return setmetatable({
    stream = stream, limit = limit, kept = kept, sent = false, pulled = false,
    whole = false, refused = false, answered = false, complete = false, persistent = false,
    lifetime = nil, ahead = "", at = 1, together = false, began = nil, early = false,
  }, class)
end

-- RFC 9110 section 9.2.2: once or twice is the same.
local IDEMPOTENT = { GET = true, HEAD = true, OPTIONS = true, TRACE = true, PUT = true,
                     DELETE = true }

--- May a request that failed be made once more on another connection? Only where a kept
-- connection failed before the peer answered: it may have been closed while the request was
-- on its way. The server may have acted on the request, so only idempotent methods are
-- repeated. A source cannot be read twice.
-- @tparam table self
-- @tparam string method
-- @tparam string why  how it failed
-- @treturn boolean
function reader.may_repeat(self, method, why)
  return self.kept and not self.answered and not self.pulled and why ~= "timeout"
     and (not self.sent or IDEMPOTENT[method] == true)
end

return reader
