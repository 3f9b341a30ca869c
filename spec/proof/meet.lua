--- Two ends in one process, until both handshakes have ended.
--
--   local ends = meet.engines(server, client, prepare)
--   local ends = meet.sockets(server, client, prepare)
--
-- `server` and `client` are tables for ssl.newcontext, or contexts; `prepare` is called with
-- both connections before the handshakes. `ends.server` and `ends.client` are true or the
-- message of the failure, `ends.a` and `ends.b` the engines or connections.
--
-- What the library refuses is an error with its message: `must` raises it.

local ssl = require "ssl"

local meet = {}

--- The first value, or an error with the message behind it.
function meet.must(...)
  local value, message = ...
  if value then return ... end
  error(tostring(message), 0)
end

local must = meet.must

-- Rounds in which no byte moves and both ends wait. Loopback delivers at once.
local STILL = 20

local function waits(word)
  return word == "wantread" or word == "wantwrite"
end

local function move(from, to)
  local bytes = from:drain()
  if bytes ~= "" then to:feed(bytes) end
  return bytes ~= ""
end

local function step(ends, side, engine, other)
  if ends[side] then return false end
  local returned, ok, word = pcall(engine.handshake, engine)
  -- A program may try again after an error.
  if not returned then returned, ok, word = pcall(engine.handshake, engine) end
  if not returned then ok, word = nil, ok end
  local moved = move(engine, other)
  if not ok and waits(word) then return moved end
  ends[side] = ok or word or "no message"
  if not ok then other:feed(nil) end
  return true
end

--- The handshakes of two engines.
function meet.shake(ends)
  repeat
    local first = step(ends, "client", ends.b, ends.a)
    local second = step(ends, "server", ends.a, ends.b)
    if not first and not second then error("both ends wait for each other", 0) end
  until ends.server and ends.client
  return ends
end

--- Over memory.
function meet.engines(server, client, prepare)
  local ends = {}
  ends.a, ends.b = must(ssl.engine(server)), must(ssl.engine(client))
  if prepare then prepare(ends.a:connection(), ends.b:connection()) end
  return meet.shake(ends)
end

--- Bytes from one engine to the other.
function meet.tell(from, to, data)
  must(from:write(data))
  move(from, to)
  local got, word = to:read(#data)
  move(to, from)
  return must(got, word)
end

--- Both directions, as often as there is something.
function meet.settle(ends)
  local moved
  repeat
    moved = move(ends.a, ends.b)
    moved = move(ends.b, ends.a) or moved
  until not moved
end

local function step_socket(ends, side, conn)
  if ends[side] then return end
  conn:settimeout(0)
  local ok, word = conn:dohandshake()
  if not ok and waits(word) then return end
  ends[side] = ok or word or "no message"
  if not ok then conn:close() end
end

local KINDS = { "spec.proof.injector", "spec.proof.system", "spec.proof.allocations" }

--- A child of this process, in which nothing fails. As spec.support.fork.
function meet.fork(f)
  return require "spec.support.fork"(function()
    for _, kind in ipairs(KINDS) do
      if package.loaded[kind] then package.loaded[kind].stop() end
    end
    f()
  end)
end

--- Over loopback.
function meet.sockets(server, client, prepare)
  local pair = require "spec.support.pair"
  local one, two = pair.tcp()
  local ends = { sockets = { one, two } }
  ends.a, ends.b = must(ssl.wrap(one, server)), must(ssl.wrap(two, client))
  if prepare then prepare(ends.a, ends.b) end
  for _ = 1, STILL do
    step_socket(ends, "client", ends.b)
    step_socket(ends, "server", ends.a)
    if ends.server and ends.client then return ends end
  end
  error("both ends wait for each other", 0)
end

return meet
