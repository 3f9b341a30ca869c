--- A relay in this process between two ends, under the spec's control.
--
--   local wire = require "spec.support.wire"
--   local w, server, client = wire.pair(server_ctx, client_ctx)
--   w.up      client to server      w.down    server to client
--
-- Nothing moves but in `w:pump()`. What arrived and was not forwarded yet waits in
-- `direction.held`; `direction.passed` counts what was forwarded. Before a pump a
-- spec may set, for a direction,
--
--   piece   forward at most that many bytes a pump
--   hold    forward nothing
--   stop    after so many bytes in all, end both connections: w.how is "fin" (both
--           ends see an end, and what they still send is swallowed) or "rst"
--
-- and `direction:inject(text)` puts bytes of its own in front of what is held.

local socket = require "socket"
local ssl    = require "ssl"
local pair   = require "spec.support.pair"
local pki    = require "spec.support.pki"

local wire = {}

local direction = {}
direction.__index = direction

local function new_direction(from, to)
  return setmetatable({ from = from, to = to, held = "", passed = 0, log = {} }, direction)
end

function direction:inject(text)
  self.held = text .. self.held
end

--- All that was forwarded.
function direction:text()
  return table.concat(self.log)
end

local function read(self)
  if self.ended then return end
  local data, why, partial = self.from:receive(65536)
  self.held = self.held .. (data or partial)
  if why == "closed" then self.ended = true end
end

local function allowed(self)
  local n = self.hold and 0 or math.min(#self.held, self.piece or math.huge)
  if self.stop then n = math.min(n, self.stop - self.passed) end
  return n
end

local function write(self)
  local n = allowed(self)
  if n > 0 then
    local sent, why, part = self.to:send(self.held, 1, n)
    if why == "closed" then self.ended, self.held, sent, part = true, "", 0, 0 end
    local done = sent or part
    self.log[#self.log + 1] = self.held:sub(1, done)
    self.held, self.passed = self.held:sub(done + 1), self.passed + done
  end
  if self.ended and self.held == "" and not self.told then
    self.told = true
    self.to:shutdown "send"
  end
end

local methods = {}
methods.__index = methods

--- End both connections now.
-- @tparam string how  "fin" or "rst"
function methods:cut(how)
  if self.is_cut then return end
  self.is_cut = true
  for _, sock in ipairs { self.near, self.far } do
    if how == "rst" then
      sock:setoption("linger", { on = true, timeout = 0 })
      sock:close()
    else
      sock:shutdown "send"
    end
  end
end

--- Move bytes, once in each direction.
function methods:pump()
  if self.is_cut then
    if self.how == "fin" then
      self.near:receive "*a"
      self.far:receive "*a"
    end
    return
  end
  for _, d in ipairs { self.up, self.down } do
    read(d)
    write(d)
    if d.stop and d.passed >= d.stop then return self:cut(self.how) end
  end
end

--- Close the relay's own sockets.
function methods:close()
  self.near:close()
  self.far:close()
end

local listener = assert(socket.bind("127.0.0.1", 0))
local _, port = listener:getsockname()

local function tcp()
  local a = assert(socket.connect("127.0.0.1", port))
  return a, assert(listener:accept())
end

--- A server's context and a client's, with the smallest certificates there are.
function wire.contexts(version)
  return assert(ssl.newcontext(pair.server_config {
           protocol = version, key = pki.ec_server.key, certificate = pki.ec_server.cert })),
         assert(ssl.newcontext(pair.client_config {
           protocol = version, cafile = pki.ec_root.cert }))
end

--- A relay, and the two sockets at its ends.
function wire.new()
  local client, near = tcp()
  local far, server = tcp()
  for _, sock in ipairs { client, near, far, server } do
    assert(sock:setoption("tcp-nodelay", true))
  end
  near:settimeout(0)
  far:settimeout(0)
  local w = { near = near, far = far, how = "fin",
              up = new_direction(near, far), down = new_direction(far, near) }
  return setmetatable(w, methods), server, client
end

--- A relay with TLS at both ends, at time limit 0, not yet shaken hands.
function wire.pair(server_ctx, client_ctx)
  local w, s, c = wire.new()
  local server, client = assert(ssl.wrap(s, server_ctx)), assert(ssl.wrap(c, client_ctx))
  server:settimeout(0)
  client:settimeout(0)
  return w, server, client
end

local function waits(word) return word == "wantread" or word == "wantwrite" end

--- Run both handshakes, pumping, until each has ended.
-- @treturn true|string  of the server: true, or why not
-- @treturn true|string  of the client
function wire.handshake(w, server, client)
  local function attempt(conn)
    local ok, word = conn:dohandshake()
    return ok or not waits(word) and word or nil
  end
  local s, c
  local rounds = 0
  repeat
    c = c or attempt(client)
    w:pump()
    s = s or attempt(server)
    w:pump()
    rounds = rounds + 1
    assert(rounds < 100000, "the handshake did not end")
  until s and c
  return s, c
end

--- A relay with a finished handshake, everything forwarded.
function wire.connected(server_ctx, client_ctx)
  local w, server, client = wire.pair(server_ctx, client_ctx)
  local s, c = wire.handshake(w, server, client)
  assert(s == true, s)
  assert(c == true, c)
  for _ = 1, 3 do w:pump() end
  return w, server, client
end

return wire
