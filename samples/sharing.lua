-- luajit sharing.lua PORT CERTIFICATE KEY CAFILE REDISPORT SECRET [tickets]: serves clients
-- that show a certificate. Any number of these programs with the same SECRET, a file of 80
-- random bytes, share their clients' sessions through one Redis; or in tickets.
local socket, ssl = require "socket", require "ssl"

local port, certificate, key, cafile, redis_port, secret_file, how = unpack(arg)

-- One command. nil without an answer: an unreachable Redis costs full handshakes.
local function redis(...)
  local words = { ... }
  local out = { ("*%d\r\n"):format(#words) }
  for i, word in ipairs(words) do out[i + 1] = ("$%d\r\n%s\r\n"):format(#tostring(word), word) end
  local sock = socket.connect("127.0.0.1", redis_port)
  if not sock then return nil end
  sock:settimeout(1)
  sock:send(table.concat(out))
  local length = tonumber((sock:receive() or ""):match "^%$(%d+)")
  local bytes = length and sock:receive(length)
  sock:close()
  return bytes
end

local file = assert(io.open(secret_file, "rb"))
local secret = file:read "*a"
file:close()

local context = assert(ssl.newcontext {
  mode = "server", protocol = "any", certificate = certificate, key = key,
  verify = { "peer", "fail_if_no_peer_cert" }, cafile = cafile,
  sessionid = "greetings", sessiontimeout = 3600,
  sessionkey = secret, ticketkeys = how == "tickets" and { secret } or nil,
  sessionstore = {
    get = function(id) return redis("GET", "session:" .. id) end,
    put = function(id, bytes, _, seconds)
      redis("SET", "session:" .. id, bytes, "EX", seconds)
    end,
    remove = function(id) redis("DEL", "session:" .. id) end,
  },
})

local listener = assert(socket.bind("127.0.0.1", port))
while true do
  local conn = assert(ssl.wrap(listener:accept(), context))
  conn:settimeout(10)
  if conn:dohandshake() then
    local subject = conn:getpeercertificate():subject()
    conn:send(("Hello%s, %s.\n"):format(conn:resumed() and " again" or "",
                                        subject[#subject].value))
  end
  conn:close()
end
