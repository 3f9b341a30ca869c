--- Many connections at once for script/soak, most of them resumed: each is a coroutine that
-- stops between its calls, in an order by chance. Some are let go where they stand, and the
-- coroutine with them.

local ssl  = require "ssl"
local pair = require "spec.support.pair"
local ends = require "soak.ends"

local crowd = {
  -- How many were resumed.
  resumed = 0,
}

local MOST = 48

local function waits(word)
  return word == "wantread" or word == "wantwrite" or word == "timeout"
end

-- The results of a method at time limit 0, again and again until it need not wait.
local function patiently(conn, method, ...)
  while true do
    local value, word, rest = conn[method](conn, ...)
    if value or not waits(word) then return value, word, rest end
    coroutine.yield()
  end
end

local function shake(server, client)
  local at_server, at_client
  repeat
    at_client = at_client or client:dohandshake()
    at_server = at_server or server:dohandshake()
    coroutine.yield()
  until at_server and at_client
end

-- A line that the buffers of the system take at once.
local function talk(from, to, line)
  assert(patiently(from, "send", line .. "\n"))
  assert(patiently(to, "receive") == line)
end

local function close(first, second)
  first:close()
  coroutine.yield()
  second:close()
end

-- Each ends one connection in its way, the last by leaving it.
local ENDINGS = {
  function(server, client) close(client, server) end,
  function(server, client) close(server, client) end,
  function(server, client)
    client:close()
    assert(select(2, patiently(server, "receive")) == "closed")
    server:close()
  end,
  function(server, client)
    client:send(("x"):rep(3000))
    pair.reset(client)
    while patiently(server, "receive", 500) do coroutine.yield() end
    close(server, client)
  end,
  function(_, client) client:send "unread" end,
}

local function life(random)
  local version = random(4) > 1 and "tlsv1_2" or "client"
  local server, client = ends.wrapped(ends.of.server, ends.of[version])
  server:settimeout(0)
  client:settimeout(0)
  local session = ends.kept(version, random)
  if session then assert(client:setsession(session)) end
  local ending, line = random(#ENDINGS), ("x"):rep(random(1000))
  return coroutine.create(function()
    shake(server, client)
    if client:resumed() then crowd.resumed = crowd.resumed + 1 end
    talk(client, server, line)
    talk(server, client, line)
    ends.keep(client, version)
    ENDINGS[ending](server, client)
  end)
end

-- One of so many is let go before its end, anywhere.
local KILLED = 8

--- One after the other begins, each goes on by steps, in turn by chance.
-- @treturn number  how many connections it opened
function crowd.run(random)
  local count, open, lives = random(MOST), {}, {}
  for i = 1, count do
    open[i] = life(random)
    lives[open[i]] = random(KILLED) == 1 and random(10) or math.huge
  end
  local late = ssl.monotonic() + ends.LONG
  while #open > 0 do
    local i = random(#open)
    local one = open[i]
    assert(coroutine.resume(one))
    lives[one] = lives[one] - 1
    if lives[one] <= 0 or coroutine.status(one) == "dead" then
      open[i] = open[#open]
      open[#open] = nil
    end
    assert(ssl.monotonic() < late, "the crowd does not end")
  end
  return count
end

return crowd
