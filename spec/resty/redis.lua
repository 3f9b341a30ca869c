-- A small client of Redis, written for ngx.socket.tcp: commands in one batch, and their answers.

local tcp = ngx.socket.tcp

local function answer(sock)
  local line = assert(sock:receive())
  local kind, rest = line:sub(1, 1), line:sub(2)
  if kind ~= "$" then return rest end
  local data = assert(sock:receive(tonumber(rest)))
  assert(sock:receive(2) == "\r\n")
  return data
end

local function batch(sock, commands)
  local out = {}
  for i, words in ipairs(commands) do
    local command = { "*", #words, "\r\n" }
    for _, word in ipairs(words) do
      command[#command + 1] = { "$", #tostring(word), "\r\n", word, "\r\n" }
    end
    out[i] = command
  end
  assert(sock:send(out))
  for i = 1, #commands do out[i] = answer(sock) end
  return out
end

local sock = tcp()
sock:settimeout(60000)
assert(sock:connect("127.0.0.1", ngx.var.arg_port, { pool = "redis", pool_size = 3 }))
local again = sock:getreusedtimes()
if again == 0 then assert(sock:sslhandshake(false, "localhost", true)) end

local big = ("0123456789\r\n"):rep(20000)
local out = batch(sock, { { "SET", "big", big }, { "GET", "big" }, { "INCR", "visits" },
                          { "STRLEN", "big" } })
ngx.say(again, " ", out[1], " ", out[2] == big, " ", out[3], " ", out[4])
assert(sock:setkeepalive(60000))
