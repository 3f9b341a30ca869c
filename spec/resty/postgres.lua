-- A small client of PostgreSQL, written for ngx.socket.tcp: TLS is asked for in plain text
-- (SSLRequest), and the user is the one of the certificate.

local SSL_REQUEST, VERSION = 80877103, 3 * 2^16

-- Whole numbers, big endian.
local function pack(n, bytes)
  local out = {}
  for i = bytes, 1, -1 do
    out[i] = string.char(n % 256)
    n = math.floor(n / 256)
  end
  return table.concat(out)
end

local function unpack_number(text)
  local n = 0
  for i = 1, #text do n = n * 256 + text:byte(i) end
  return n
end

local sock = ngx.socket.tcp()

local function send(kind, body)
  assert(sock:send { kind, pack(#body + 4, 4), body })
end

local function receive()
  local kind = assert(sock:receive(1))
  local length = unpack_number(assert(sock:receive(4))) - 4
  return kind, length > 0 and assert(sock:receive(length)) or ""
end

-- The messages up to the one that says that the server waits.
local function answer(found)
  repeat
    local kind, body = receive()
    assert(kind ~= "E", body)
    if found and kind == "D" then found(body) end
  until kind == "Z"
end

local function cells(body)
  local out, at = {}, 3
  for i = 1, unpack_number(body:sub(1, 2)) do
    local length = unpack_number(body:sub(at, at + 3))
    if length == 2^32 - 1 then length = 0 end -- NULL
    out[i] = body:sub(at + 4, at + 3 + length)
    at = at + 4 + length
  end
  return out
end

local function begin()
  send("", pack(SSL_REQUEST, 4))
  assert(sock:receive(1) == "S")
  assert(sock:sslhandshake(false, "localhost", true))
  send("", pack(VERSION, 4) .. "user\0client\0\0")
  answer()
end

sock:settimeout(60000)
assert(sock:connect("127.0.0.1", ngx.var.arg_port, { pool = "postgres", pool_size = 3 }))
local again = sock:getreusedtimes()
if again == 0 then begin() end
send("Q", "select name, seats from rooms\0")
local out = { again }
answer(function(body)
  for _, cell in ipairs(cells(body)) do
    if cell ~= "" then out[#out + 1] = cell end
  end
end)
ngx.say(table.concat(out, " "))
assert(sock:setkeepalive(60000))
