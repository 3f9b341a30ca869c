--- ssl.https_wire: a stream in the hand of one request.
--
-- It gives each call the time limit of its phase, and remembers what decides whether
-- the request may be made again on another connection, and this one be used again.

local limits = require "ssl.https_limits"

local wire = {}
local methods = {}
local class = { __index = methods }

--- As conn:send, all or nothing.
function methods:send(data)
  local why = limits.arm(self.limit, self.stream.sock, "send")
  if why then return nil, why end
  local last, partial
  last, why, partial = self.stream:send(data)
  if last then
    self.sent = true
    return last
  end
  if partial and partial > 0 then self.sent = true end
  return nil, why
end

--- As conn:receive, without a prefix.
function methods:receive(pattern)
  local why = limits.arm(self.limit, self.stream.sock, "receive")
  if why then return nil, why end
  local data, partial
  data, why, partial = self.stream:receive(pattern)
  if data then
    self.answered = true
    return data
  end
  if partial and partial ~= "" then self.answered = true end
  return nil, why
end

--- As conn:receiveany.
function methods:receiveany(most)
  local why = limits.arm(self.limit, self.stream.sock, "receive")
  if why then return nil, why end
  return self.stream:receiveany(most)
end

--- A wire.
-- @tparam table stream
-- @tparam table limit  of ssl.https_limits
-- @tparam boolean kept  was the stream in a pool?
-- @treturn table  with the fields
--   `sent`: some of the request has left;
--   `pulled`: its source was asked;
--   `whole`: all of the request has left, and nothing behind it;
--   `answered`: some of an answer has come;
--   `complete`: the answer was read to its end, by its framing;
--   `persistent`: both sides want to go on, as far as the heads say;
--   `lifetime`: for so many seconds, if the server said
function wire.new(stream, limit, kept)
  limits.disarm(limit)
  return setmetatable({
    stream = stream, limit = limit, kept = kept, sent = false, pulled = false,
    whole = false, answered = false, complete = false, persistent = false,
    lifetime = nil,
  }, class)
end

-- RFC 9110 section 9.2.2: once or twice is the same.
local IDEMPOTENT = { GET = true, HEAD = true, OPTIONS = true, TRACE = true, PUT = true,
                     DELETE = true }

--- May a request that failed be made once more on another connection? Only what a
-- kept connection failed at before the peer answered: it may have been closed while
-- the request was on its way. What may have been acted on is repeated only where that
-- is no matter, and a source cannot be read twice.
-- @tparam table self
-- @tparam string method
-- @tparam string why  how it failed
-- @treturn boolean
function wire.may_repeat(self, method, why)
  return self.kept and not self.answered and not self.pulled and why ~= "timeout"
     and (not self.sent or IDEMPOTENT[method] == true)
end

return wire
