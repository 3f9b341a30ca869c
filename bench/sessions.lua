-- luajit bench/sessions.lua CERTS [COUNT]: the cost of a resumed handshake as a part of a
-- full one, in CPU at both ends, with the server in a process of its own. CERTS: a folder
-- that bench/make-certs made. eval "$(script/env)" first.

local socket = require "socket"
local ssl    = require "ssl"

local certs, count, port = arg[1], tonumber(arg[2]) or 300, tonumber(arg[3])
local ROUNDS = 5
io.stdout:setvbuf "line"

local HOW = {
  ["tickets"] = {}, ["a store"] = { sessionstore = true },
  ["tickets under keys"] = { ticketkeys = { ("k"):rep(80) } },
}
local NAMES = { "tickets", "tickets under keys", "a store" }

local function server_context(name)
  local rows, config = {}, {
    mode = "server", protocol = "any", certificate = certs .. "/server.pem",
    key = certs .. "/server.key",
  }
  for key, value in pairs(HOW[name]) do config[key] = value end
  if config.sessionstore then
    config.sessionkey = ("s"):rep(32)
    config.sessionstore = { get = function(id) return rows[id] end,
                            put = function(id, bytes) rows[id] = bytes end }
  end
  return assert(ssl.newcontext(config))
end

-- A first line says what to do: "cpu", or the name of a context; anything else ends it.
local function serve()
  local contexts = {}
  for _, name in ipairs(NAMES) do contexts[name] = server_context(name) end
  local listener = assert(socket.bind("127.0.0.1", port))
  local spent = 0
  while true do
    local sock = assert(listener:accept())
    sock:setoption("tcp-nodelay", true)
    local line = sock:receive()
    if line == "cpu" then
      sock:send(("%.9f\n"):format(spent))
      sock:close()
      spent = 0
    elseif contexts[line] then
      sock:send "go\n" -- before that, LuaSocket would read the handshake too
      local before = os.clock()
      local conn = assert(ssl.wrap(sock, contexts[line]))
      if conn:dohandshake() then conn:send "x" end
      spent = spent + os.clock() - before
      conn:receive()
      conn:close()
    else
      return
    end
  end
end

local function tell(line)
  local sock = assert(socket.connect("127.0.0.1", port))
  sock:setoption("tcp-nodelay", true)
  assert(sock:send(line .. "\n"))
  return sock
end

local function ask(name)
  local sock = tell(name)
  assert(sock:receive() == "go")
  return sock
end

local function server_cpu()
  local sock = tell "cpu"
  local spent = tonumber((sock:receive()))
  sock:close()
  return spent
end

-- CPU of a handshake at the client and at the server, in us.
local function run(ctx, name, bytes)
  server_cpu()
  local spent = 0
  for _ = 1, count do
    local session = bytes and assert(ssl.importsession(bytes))
    local sock = ask(name)
    local before = os.clock()
    local conn = assert(ssl.wrap(sock, ctx))
    if session then assert(conn:setsession(session)) end
    assert(conn:dohandshake())
    spent = spent + os.clock() - before
    assert(conn:receive(1))
    assert(conn:resumed() == (bytes ~= nil))
    conn:close()
  end
  return spent / count * 1e6, server_cpu() / count * 1e6
end

local function first(ctx, name)
  local conn = assert(ssl.wrap(ask(name), ctx))
  assert(conn:dohandshake())
  assert(conn:receive(1))
  local bytes = assert(conn:getsession():export())
  conn:close()
  return bytes
end

-- Of CPU other programs only ever add some.
local function least(list) return math.min(unpack(list)) end

local function compare(protocol, name)
  local ctx = assert(ssl.newcontext { mode = "client", protocol = protocol, verify = "peer",
                                      cafile = certs .. "/root.pem" })
  local bytes = first(ctx, name)
  local full, resumed = { {}, {} }, { {}, {} }
  for i = 1, ROUNDS do
    full[1][i], full[2][i] = run(ctx, name)
    resumed[1][i], resumed[2][i] = run(ctx, name, bytes)
  end
  for i, side in ipairs { "client", "server" } do
    local a, b = least(full[i]), least(resumed[i])
    print(("%-8s %-19s %s  full %5.0f us  resumed %5.0f us  %.2f"):format(
      protocol, name, side, a, b, b / a))
  end
end

if port then
  serve()
  os.exit(0)
end

local free = assert(socket.bind("127.0.0.1", 0))
port = select(2, free:getsockname())
free:close()
-- Kept: its finalizer waits for the end.
local child = assert(io.popen(("luajit %s %s %d %d"):format(arg[0], certs, count, port), "w"))
repeat
  socket.sleep(0.05)
  local probe = socket.connect("127.0.0.1", port)
  if probe then
    probe:send "cpu\n"
    probe:receive()
    probe:close()
  end
until probe
for _, protocol in ipairs { "tlsv1_2", "tlsv1_3" } do
  for _, name in ipairs(NAMES) do compare(protocol, name) end
end
tell "end":close()
child:close()
