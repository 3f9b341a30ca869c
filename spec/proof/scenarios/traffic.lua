--- What the plain methods do over loopback: both handshakes, data in both directions, the end.
--
-- For failures of the system, and of memory. Whatever fails: what was received is the beginning
-- of what was sent, what was reported as sent arrives, no call succeeds that has not done
-- its work, and a failure has a message. Both ends' messages are in the error.

local house     = require "spec.support.init"
local pair      = require "spec.support.pair"
local socket    = require "socket"
local ssl       = require "ssl"
local meet      = require "spec.proof.meet"
local scenario  = require "spec.proof.scenario"

local server, client = scenario.server, scenario.client

local out = {}

-- Some records, and more than one read takes.
local DATA = {}
for i = 1, 9000 do DATA[i] = ("%06d"):format(i) end
DATA = table.concat(DATA)

local function wrong(what)
  error("WRONG: " .. what, 0)
end

local function waits(word)
  return word == "wantread" or word == "wantwrite"
end

local Ends = {}
Ends.__index = Ends

-- With a limit, so that nothing is left to do behind it.
local LIMIT = 20

local function close(conn)
  conn:settimeout(LIMIT)
  return conn:close()
end

-- The message of an end that failed. It is closed, so that the other one gets to know.
function Ends:failed(side, word)
  if type(word) ~= "string" or word == "" then wrong(side .. " fails without a message") end
  self.words[#self.words + 1] = side .. ": " .. word
  close(self[side])
end

-- All is over: the other end must have seen a beginning of the data.
function Ends:give_up()
  close(self.server)
  close(self.client)
  error(table.concat(self.words, "; "), 0)
end

-- The kernel delivers over loopback at once, and on a busy machine a little later: the first
-- rounds come one behind the other, the further ones after a moment.
local AT_ONCE = 1000

-- An iterator over rounds, until the time is over.
local function rounds()
  local n, over = 0, house.patience(LIMIT)
  return function()
    n = n + 1
    if n <= AT_ONCE then return n end
    if over() then return nil end
    socket.sleep(0.001)
    return n
  end
end

function Ends:shake()
  local done = {}
  for _ in rounds() do
    for _, side in ipairs { "client", "server" } do
      if not done[side] then
        local ok, word = self[side]:dohandshake()
        done[side] = ok or not waits(word)
        if done[side] and not ok then self:failed(side, word) end
      end
    end
    if done.client and done.server then break end
  end
  if not (done.client and done.server) then wrong "the handshake does not end" end
  if self.words[1] then self:give_up() end
end

local function receive(conn, got)
  local data, word, part = conn:receive(#DATA - #got)
  return got .. (data or part), not data and not waits(word) and word or nil
end

-- One direction. What is not taken yet is sent again behind the last byte.
function Ends:move(from, to)
  local sent, got, broken, ended = 0, "", nil, nil
  for _ in rounds() do
    if sent < #DATA and not broken then
      local last, word, part = self[from]:send(DATA, sent + 1)
      sent = last or part
      if not last and not waits(word) then
        broken = true
        self:failed(from, word)
      end
    end
    got, ended = receive(self[to], got)
    if ended or #got == #DATA then break end
  end
  if ended then self:failed(to, ended) end
  if DATA:sub(1, #got) ~= got then wrong "other bytes arrive" end
  -- An end that failed itself reads no more.
  if (broken or not ended) and #got < sent then
    wrong(("%d bytes arrive of %d that were sent"):format(#got, sent))
  end
  if self.words[1] then self:give_up() end
  if #got < #DATA then wrong "bytes do not arrive" end
end

-- close sends close_notify, which the other end gets as an end in order.
function Ends:finish(first, last)
  close(self[first])
  local data, ended
  for _ in rounds() do
    data, ended = self[last]:receive(1)
    if data or not waits(ended) then break end
  end
  if data then wrong "there is more than was sent" end
  close(self[last])
  if ended ~= "closed" then error("the end: " .. tostring(ended), 0) end
  return { ended }
end

-- Descriptors get the numbers of those that were closed: a second close would hit these.
local function others_work()
  local one, two = pair.tcp()
  collectgarbage()
  collectgarbage()
  one:settimeout(5)
  two:settimeout(5)
  local fine = one:send "x" and two:receive(1) == "x"
  one:close()
  two:close()
  if not fine then wrong "another connection is hit" end
end

local function guarded(f)
  return function(...)
    local ok, value = pcall(f, ...)
    others_work()
    if not ok then error(value, 0) end
    return value
  end
end

local function ends_of(version, ...)
  local one, two = pair.tcp()
  local ends = setmetatable({ words = {} }, Ends)
  ends.server = meet.must(ssl.wrap(one, server(version, { eof = "strict" }, ...)))
  ends.client = meet.must(ssl.wrap(two, client(version, { eof = "strict" }, ...)))
  ends.server:settimeout(0)
  ends.client:settimeout(0)
  return ends
end

scenario.add(out, nil, "traffic of both ends", guarded(function(version)
  local ends = ends_of(version)
  ends:shake()
  ends:move("server", "client")
  ends:move("client", "server")
  return ends:finish("client", "server")
end))

-- The other end, in a process of its own, with limits so that it ends.
local function peer_of(sock, other, cfg)
  return meet.fork(function()
    other:close()
    local conn = ssl.wrap(sock, cfg)
    conn:settimeout(LIMIT)
    if conn:dohandshake() then
      local line = conn:receive "*l"
      if line then conn:send(line .. "\n" .. DATA) end
      local data = conn:receive(#DATA)
      if data then conn:send(data == DATA and "same\n" or "other\n") end
      conn:receive "*a"
    end
    conn:close()
  end)
end

-- What each step of a program that waits returns; the first failure ends it.
local function converse(conn)
  local function step(ok, word)
    if ok then return ok end
    if type(word) ~= "string" or word == "" then wrong "a failure without a message" end
    error(word, 0)
  end
  step(conn:dohandshake())
  step(conn:send "hello\n")
  local seen = { step(conn:receive "*l") }
  local data, word, part = conn:receive(#DATA)
  if (data or part) ~= DATA:sub(1, #(data or part)) then wrong "other bytes arrive" end
  step(data, word)
  step(conn:send(DATA))
  seen[2] = step(conn:receive "*l")
  step(conn:shutdown "send")
  return seen
end

for name, limit in pairs { ["with a limit"] = LIMIT, ["without a limit"] = false } do
  for _, side in ipairs { "client", "server" } do
    scenario.add(out, nil, ("a %s that waits %s"):format(side, name), guarded(function(version)
      local one, two = pair.tcp()
      local ours, theirs = server(version), client(version)
      if side == "client" then ours, theirs = theirs, ours end
      local wait = peer_of(two, one, theirs)
      two:close()
      local conn = meet.must(ssl.wrap(one, ours))
      conn:settimeout(limit or nil)
      local ok, value = pcall(converse, conn)
      close(conn)
      wait()
      if not ok then error(value, 0) end
      return value
    end))
  end
end

for _, each in ipairs(out) do each.kinds = { "calls", "system", "memory" } end

return out
