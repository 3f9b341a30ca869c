-- luajit select.lua HOST PORT CAFILE COUNT: many connections at once, in one loop.
-- Only socket.select waits. A call that would have to wait returns the direction; it is
-- repeated when its connection is ready for that.
local socket, ssl = require "socket", require "ssl"

local host, port, cafile, count = unpack(arg)
local context = assert(ssl.newcontext {
  mode = "client", protocol = "any", verify = "peer", cafile = cafile,
})

-- Back to the loop until the connection can go on; any other message is an end.
local function wait(word)
  if word ~= "wantread" and word ~= "wantwrite" then error(word, 0) end
  coroutine.yield(word)
end

local function handshake(conn)
  repeat
    local ok, word = conn:dohandshake()
    if not ok then wait(word) end
  until ok
end

local function send(conn, text)
  local last = 0
  repeat
    local done, word, sent = conn:send(text, last + 1)
    if not done then wait(word) end
    last = done or sent
  until done
end

local function receive(conn)
  local text, word, partial
  repeat
    text, word, partial = conn:receive("*a", partial)
    if not text and word ~= "closed" then wait(word) end
  until text or word == "closed"
  return text or partial
end

local function fetch(conn)
  handshake(conn)
  send(conn, "GET / HTTP/1.0\r\nHost: " .. host .. "\r\n\r\n")
  local page = receive(conn)
  conn:close()
  return page
end

local waiting = { wantread = {}, wantwrite = {} } -- each: connection -> its task

local function resume(task)
  local ok, result = coroutine.resume(task.thread, task.conn)
  if coroutine.status(task.thread) == "suspended" then
    waiting[result][task.conn] = task
  else
    print(task.name, ok and #result .. " bytes" or result)
  end
end

for n = 1, count do
  local conn = assert(ssl.wrap(assert(socket.connect(host, port)), context))
  conn:sni(host)
  assert(conn:setverifyname(host)) -- the context has only the chain verified
  conn:settimeout(0)
  resume { name = "connection " .. n, conn = conn, thread = coroutine.create(fetch) }
end

local function keys(map)
  local out = {}
  for key in pairs(map) do out[#out + 1] = key end
  return out
end

while next(waiting.wantread) or next(waiting.wantwrite) do
  local ready = {}
  ready.wantread, ready.wantwrite = socket.select(keys(waiting.wantread),
                                                  keys(waiting.wantwrite))
  for word, conns in pairs(ready) do
    for _, conn in ipairs(conns) do
      local task = waiting[word][conn]
      waiting[word][conn] = nil
      resume(task)
    end
  end
end
