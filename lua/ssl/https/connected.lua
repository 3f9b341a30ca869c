--- ssl.https.connected: the methods of an object of ssl.https.tls, once it has a connection.
--
-- They are the connection's, and two messages differ: "timeout" where the time is over, and
-- "connection reset" for a reset, since "closed" would pass for the end of a body.

local connected = {}

local function translated(self, why)
  local polls = getmetatable(self).polls
  if why == "wantread" or why == "wantwrite" then
    return (polls.block or polls.total) and why or "timeout"
  end
  if why == "closed" and self.sock:lasterror() and not self.sock:ended() then
    return "connection reset"
  end
  return why
end

local methods = {}

function methods:receive(...)
  local data, why, partial = self.sock:receive(...)
  if data then return data, why, partial end
  return nil, translated(self, why), partial
end

function methods:receiveany(...)
  local data, why = self.sock:receiveany(...)
  if data then return data, why end
  return nil, translated(self, why)
end

function methods:send(...)
  local last, why, partial = self.sock:send(...)
  if last then return last, why, partial end
  return nil, translated(self, why), partial
end

function methods:settimeout(seconds, mode)
  local limit = type(mode) == "string" and mode:find "^[tr]" and "total" or "block"
  getmetatable(self).polls[limit] = tonumber(seconds) == 0
  return self.sock:settimeout(seconds, mode)
end

-- One function a method, for all streams.
local forward = setmetatable({}, { __index = function(functions, name)
  local function f(self, ...)
    return self.sock[name](self.sock, ...)
  end
  functions[name] = f
  return f
end })

--- Give the object all methods of a connection. Those that programs added with
-- ssl.core.setmethod are among them.
-- @tparam table self  an object of ssl.https.tls
-- @tparam table conn  its connection
function connected.take_over(self, conn)
  self.sock = conn
  for name in pairs(getmetatable(conn).__index) do
    self[name] = methods[name] or forward[name]
  end
end

return connected
