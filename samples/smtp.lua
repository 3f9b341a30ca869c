-- luajit smtp.lua HOST PORT CAFILE FROM TO <MAIL: sends a mail, with STARTTLS. Where MAIL_USER and
-- MAIL_PASSWORD are set it logs in.
local socket, ssl, mime = require "socket", require "ssl", require "mime"

local host, port, cafile, from, to = unpack(arg)

-- Sends a command, and returns the reply: its lines in one text. Its code has to be in the class.
local function ask(conn, class, command)
  if command then assert(conn:send(command .. "\r\n")) end
  local lines = {}
  repeat
    local line, message = conn:receive()
    if not line then error("the server: " .. message, 0) end
    lines[#lines + 1] = line
  until #lines > 100 or line:sub(4, 4) ~= "-"
  local reply = table.concat(lines, "\n")
  if reply:sub(1, 1) ~= class then error("the server refuses: " .. reply, 0) end
  return reply
end

local function starttls(sock)
  ask(sock, "2", nil)
  if not ask(sock, "2", "EHLO " .. socket.dns.gethostname()):upper():find "[ -]STARTTLS" then
    error("the server has no STARTTLS", 0)
  end
  ask(sock, "2", "STARTTLS")
  -- Whatever came behind this reply was not encrypted, and anybody may have sent it.
  if sock:dirty() then error("bytes in front of TLS", 0) end
  local conn = assert(ssl.wrap(sock, {
    mode = "client", protocol = "any", verify = "peer", cafile = cafile, explain = true,
  }))
  conn:sni(host)
  assert(conn:setverifyname(host))
  conn:settimeout(30)
  assert(conn:dohandshake())
  return conn
end

local function deliver(conn, mail)
  ask(conn, "2", "EHLO " .. socket.dns.gethostname())
  local user, password = os.getenv "MAIL_USER", os.getenv "MAIL_PASSWORD"
  if user then ask(conn, "2", "AUTH PLAIN " .. mime.b64("\0" .. user .. "\0" .. password)) end
  ask(conn, "2", "MAIL FROM:<" .. from .. ">")
  ask(conn, "2", "RCPT TO:<" .. to .. ">")
  ask(conn, "3", "DATA")
  mail = ("\n" .. mail):gsub("\r?\n", "\r\n"):gsub("\r\n%.", "\r\n.."):sub(3)
  return ask(conn, "2", mail:gsub("\r\n$", "") .. "\r\n.")
end

local function run()
  local sock = assert(socket.tcp())
  sock:settimeout(30)
  assert(sock:connect(host, port))
  local conn = starttls(sock)
  local ok, answer = pcall(deliver, conn, io.read "*a")
  pcall(ask, conn, "2", "QUIT") -- delivered or not, whatever comes now
  conn:close()
  return assert(ok and answer, answer)
end

local ok, answer = pcall(run)
if not ok then
  io.stderr:write((tostring(answer):gsub("^%S+:%d+: ", "")), "\n") -- without our place
  os.exit(1)
end
print(answer)
