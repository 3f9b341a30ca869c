-- luajit epoll.lua serve PORT CERTIFICATE KEY: echoes lines, on any number of connections.
-- luajit epoll.lua visit HOST PORT CAFILE COUNT: opens COUNT connections at once, and sends a line
-- on each when all are open. Linux.
local ffi, socket, ssl = require "ffi", require "socket", require "ssl"

ffi.cdef([[
struct event { uint32_t events; int32_t fd; int32_t unused; } ]]
.. (ffi.arch == "x64" and "__attribute__((packed))" or "__attribute__((aligned(8)))") .. [[;
int epoll_create1(int flags);
int epoll_ctl(int epoll, int op, int fd, struct event *event);
int epoll_wait(int epoll, struct event *events, int size, int milliseconds);
]])
local C, IN, OUT, ADD, DEL, MOD = ffi.C, 1, 4, 1, 2, 3
local EVENTS = { wantread = IN, wantwrite = OUT, parked = 0 }
local epoll = assert(C.epoll_create1(0))
local event, events = ffi.new "struct event", ffi.new "struct event[256]"
local tasks = {} -- by descriptor

local function control(op, fd, what)
  event.events, event.fd = what, fd
  assert(C.epoll_ctl(epoll, op, fd, event) == 0, "epoll_ctl")
end

local function resume(fd)
  local task = tasks[fd]
  local ok, word = coroutine.resume(task.thread, task.conn)
  if coroutine.status(task.thread) == "dead" then
    if not ok then io.stderr:write(word, "\n") end
    control(DEL, fd, 0)
    tasks[fd] = nil
    task.conn:close()
  elseif EVENTS[word] ~= task.watched then
    task.watched = EVENTS[word]
    control(MOD, fd, task.watched)
  end
end

local function spawn(conn, run)
  local fd = conn:getfd()
  conn:settimeout(0)
  tasks[fd] = { conn = conn, thread = coroutine.create(run), watched = IN }
  control(ADD, fd, IN)
  resume(fd)
end

-- Calls a method until it has a result; returns nil or false, and why, where the connection ends.
local function try(conn, method, argument)
  local result, word, part = conn[method](conn, argument)
  while not result and EVENTS[word] do
    coroutine.yield(word)
    -- It goes on behind what has been sent, or what has come.
    if method == "send" then part = part + 1 end
    result, word, part = conn[method](conn, argument, part)
  end
  return result, word
end

local function step(seconds)
  for i = 0, C.epoll_wait(epoll, events, 256, seconds * 1000) - 1 do
    local fd = events[i].fd
    if tasks[fd] then resume(fd) end
  end
end

local function echo(conn)
  if not try(conn, "dohandshake") then return end
  repeat
    local line = try(conn, "receive", "*l")
  until not line or not try(conn, "send", line .. "\n")
end

local function serve(port, certificate, key)
  local context = assert(ssl.newcontext {
    mode = "server", protocol = "any", certificate = certificate, key = key, maxline = 1000,
  })
  local listener = assert(socket.bind("127.0.0.1", port, 4096))
  spawn(listener, function()
    while true do
      local sock = listener:accept()
      if sock then spawn(assert(ssl.wrap(sock, context)), echo) else coroutine.yield "wantread" end
    end
  end)
  while true do step(10) end
end

local function visit(host, port, cafile, count)
  local context = assert(ssl.newcontext {
    mode = "client", protocol = "any", verify = "peer", cafile = cafile,
  })
  local open, shaking, echoed, failed, began = 0, 0, 0, {}, ssl.monotonic()
  local function visitor(conn)
    local ok, word = try(conn, "dohandshake")
    shaking, open = shaking - 1, open + 1
    if not ok then failed[#failed + 1] = word return end
    coroutine.yield "parked"
    try(conn, "send", "hello\n")
    if try(conn, "receive", "*l") == "hello" then echoed = echoed + 1 end
  end
  for _ = 1, count do
    local conn = assert(ssl.wrap(assert(socket.connect(host, port)), context))
    conn:sni(host)
    assert(conn:setverifyname(host))
    shaking = shaking + 1
    spawn(conn, visitor)
    while shaking > 100 do step(10) end
  end
  while shaking > 0 do step(10) end
  io.stderr:write(("open after %.1f s\n"):format(ssl.monotonic() - began))
  local all = {}
  for fd in pairs(tasks) do all[#all + 1] = fd end
  for _, fd in ipairs(all) do resume(fd) end
  while next(tasks) do step(10) end
  print(("%d connections at once, %d echoes"):format(open - #failed, echoed))
  if failed[1] then print(#failed .. " failed, the first one: " .. failed[1]) end
end

if arg[1] == "serve" then serve(unpack(arg, 2)) else visit(unpack(arg, 2)) end
