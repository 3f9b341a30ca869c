-- One program for ngx.socket.tcp, over nginx's own TLS and over ours: what each call returns.

local settings = require "settings"

local args = ngx.req.get_uri_args()

-- Every result in one line, so that two transcripts can be compared.
local function show(lines, what, ...)
  local out = { what }
  for i = 1, select("#", ...) do
    local value = (select(i, ...))
    out[#out + 1] = type(value) == "string" and ("%q"):format(value) or tostring(value)
  end
  lines[#lines + 1] = table.concat(out, " ")
end

local function request(path)
  return { "GET ", { path }, " HTTP/1.", 1, "\r\nHost: ", { "localhost", { "\r\n" } }, "\r\n" }
end

-- The length of a body, from the header.
local function head(sock)
  local length
  repeat
    local line = assert(sock:receive "*l")
    length = line:match "^Content%-Length: (%d+)" or length
  until line == ""
  return tonumber(length)
end

local function patterns(lines, sock)
  sock:send(request "/text")
  local reader = sock:receiveuntil "\r\n\r\n"
  show(lines, "head", (reader():gsub("Date: [^\r]+", "Date")))
  show(lines, "until", sock:receiveuntil "--"())
  show(lines, "inclusive", sock:receiveuntil("--", { inclusive = true })())
  reader = sock:receiveuntil "ab--"
  for _ = 1, 4 do show(lines, "piece", reader(3)) end
  reader = sock:receiveuntil("ab", { inclusive = true })
  for _ = 1, 2 do show(lines, "inclusive piece", reader(4)) end
  show(lines, "empty", sock:receiveuntil "")
  show(lines, "none", sock:receive(0))
  show(lines, "number", sock:receive "2")
  show(lines, "any", sock:receiveany(2))
  sock:settimeouts(60000, 60000, 100)
  show(lines, "late", reader())
  show(lines, "late", sock:receive(5))
  show(lines, "late", sock:receive())
  show(lines, "late", sock:receiveany(5))
  show(lines, "keep", sock:setkeepalive())
end

local function arguments(lines, sock)
  for _, call in ipairs {
    { "receiveany", 0 }, { "receive", "*x" }, { "receive", -1 }, { "send", function() end },
    { "send", { {}, { function() end } } }, { "send", { name = "value" } },
    { "receiveuntil", "x", { inclusive = 1 } }, { "receiveuntil" },
  } do
    show(lines, "bad " .. call[1], (pcall(sock[call[1]], sock, unpack(call, 2))))
  end
  show(lines, "nothing", sock:send "")
end

local function lives(lines, sock)
  show(lines, "reused", sock:getreusedtimes())
  sock:send(request "/text")
  local length = head(sock)
  show(lines, "unread", sock:setkeepalive())
  show(lines, "after it", sock:receive(length))
end

local function ending(lines, sock)
  sock:send "GET /text HTTP/1.0\r\n\r\n"
  show(lines, "all", ((sock:receive "*a"):gsub("^.-\r\n\r\n", "")))
  for _, pattern in ipairs { "*l", "*a", 5 } do
    show(lines, "closed " .. pattern, sock:receive(pattern))
  end
  show(lines, "closed any", sock:receiveany(5))
  show(lines, "close", sock:close())
  show(lines, "closed close", sock:close())
  show(lines, "closed send", sock:send "x")
  show(lines, "closed keepalive", sock:setkeepalive())
  show(lines, "closed reused", sock:getreusedtimes())
  show(lines, "closed handshake", sock:sslhandshake())
end

local function secured(tcp)
  local sock = tcp()
  sock:settimeouts(60000, 60000, 60000)
  assert(sock:connect("127.0.0.1", settings.tls_port, { pool = "transcript" }))
  local ok, why = sock:sslhandshake(false, "localhost", true)
  assert(ok == true, why)
  return sock
end

local function kept(lines, tcp)
  local sock = secured(tcp)
  for _ = 1, 3 do
    sock:send(request "/text")
    sock:receive(head(sock))
    show(lines, "keep", sock:setkeepalive(60000, 5))
    show(lines, "kept is closed", sock:send "x")
    sock = secured(tcp)
    show(lines, "reused", sock:getreusedtimes())
  end
  sock:close()
end

local OPAQUE = { userdata = true, cdata = true }

-- What a handshake returns is opaque, and the next one takes it.
local function passed_on(lines, tcp)
  local session
  for _ = 1, 2 do
    local sock = tcp()
    sock:settimeouts(60000, 60000, 60000)
    assert(sock:connect("127.0.0.1", settings.tls_port, { pool = "passed on" }))
    session = assert(sock:sslhandshake(session, "localhost", true))
    show(lines, "session", OPAQUE[type(session)])
    sock:send(request "/text")
    sock:receive(head(sock))
    sock:close()
  end
end

-- One light thread reads while another writes; a second reader is refused.
local function threads(lines, sock)
  local reader = ngx.thread.spawn(function()
    local length = head(sock)
    return sock:receive(length)
  end)
  show(lines, "second reader", sock:receive(1))
  show(lines, "second reader", sock:receiveany(1))
  show(lines, "second reader", sock:receiveuntil "x"())
  show(lines, "keep meanwhile", sock:setkeepalive())
  show(lines, "close meanwhile", sock:close())
  show(lines, "connect meanwhile", sock:connect("127.0.0.1", settings.tls_port))
  show(lines, "write", sock:send(request "/text"))
  show(lines, "reader", ngx.thread.wait(reader))
  reader = ngx.thread.spawn(function() return sock:receive() end)
  show(lines, "kill", ngx.thread.kill(reader))
  sock:send(request "/text")
  show(lines, "after it", sock:receive())
  sock:close()
end

-- Nobody else's bytes go between those of a handshake.
local function handshaking(lines, tcp)
  local sock = tcp()
  sock:settimeouts(60000, 60000, 60000)
  assert(sock:connect("127.0.0.1", settings.tls_port, { pool = "handshaking" }))
  local reader = sock:receiveuntil "\r\n\r\n"
  local thread = ngx.thread.spawn(function() return sock:sslhandshake(false, "localhost", true) end)
  show(lines, "send meanwhile", sock:send "x")
  show(lines, "receive meanwhile", sock:receive())
  show(lines, "any meanwhile", sock:receiveany(1))
  show(lines, "keep meanwhile", sock:setkeepalive())
  show(lines, "close meanwhile", sock:close())
  show(lines, "handshake meanwhile", sock:sslhandshake(false, "localhost", true))
  show(lines, "connect meanwhile", sock:connect("127.0.0.1", settings.tls_port))
  show(lines, "handshake", ngx.thread.wait(thread))
  sock:send(request "/text")
  show(lines, "reader from before", (reader():gsub("Date: [^\r]+", "Date")))
  show(lines, "half a byte", sock:receiveuntil "--"(0.5))
  sock:close()
end

local function unconnected(lines, tcp)
  local sock = tcp()
  show(lines, "new send", sock:send "x")
  show(lines, "new receive", sock:receive())
  show(lines, "new close", sock:close())
  show(lines, "new keepalive", sock:setkeepalive())
  show(lines, "no port", sock:connect "127.0.0.1")
  show(lines, "bad port", sock:connect("127.0.0.1", 70000))
  show(lines, "bad pool", (pcall(sock.connect, sock, "127.0.0.1", 1, { pool = {} })))
  show(lines, "bad size", (pcall(sock.connect, sock, "127.0.0.1", 1, { pool_size = 0 })))
  show(lines, "bad backlog", (pcall(sock.connect, sock, "127.0.0.1", 1, { backlog = -1 })))
  show(lines, "refused", sock:connect("127.0.0.1", 1))
end

local lines, tcp = {}, require(args.tcp).tcp
unconnected(lines, tcp)
local sock = secured(tcp)
patterns(lines, sock)
arguments(lines, secured(tcp))
lives(lines, secured(tcp))
ending(lines, secured(tcp))
threads(lines, secured(tcp))
kept(lines, tcp)
passed_on(lines, tcp)
handshaking(lines, tcp)
ngx.print(table.concat(lines, "\n"), "\n")
