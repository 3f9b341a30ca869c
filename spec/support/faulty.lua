--- Transports that misbehave, and a full exchange over them.
--
--   local a, b = faulty.pipe(contexts)      two objects with `send` and `receive`
--   a.on_send = function(data) ... end      what it does instead; nil: as usual
--   a.on_receive = function(n) ... end
--
-- Each counts in `sent` and `taken` the bytes that went through it.

local ssl  = require "ssl"
local pair = require "spec.support.pair"
local pki  = require "spec.support.pki"

local faulty = {}

-- Calls of a transport's methods in one exchange: more is a spin.
local MOST = 20000

faulty.PASSING = { wantread = true, wantwrite = true, timeout = true }

local object = {}
object.__index = object

function object:counted()
  self.calls = self.calls + 1
  if self.calls > MOST then error("it spins", 0) end
end

--- Put bytes on the wire, whatever the hook says.
function object:put(data)
  self.other.data = self.other.data .. data
  self.sent = self.sent + #data
  return #data
end

--- Take n bytes off it, or what there is.
function object:take(n)
  local data = self.data:sub(1, n)
  self.data = self.data:sub(n + 1)
  self.taken = self.taken + #data
  if #data == n then return data end
  return nil, self.ended and "closed" or "wantread", data
end

function object:send(data)
  self:counted()
  if self.on_send then return self:on_send(data) end
  return self:put(data)
end

function object:receive(n)
  self:counted()
  if self.on_receive then return self:on_receive(n) end
  return self:take(n)
end

function object:close()
  self.closed, self.other.ended = true, true
end

--- Both ends of a wire.
function faulty.pipe()
  local function new()
    return setmetatable({ data = "", sent = 0, taken = 0, calls = 0 }, object)
  end
  local a, b = new(), new()
  a.other, b.other = b, a
  return a, b
end

--- Small contexts for a version: { server =, client = }.
function faulty.contexts(version)
  return {
    server = assert(ssl.newcontext(pair.server_config {
      protocol = version, key = pki.ec_server.key, certificate = pki.ec_server.cert })),
    client = assert(ssl.newcontext(pair.client_config {
      protocol = version, cafile = pki.ec_root.cert })),
  }
end

--- Two ends that have not shaken hands, and their transports.
function faulty.wrapped(contexts)
  local a, b = faulty.pipe()
  return assert(ssl.wrap(a, contexts.server)), assert(ssl.wrap(b, contexts.client)), a, b
end

-- Call until it is done. The word of the failure, or what was raised.
local function persist(log, f)
  while true do
    local ok, done, word = pcall(f)
    if not ok then return false, done end
    if done then return true end
    assert(type(word) == "string", "no word: " .. tostring(word))
    if not faulty.PASSING[word] then return false, word end
    log.waits = log.waits + 1
    coroutine.yield()
  end
end

-- One side: shake hands, send, receive as much as the other sends, close.
local function act(conn, log, say, length)
  local last = 0
  local steps = {
    function() return conn:dohandshake() end,
    function()
      local done, word, sent = conn:send(say, last + 1)
      last = done or sent
      return done, word
    end,
    function()
      local data, word, partial = conn:receive(length, log.got)
      log.got = data or partial
      return data, word
    end,
  }
  for i, step in ipairs(steps) do
    local ok, why = persist(log, step)
    log.last = last
    if not ok then
      log.why, log.step = why, i
      break
    end
  end
  conn:close()
  log.done = log.step == nil
end

--- Run the exchange to its end, whatever that is.
-- @treturn table  of the server: `got`; `done`, or `why` and the `step` that failed
-- @treturn table  of the client
function faulty.exchange(server, client, text)
  local sides = {}
  for i, conn in ipairs { server, client } do
    local log = { got = "", waits = 0, conn = conn }
    sides[i] = { log = log, thread = coroutine.create(act),
                 arguments = { conn, log, text[i], #text[3 - i] } }
  end
  repeat
    local alive = false
    for _, side in ipairs(sides) do
      if coroutine.status(side.thread) == "suspended" then
        alive = true
        assert(coroutine.resume(side.thread, unpack(side.arguments)))
        assert(side.log.waits < MOST, "it waits for ever")
      end
    end
  until not alive
  return sides[1].log, sides[2].log
end

--- Run these functions as coroutines, in turn, until all have ended.
function faulty.run(functions)
  local threads = {}
  for i, f in ipairs(functions) do threads[i] = coroutine.create(f) end
  for _ = 1, 200000 do
    local alive = false
    for _, thread in ipairs(threads) do
      if coroutine.status(thread) ~= "dead" then
        alive = true
        assert(coroutine.resume(thread))
      end
    end
    if not alive then return end
  end
  error "they do not end"
end

--- Methods that yield before and after, and move a few bytes at a time.
function faulty.slow(transport)
  local n = 0
  function transport:on_send(data)
    n = n + 1
    coroutine.yield()
    local sent = self:put(data:sub(1, n * 37 % 4001 + 1))
    if n % 3 == 0 then coroutine.yield() end
    return sent
  end
  function transport:on_receive(wanted)
    while self.data == "" and not self.ended and not self.closed do coroutine.yield() end
    return self:take(wanted)
  end
end

return faulty
