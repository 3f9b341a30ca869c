-- luajit graceful.lua PORT CERTIFICATE KEY: an HTTPS server that ends in order at SIGTERM. It takes
-- no more connections, closes the idle ones, answers the requests that have begun, and is gone
-- after GRACE seconds at the latest. Linux.
local ffi, bit, socket, ssl = require "ffi", require "bit", require "socket", require "ssl"

local GRACE = 10
local ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n%s\r\nHello.\n"
local port, certificate, key = unpack(arg)

ffi.cdef [[
typedef struct { unsigned long bits[16]; } signals;
int sigemptyset(signals *set);
int sigaddset(signals *set, int signal);
int sigprocmask(int how, const signals *set, signals *old);
int signalfd(int fd, const signals *set, int flags);
]]

-- A signal that is readable, and interrupts nothing.
local function signal(number)
  local set = ffi.new "signals"
  ffi.C.sigemptyset(set)
  ffi.C.sigaddset(set, number)
  assert(ffi.C.sigprocmask(0, set, nil) == 0) -- SIG_BLOCK
  local fd = ffi.C.signalfd(-1, set, bit.tobit(0x80000)) -- SFD_CLOEXEC
  assert(fd >= 0, "signalfd")
  return { getfd = function() return fd end, dirty = function() return false end }
end

local context = assert(ssl.newcontext {
  mode = "server", protocol = "any", certificate = certificate, key = key,
})
local term = signal(15)
local listener = assert(socket.bind("127.0.0.1", port))
listener:settimeout(0)
local ending -- when all has to be over, by ssl.monotonic
local tasks = {} -- connection -> its coroutine, and what it waits for
local idle = {} -- the connections between two requests

-- Calls a method until it has a result; nil where the connection ends.
local function try(conn, method, argument)
  local result, word, part = conn[method](conn, argument)
  while not result and (word == "wantread" or word == "wantwrite") do
    if part and part ~= "" then idle[conn] = nil end
    coroutine.yield(word)
    -- It goes on behind what has been sent, or what has come.
    if method == "send" then part = part + 1 end
    result, word, part = conn[method](conn, argument, part)
  end
  return result
end

local function serve(conn)
  if not try(conn, "dohandshake") then return end
  repeat
    idle[conn] = true
    local line = try(conn, "receive", "*l")
    idle[conn] = nil
    if line then print(line) io.flush() end
    while line and line ~= "" do line = try(conn, "receive", "*l") end
    if not line then return end
    local last = ending and "Connection: close\r\n" or ""
    local sent = try(conn, "send", ANSWER:format(last))
  until ending or not sent
end

local function resume(conn)
  local ok, word = coroutine.resume(tasks[conn].thread, conn)
  tasks[conn].word = word
  if ok and coroutine.status(tasks[conn].thread) == "suspended" then return end
  tasks[conn], idle[conn] = nil, nil
  conn:close() -- in order: with close_notify, behind all that was sent
end

local function accept()
  local sock = listener:accept()
  local conn = sock and ssl.wrap(sock, context)
  if not conn then return end
  conn:settimeout(0)
  tasks[conn] = { thread = coroutine.create(serve) }
  resume(conn)
end

local function finish()
  ending = ssl.monotonic() + GRACE
  listener:close()
  for conn in pairs(idle) do
    tasks[conn], idle[conn] = nil, nil
    conn:close()
  end
end

while not ending or next(tasks) and ssl.monotonic() < ending do
  local waiting = { wantread = ending and {} or { term, listener }, wantwrite = {} }
  for conn, task in pairs(tasks) do table.insert(waiting[task.word], conn) end
  for _, ready in ipairs { socket.select(waiting.wantread, waiting.wantwrite, ending and 1) } do
    for _, object in ipairs(type(ready) == "table" and ready or {}) do
      if object == term then finish()
      elseif object == listener then accept()
      elseif tasks[object] then resume(object) end
    end
  end
end
for conn in pairs(tasks) do conn:close() end
