-- luajit postgres.lua HOST PORT USER DATABASE CAFILE CERTIFICATE KEY QUERY: asks PostgreSQL over
-- TLS and prints the rows. The certificate logs the user in: method "cert" of pg_hba.conf.
local socket, ssl, bit = require "socket", require "ssl", require "bit"

local host, port, user, database, cafile, certificate, key, query = unpack(arg)

local function int32(n)
  return string.char(bit.rshift(n, 24) % 256, bit.rshift(n, 16) % 256, bit.rshift(n, 8) % 256,
                     n % 256)
end

local function number(bytes)
  local n = 0
  for i = 1, #bytes do n = n * 256 + bytes:byte(i) end
  return n >= 2^31 and n - 2^32 or n
end

local function connect()
  local sock = assert(socket.tcp())
  sock:settimeout(10)
  assert(sock:connect(host, port))
  assert(sock:send(int32(8) .. int32(80877103))) -- SSLRequest
  local answer = assert(sock:receive(1))
  if answer ~= "S" then error("the server has no TLS", 0) end
  -- Whatever came behind it was not encrypted, and anybody may have sent it.
  if sock:dirty() then error("bytes in front of TLS", 0) end
  local conn = assert(ssl.wrap(sock, {
    mode = "client", protocol = "any", verify = "peer", cafile = cafile, explain = true,
    certificate = certificate, key = key,
  }))
  conn:sni(host)
  assert(conn:setverifyname(host))
  conn:settimeout(10)
  assert(conn:dohandshake())
  return conn
end

-- A message: its type, and its body.
local function receive(conn)
  local head, message = conn:receive(5)
  if not head then error("no answer: " .. message, 0) end
  local length = number(head:sub(2)) - 4
  assert(length >= 0 and length <= 2^26, "no PostgreSQL")
  return head:sub(1, 1), length > 0 and assert(conn:receive(length)) or ""
end

-- The columns of a DataRow.
local function columns(body)
  local out, at = {}, 3
  for i = 1, number(body:sub(1, 2)) do
    local length = number(body:sub(at, at + 3))
    out[i] = length < 0 and "NULL" or body:sub(at + 4, at + 3 + length)
    at = at + 4 + math.max(length, 0)
  end
  return out
end

-- Reads until the server is ready for the next query; calls `row` with each row.
local function ready(conn, row)
  local problem
  repeat
    local kind, body = receive(conn)
    if kind == "E" then
      problem = body:match "%zM(%Z*)"
      if body:find "^SFATAL" then error(problem, 0) end -- and nothing comes behind it
    elseif kind == "D" then
      row(columns(body))
    elseif kind == "R" and number(body:sub(1, 4)) ~= 0 then
      error("the server wants a password", 0)
    end
  until kind == "Z"
  if problem then error(problem, 0) end
end

local function run()
  local conn = connect()
  local start = int32(196608) .. "user\0" .. user .. "\0database\0" .. database .. "\0\0"
  assert(conn:send(int32(#start + 4) .. start))
  ready(conn)
  assert(conn:send("Q" .. int32(#query + 5) .. query .. "\0"))
  ready(conn, function(row) print(table.concat(row, "\t")) end)
  conn:send("X" .. int32(4)) -- Terminate
  conn:close()
end

local ok, message = pcall(run)
if not ok then
  io.stderr:write((tostring(message):gsub("^%S+:%d+: ", "")), "\n") -- without our place
  os.exit(1)
end
