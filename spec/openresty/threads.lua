-- Light threads on one connection.

local ssl      = require "ssl"
local contexts = require "contexts"
local upgrade  = require "upgrade"

local sock = assert(upgrade.connect(ngx.var.server_port, "/mirror"))
local conn = assert(ssl.wrap(sock, contexts.client))
assert(conn:setverifyname "localhost")
assert(conn:dohandshake())

-- Messages of 5 bytes of head (who, which) and a body of one letter.
local COUNT, SIZE = 200, 40000

local function writer(letter)
  for i = 1, COUNT do
    assert(conn:send(("%s%04d"):format(letter, i) .. letter:rep(SIZE - 5)))
  end
end

local function reader()
  local last = { a = 0, b = 0 }
  for _ = 1, 2 * COUNT do
    local message = assert(conn:receive(SIZE))
    local letter, number = message:match "^(%l)(%d%d%d%d)"
    assert(tonumber(number) == last[letter] + 1, "out of order")
    assert(message:sub(6) == letter:rep(SIZE - 5), "not whole")
    last[letter] = last[letter] + 1
  end
  return last.a, last.b
end

local threads = { ngx.thread.spawn(writer, "a"), ngx.thread.spawn(writer, "b") }
local reading = ngx.thread.spawn(reader)
for _, thread in ipairs(threads) do assert(ngx.thread.wait(thread)) end
local ok, a, b = ngx.thread.wait(reading)
conn:close()
ngx.say(ok, " ", a, " ", b)
