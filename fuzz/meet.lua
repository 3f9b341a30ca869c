--- A connection that has shaken hands, and an engine as its far end, used again by the next
-- input: a handshake costs as much as a hundred inputs.
--
--   local s = meet.take(kind, version)   kind: "stream" or "engine", of the near end
--   s.near            the connection
--   s:send(data)      the far end encrypts it: it is on the way
--   s:arrive(n)       n bytes of ciphertext arrive; returns the plaintext of the records that
--                     are whole now, and whether the end of the session came with them
--   s:finish()        the far end ends the session; s.over
--   meet.back(s)      nothing is left on the way, and no byte too much

local pair = require "spec.support.pair"
local pki  = require "spec.support.pki"
local ssl  = require "ssl"

local meet = {}

local HEAD = 5

local contexts, idle = {}, {}

local function context(mode, version)
  local name = mode .. version
  contexts[name] = contexts[name] or assert(ssl.newcontext(
    mode == "server" and pair.server_config { key = pki.ec_server.key, protocol = version,
                                              certificate = pki.ec_server.cert, tickets = 0 }
    or pair.client_config { cafile = pki.ec_root.cert, protocol = version }))
  return contexts[name]
end

-- The object below a stream: up and down are what is on the way.
local function object_of(s)
  local object = {}
  function object.send(_, data)
    s.up = s.up .. data
    return #data
  end
  function object.receive(_, n)
    local data = s.down:sub(1, n)
    s.down = s.down:sub(#data + 1)
    if #data == n then return data end
    return nil, "wantread", data
  end
  return object
end

local near_of = {}

function near_of.stream(s, ctx)
  local conn = assert(ssl.wrap(object_of(s), ctx))
  conn:settimeout(0)
  return conn, function(bytes) s.down = s.down .. bytes end, function()
    local up = s.up
    s.up = ""
    return up
  end
end

function near_of.engine(_, ctx)
  local engine = assert(ssl.engine(ctx))
  return engine:connection(), function(bytes) engine:feed(bytes) end,
         function() return engine:drain() end, engine
end

local methods = {}
methods.__index = methods

local function exchange(s)
  repeat
    local there, here = s.far:drain(), s.drain()
    if there ~= "" then s.feed(there) end
    if here ~= "" then s.far:feed(here) end
  until there == "" and here == ""
end

local function new(kind, version)
  local s = setmetatable({ kind = kind, version = version, up = "", down = "" }, methods)
  s.near, s.feed, s.drain, s.engine = near_of[kind](s, context("client", version))
  s.far = assert(ssl.engine(context("server", version)))
  for _ = 1, 10 do
    local done = s.near:dohandshake()
    exchange(s)
    local there = s.far:handshake()
    exchange(s)
    if done and there then return s end
  end
  error "no handshake"
end

--- @treturn table
function meet.take(kind, version)
  local name = kind .. version
  local s = table.remove(idle[name] or {}) or new(kind, version)
  -- What is on the way, in records: { bytes =, plain = }, `plain` nil of the end.
  s.way, s.over, s.part = {}, false, 0
  return s
end

local function records(s, bytes, plain)
  local at = 1
  while bytes ~= "" do
    local length = HEAD + bytes:byte(4) * 256 + bytes:byte(5)
    local record = { bytes = bytes:sub(1, length) }
    if plain then
      -- The records of one write have 16384 bytes each, but for the last.
      record.plain = plain:sub(at, at + 16383)
      at = at + #record.plain
    end
    s.way[#s.way + 1], bytes = record, bytes:sub(length + 1)
  end
end

function methods:send(data)
  local done = 0
  while done < #data do
    local n = assert(self.far:write(data:sub(done + 1, done + 16384)))
    records(self, self.far:drain(), data:sub(done + 1, done + n))
    done = done + n
  end
end

function methods:finish()
  if self.over then return end
  self.over = true
  self.far:shutdown()
  records(self, self.far:drain())
end

function methods:arrive(n)
  local plain, bytes, ended = {}, {}, false
  while n > 0 and self.way[1] do
    local first = self.way[1]
    local part = first.bytes:sub(self.part + 1, self.part + math.min(n, #first.bytes))
    bytes[#bytes + 1], n, self.part = part, n - #part, self.part + #part
    if self.part == #first.bytes then
      table.remove(self.way, 1)
      self.part = 0
      if first.plain then plain[#plain + 1] = first.plain else ended = true end
    end
  end
  self.feed(table.concat(bytes))
  return table.concat(plain), ended
end

--- To the next input, unless the session has ended.
function meet.back(s)
  local rest = s:arrive(math.huge)
  local got = {}
  local data, why = s.near:receiveany()
  while data do
    got[#got + 1] = data
    data, why = s.near:receiveany()
  end
  local model = s.model and s.model.text or ""
  if table.concat(got) ~= model .. rest then error("bytes are lost or too many", 0) end
  if s.over then
    if why ~= "closed" then error("an end in order is " .. why, 0) end
    return s.near:close()
  end
  if why ~= "wantread" then error("fails: " .. why, 0) end
  local name = s.kind .. s.version
  idle[name] = idle[name] or {}
  s.model = nil
  table.insert(idle[name], s)
end

return meet
