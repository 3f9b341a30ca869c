--- ssl.resty.carrier: the stream below a TLS connection, which leads to the cosocket of the
-- request that uses it now, or to none.
--
-- A cosocket belongs to its request. nginx's pool keeps the TCP connection below it, and
-- another cosocket of another request takes that over. The TLS connection stays with the
-- carrier, which gets the new cosocket.

local carrier = {}

local methods = {}
local class = { __index = methods }

--- A carrier.
-- @tparam table sock  nginx's cosocket, connected
-- @treturn table  its `sock` may be set to another cosocket of the same TCP connection, or
--   to false
function carrier.new(sock)
  return setmetatable({ sock = sock }, class)
end

function methods:send(bytes)
  if not self.sock then return nil, "closed" end
  return self.sock:send(bytes)
end

function methods:receiveany(most)
  if not self.sock then return nil, "closed" end
  return self.sock:receiveany(most)
end

function methods:settimeout(milliseconds)
  if self.sock then self.sock:settimeout(milliseconds) end
end

--- Its presence tells the stream that this is a cosocket (ssl.io.stream).
function methods:settimeouts(...)
  if self.sock then self.sock:settimeouts(...) end
end

function methods:close()
  local sock = self.sock
  self.sock = false
  if sock then sock:close() end
end

return carrier
