-- luajit redis.lua HOST PORT CAFILE COMMAND ...: sends a command to Redis over TLS and prints the
-- reply. Where REDIS_PASSWORD is set it logs in; where REDIS_CERT and REDIS_KEY are set it shows a
-- certificate.
local ssl = require "ssl"

local host, port, cafile = unpack(arg)

local function fail(message)
  io.stderr:write(message, "\n")
  os.exit(1)
end

local conn, message = ssl.connect(host, port, {
  protocol = "any", verify = "peer", cafile = cafile, timeout = 10,
  certificate = os.getenv "REDIS_CERT", key = os.getenv "REDIS_KEY",
})
if not conn then return fail(message) end
conn:settimeout(10)

local function send(...)
  local words = { ... }
  local out = { ("*%d\r\n"):format(#words) }
  for i, word in ipairs(words) do out[i + 1] = ("$%d\r\n%s\r\n"):format(#word, word) end
  assert(conn:send(table.concat(out)))
end

-- A reply of RESP: a text, a number, an array of replies, or nil; false and its text for an error.
local function receive()
  local line, why = conn:receive()
  if not line then return fail("no reply: " .. why) end
  local kind, rest = line:sub(1, 1), line:sub(2)
  if kind == "+" then return rest end
  if kind == "-" then return false, rest end
  if kind == ":" then return tonumber(rest) end
  local size = tonumber(rest)
  if size == -1 then return nil end
  if kind == "$" then return assert(conn:receive(size + 2)):sub(1, -3) end
  if kind ~= "*" then fail("no Redis: " .. line) end
  local replies = {}
  for i = 1, size do
    local reply, refusal = receive()
    replies[i] = refusal or tostring(reply)
  end
  return replies
end

local function call(...)
  send(...)
  local reply, refusal = receive()
  if refusal then return fail(refusal) end
  return reply
end

local password = os.getenv "REDIS_PASSWORD"
if password then call("AUTH", password) end
local reply = call(unpack(arg, 4))
print(type(reply) == "table" and table.concat(reply, "\n") or reply)
conn:close()
