--- A coroutine scheduler over socket.select that treats a socket as Copas 4 does.
--
-- What it relies on, and so shows: a connection is told from plain TCP by the first
-- three characters of its name; a context is a userdata; `wantread` and `wantwrite`
-- say which direction to wait for, whichever operation they come from; select asks
-- getfd and dirty; partial results are handed back in.
--
--   local sched = scheduler.new()
--   sched:serve(listener, function(skt) ... end, { wrap = ctx, sni = {...}, timeout = })
--   sched:go(function() local skt = sched:connect(host, port, params) ... end)
--   sched:run(seconds)
--
-- A handler's errors end its coroutine and are kept in `sched.errors`.

local socket = require "socket"
local ssl    = require "ssl"

local scheduler = {}
scheduler.__index = scheduler

function scheduler.new()
  return setmetatable({ ready = {}, reading = {}, writing = {}, due = {}, errors = {} },
                      scheduler)
end

local function is_tls(sock)
  return tostring(sock):sub(1, 3) == "SSL"
end

-- Wait until the socket can be read or written. False when the time is over.
function scheduler:wait(sock, word, deadline)
  local co = coroutine.running()
  local queue = word == "wantwrite" and self.writing or self.reading
  assert(not queue[sock], "two coroutines wait for one socket")
  queue[sock], self.due[co] = co, deadline or math.huge
  local arrived = coroutine.yield()
  queue[sock], self.due[co] = nil, nil
  return arrived
end

function scheduler:sleep(seconds)
  local co = coroutine.running()
  self.due[co] = socket.gettime() + seconds
  coroutine.yield()
  self.due[co] = nil
end

-- One socket with its scheduler.
local skt = {}
skt.__index = skt

local WAITS = { wantread = "wantread", wantwrite = "wantwrite", timeout = "wantread" }

function skt:deadline()
  return self.timeout and socket.gettime() + self.timeout
end

--- Wrap, ask for or serve a name, shake hands.
function skt:handshake(params)
  if not is_tls(self.socket) then
    local wrap = params.wrap
    assert(type(wrap) == "userdata" or type(wrap) == "table", "no context")
    self.socket = assert(ssl.wrap(self.socket, wrap))
    self.socket:settimeout(0)
  end
  local names = params.sni
  if names then self.socket:sni(names.names, names.strict) end
  local deadline = self:deadline()
  while true do
    local ok, word = self.socket:dohandshake()
    if ok then return true end
    if not WAITS[word] then return nil, word end
    if not self.sched:wait(self.socket, word, deadline) then return nil, "timeout" end
  end
end

function skt:receive(pattern, part)
  local deadline = self:deadline()
  while true do
    local text, word, rest = self.socket:receive(pattern, part)
    if text or not WAITS[word] then return text, word, rest end
    part = rest
    if not self.sched:wait(self.socket, WAITS[word], deadline) then
      return nil, "timeout", part
    end
  end
end

function skt:send(data)
  local deadline, from = self:deadline(), 1
  while true do
    local last, word, sent = self.socket:send(data, from)
    if last or not WAITS[word] then return last, word, sent end
    from = sent + 1
    -- Plain TCP returns timeout where it wants to write.
    word = word == "timeout" and "wantwrite" or word
    if not self.sched:wait(self.socket, word, deadline) then return nil, "timeout", sent end
  end
end

function skt:close()
  return self.socket:close()
end

function scheduler:own(sock, timeout)
  sock:settimeout(0)
  return setmetatable({ socket = sock, sched = self, timeout = timeout }, skt)
end

--- Run a function on a coroutine of its own.
function scheduler:go(f, ...)
  local co = coroutine.create(f)
  self.ready[#self.ready + 1] = { co, ... }
  return co
end

--- Give every connection of a listener to a handler, behind its handshake.
function scheduler:serve(listener, handler, params)
  listener:settimeout(0)
  return self:go(function()
    while self:wait(listener, "wantread") do
      local sock = listener:accept()
      if sock then
        self:go(function()
          local conn = self:own(sock, params.timeout)
          local ok, word = conn:handshake(params)
          if ok then handler(conn) else conn.failed = word end
          conn:close()
        end)
      end
    end
  end)
end

--- Connect and shake hands.
-- @return a socket of this scheduler, or nil and the message
function scheduler:connect(port, params)
  local sock = assert(socket.tcp())
  local conn = self:own(sock, params.timeout)
  local ok, word = sock:connect("127.0.0.1", port)
  if not ok and word == "timeout" then
    ok = self:wait(sock, "wantwrite", conn:deadline())
  end
  if not ok then return nil, word end
  ok, word = conn:handshake(params)
  if not ok then
    conn:close()
    return nil, word
  end
  return conn
end

function scheduler:resume(co, ...)
  local ok, message = coroutine.resume(co, ...)
  if not ok then self.errors[#self.errors + 1] = debug.traceback(co, tostring(message)) end
end

local function keys(set)
  local list = {}
  for key in pairs(set) do list[#list + 1] = key end
  return list
end

-- Those whose time has come, before the sockets: no coroutine waits longer than its limit.
function scheduler:expire()
  local now, over = socket.gettime(), {}
  for co, deadline in pairs(self.due) do
    if deadline <= now then over[#over + 1] = co end
  end
  for _, co in ipairs(over) do
    if self.due[co] then self:resume(co, false) end
  end
end

function scheduler:step(limit)
  local started = self.ready
  self.ready = {}
  for _, entry in ipairs(started) do self:resume(unpack(entry)) end
  self:expire()
  if #self.ready > 0 then limit = 0 end
  local readable, writable = socket.select(keys(self.reading), keys(self.writing), limit)
  for _, sock in ipairs(readable) do
    if self.reading[sock] then self:resume(self.reading[sock], true) end
  end
  for _, sock in ipairs(writable) do
    if self.writing[sock] then self:resume(self.writing[sock], true) end
  end
end

--- Run until `done()` or for so many seconds.
-- @treturn boolean  was it done?
function scheduler:run(seconds, done)
  local deadline = socket.gettime() + seconds
  while not done() do
    if socket.gettime() > deadline then return false end
    self:step(0.02)
  end
  return true
end

return scheduler
