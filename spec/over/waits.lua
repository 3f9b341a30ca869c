-- Run over each loop by waits_spec: how waits end, and what another thread does meanwhile.
-- PORT answers lines, SILENT accepts and says nothing, CLOSED refuses, HTTPS is nginx.

local loop = os.getenv "LOOP"
if loop == "copas" then require "copas" end
local vim = rawget(_G, "vim")
local uv  = loop == "luv" and (vim and (vim.uv or vim.loop) or require "luv")

local ssl   = require "ssl"
local https = require "ssl.https"
local over  = require("ssl.over." .. loop)
local find  = require "ssl.over.find"
local print = ngx and ngx.say or print

-- Copas 1 has no timers, so it keeps no time limits.
local timers = loop ~= "copas" or require("copas").sleep ~= nil

local function say(...)
  print(table.concat { ... })
end

local cafile = os.getenv "CAFILE"
local function port(name) return tonumber(os.getenv(name)) end

local function flags(more)
  local all = { over = loop, protocol = "any", verify = "peer", cafile = cafile }
  for key, value in pairs(more or {}) do all[key] = value end
  return all
end

local function without_ports(text)
  return (tostring(text):gsub("port %d+", "port N"))
end

-- Turns of another thread while one waits.
local turns, over_yet = 0, false
local function other()
  while not over_yet do
    over.sleep(0.005)
    turns = turns + 1
  end
end

local function limits()
  local _, why = ssl.connect("127.0.0.1", port "CLOSED", flags())
  say("refused: ", without_ports(why))
  if not timers then return end
  local before = turns
  -- Time enough to connect, which is in the message, and for others.
  local limit = 0.075
  repeat
    limit = limit * 4
    _, why = ssl.connect("127.0.0.1", port "SILENT", flags { timeout = limit })
  until not why:find "^connecting" and turns > before or limit > 60
  say("silent: ", without_ports(why))
  say("others had their turn: ", tostring(turns > before))
end

local function lines()
  local conn = assert(ssl.connect("127.0.0.1", port "PORT", flags { timeout = 30 }))
  conn:settimeout(0)
  say("nothing yet: ", (select(2, conn:receive())))
  if timers then
    conn:settimeout(0.1)
    say("nothing still: ", (select(2, conn:receive())))
  end
  conn:settimeout(30)
  local long = ("x"):rep(200000)
  assert(conn:send(long .. "\n"))
  say("a long line: ", tostring(conn:receive() == long))
  conn:close()
  say("closed: ", (select(2, conn:receive())))
end

local function pooled()
  assert(find.adapter "auto" == over, "auto is another loop")
  local pool, url = https.pool(), ("https://127.0.0.1:%d/small"):format(port "HTTPS")
  for _ = 1, 3 do
    local ok, code = https.request { url = url, cafile = cafile, over = "auto", pool = pool }
    assert(ok and code == 200, code)
  end
  say("kept: ", tostring(pool:count()))
  pool:close()
end

-- A socket of the loop that the program has connected by itself.
local SOCKETS = {}

function SOCKETS.copas(number)
  local copas, sock = require "copas", require("socket").tcp()
  assert(copas.connect(sock, "127.0.0.1", number))
  return copas.wrap(sock)
end

function SOCKETS.cqueues(number)
  local sock = require("cqueues.socket").connect("127.0.0.1", number)
  assert(sock:connect())
  return sock
end

function SOCKETS.luv(number)
  local tcp, thread = uv.new_tcp(), coroutine.running()
  tcp:connect("127.0.0.1", number, function(problem)
    assert(coroutine.resume(thread, problem))
  end)
  assert(not coroutine.yield())
  return tcp
end

function SOCKETS.cosocket(number)
  local sock = ngx.socket.tcp()
  assert(sock:connect("127.0.0.1", number))
  return sock
end

-- Two threads send over one connection, and a third receives: no line is torn.
local LINES, LENGTH = 8, 30000
local shared_conn, sent = nil, 0

local function sender(letter)
  while not shared_conn do over.sleep(0.005) end
  for _ = 1, LINES do
    assert(shared_conn:send(letter:rep(LENGTH) .. "\n"))
    sent = sent + 1
  end
end

local function wrapped()
  local conn = assert(ssl.wrap(SOCKETS[loop](port "PORT"), {
    mode = "client", protocol = "any", verify = "peer", cafile = cafile,
  }, { over = loop }))
  conn:settimeout(60)
  assert(conn:setverifyname "localhost")
  assert(conn:dohandshake())
  shared_conn = conn
  local whole = 0
  for _ = 1, 2 * LINES do
    local line = assert(conn:receive())
    local letter = line:sub(1, 1)
    if line == letter:rep(LENGTH) then whole = whole + 1 end
  end
  conn:close()
  say("whole lines: ", tostring(whole), " of ", tostring(sent))
end

-- Many threads with one pool: each gets the answer to its own question.
local WORKERS, EACH = 12, 4
local working, mixed, shared = WORKERS, {}, https.pool { size = 4, perhost = 4 }

local function worker(number)
  for i = 1, EACH do
    local path, pieces = ("/echo/%d.%d"):format(number, i), {}
    local ok, code = https.request {
      url = ("https://127.0.0.1:%d%s"):format(port "HTTPS", path), cafile = cafile, over = loop,
      pool = shared, sink = function(piece)
        pieces[#pieces + 1] = piece
        return 1
      end,
    }
    local body = table.concat(pieces)
    if not ok or body ~= path then mixed[#mixed + 1] = path .. " got " .. (ok and body or code) end
  end
  working = working - 1
end

-- Through a proxy in the clear, and through one over TLS.
local function proxied()
  local codes = {}
  for i, scheme in ipairs { "http", "https" } do
    local _, code = https.request {
      url = ("https://127.0.0.1:%d/small"):format(port "HTTPS"), cafile = cafile, over = loop,
      proxy = ("%s://127.0.0.1:%d"):format(scheme, port("PROXY" .. i)),
    }
    codes[i] = tostring(code)
  end
  say("proxies: ", table.concat(codes, " "))
end

local function main()
  local ok, why = pcall(function()
    limits()
    lines()
    pooled()
    wrapped()
    while working > 0 do over.sleep(0.005) end
    say("mixed up: ", table.concat(mixed, ", "))
    say("in the pool: ", tostring(shared:count() <= 4))
    shared:close()
    proxied()
    if loop ~= "cosocket" then -- nginx has no resolver here
      local conn = assert(ssl.connect("localhost", port "PORT", flags { timeout = 30 }))
      say("by name: ", conn:info "protocol")
      conn:close()
      say("no such name: ", (select(2, ssl.connect("no.such.host.invalid", 1, flags()))))
    end
    say("LuaSocket: ", type(package.loaded.socket))
  end)
  if not ok then say("failed: ", tostring(why)) end
  over_yet = true
end

local tasks = { other, main, function() sender "a" end, function() sender "b" end }
for number = 1, WORKERS do tasks[#tasks + 1] = function() worker(number) end end

if loop == "copas" then
  local copas = require "copas"
  for _, task in ipairs(tasks) do copas.addthread(task) end
  repeat copas.step(1) until over_yet
elseif loop == "cqueues" then
  local queue = require("cqueues").new()
  for _, task in ipairs(tasks) do queue:wrap(task) end
  assert(queue:loop())
elseif loop == "luv" then
  for _, task in ipairs(tasks) do coroutine.wrap(task)() end
  if vim then vim.wait(60000, function() return over_yet end, 1) else uv.run() end
else
  local threads = {}
  for i, task in ipairs(tasks) do threads[i] = ngx.thread.spawn(task) end
  for _, thread in ipairs(threads) do ngx.thread.wait(thread) end
end
