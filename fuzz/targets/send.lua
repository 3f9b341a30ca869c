--- The methods that send, against a byte string: any split, any range, time limits, and a
-- transport that takes a part. Over a stream, and over a real descriptor with a small buffer.
--
-- The far end decrypts what was handed to the transport: the bytes that were reported, and of
-- the rest at most its beginning, which is not sent again when it is repeated. When
-- other bytes are sent instead, a part of the rest comes before them, which OpenSSL had made
-- records of.

local draw   = require "fuzz.draw"
local ffi    = require "ffi"
local models = require "fuzz.models"
local pair   = require "spec.support.pair"
local pki    = require "spec.support.pki"
local ssl    = require "ssl"
local wire   = require "fuzz.wire"

local target = { about = "what send reports against a byte string, any split" }

local MOST, LONGEST, SMALL = 60, 120000, 4608

-- Bytes that differ everywhere. No two kinds have a byte in common, so other bytes are never a
-- repetition, also where what is owed is older than the call before.
local KINDS = 25

local texts = {}

local function text(kind)
  if texts[kind] then return texts[kind] end
  local parts, first = {}, (kind - 1) * 10
  for i = 1, LONGEST / 6 do
    parts[i] = ("%06d"):format(i):gsub("%d", function(c) return string.char(first + c) end)
  end
  texts[kind] = table.concat(parts)
  return texts[kind]
end

local contexts = {}

local function context(mode, version)
  local name = mode .. version
  contexts[name] = contexts[name] or assert(ssl.newcontext(mode == "server"
    and pair.server_config { key = pki.ec_server.key, certificate = pki.ec_server.cert,
                             protocol = version, tickets = 0 }
    or pair.client_config { cafile = pki.ec_root.cert, protocol = version }))
  return contexts[name]
end

local REFUSALS = { "wantwrite", "timeout", nil }

-- An object that takes as many bytes as there is room for.
local function stream(s)
  local object, up, down = {}, "", ""
  function object.send(_, data)
    local n = math.min(#data, s.room)
    s.room, up = s.room - n, up .. data:sub(1, n)
    if n == #data then return n end
    if n == 0 and not s.refusal then return 0 end
    return nil, s.refusal or "wantwrite", n
  end
  function object.receive(_, n)
    local data = down:sub(1, n)
    down = down:sub(#data + 1)
    if #data == n then return data end
    return nil, "wantread", data
  end
  s.feed = function(bytes) down = down .. bytes end
  s.take = function()
    local bytes = up
    up = ""
    return bytes
  end
  return object
end

local function descriptor(s)
  local w = wire.new(SMALL)
  s.wire, s.take = w, function() return w:take() end
  s.feed = function(bytes) assert(w:put(bytes) == #bytes, "no room") end
  return w.object
end

local function fetch(s)
  s.far:feed(s.take())
  local data = s.far:read()
  while data do
    s.model:come(data)
    data = s.far:read()
  end
end

local function shake(s)
  for _ = 1, 10 do
    local done = s.near:dohandshake()
    s.far:feed(s.take())
    local there = s.far:handshake()
    s.feed(s.far:drain())
    if done and there then return end
  end
  error "no handshake"
end

local function open(d)
  local s = { room = math.huge, model = models.send() }
  local version = d:yes() and "tlsv1_2" or "tlsv1_3"
  local object = d:yes() and descriptor(s) or stream(s)
  s.near = assert(ssl.wrap(object, context("client", version)))
  s.near:settimeout(0)
  s.far = assert(ssl.engine(context("server", version)))
  shake(s)
  s.kind, s.at = 1, 1
  return s
end

-- The range as LuaSocket counts it, in numbers that a program may give.
local function sent_range(s, data)
  local before = ("#"):rep(s.d:below(5))
  local behind = ("#"):rep(s.d:below(5))
  local i, j = #before + 1, #before + #data
  local whole = before .. data .. behind
  if s.d:yes() then i = i - #whole - 1 end
  if s.d:yes() then j = j - #whole - 1 end
  if before == "" and s.d:yes() then i = 0 end
  local last, why, stopped = s.near:send(whole, i, j)
  local at = last or stopped
  return last and at - #before, why, stopped and at - #before
end

local function sent_v(s, data)
  local parts, at = {}, 1
  while at <= #data and #parts < 20 do
    local n = s.d:below(#data) + 1
    parts[#parts + 1], at = data:sub(at, at + n - 1), at + n
  end
  parts[#parts + 1] = data:sub(at)
  return s.near:sendv(parts)
end

-- The memory is the program's again when the call is over.
local function sent_from(s, data)
  local memory = ffi.new("char[?]", #data + 1, data)
  local n, why, stopped = s.near:sendfrom(memory, #data)
  ffi.fill(memory, #data, 35)
  return n, why, stopped
end

local WAYS = {
  function(s, data) return s.near:send(data) end,
  sent_range,
  sent_v,
  sent_from,
}

local WORDS = { wantwrite = true, timeout = true }

local function send(s, data)
  local n, why, stopped = s.d:pick(WAYS)(s, data)
  if n and (n ~= #data or why ~= nil or stopped ~= nil) then
    error(("success with %s, %s, %s of %d bytes"):format(n, tostring(why), tostring(stopped),
                                                         #data), 0)
  end
  if not n and not WORDS[why] then error("fails: " .. tostring(why), 0) end
  n = n or stopped
  if type(n) ~= "number" or n < 0 or n > #data then error("reports " .. tostring(n), 0) end
  if not why then return s.model:reported(data, n) end
  if n == #data then error("all was sent, and it failed", 0) end
  s.model:reported(data, n)
end

local function more(s, n)
  s.at = s.at + n > LONGEST and 1 or s.at
  local data = text(s.kind):sub(s.at, s.at + n - 1)
  s.at = s.at + n
  return data
end

-- Bytes behind the rest may come with it.
local function go_on(s)
  local rest = s.model.rest
  local data = s.d:yes() and rest .. more(s, s.d:below(3000)) or rest
  if data == "" then data = more(s, s.d:below(40000) + 1) end
  send(s, data)
end

local function checked(s)
  fetch(s)
  s.model:check()
end

local STEPS = {
  go_on,
  function(s) s.room = math.huge end,
  function(s) s.room = s.d:below(200) end,
  function(s) s.room = s.d:below(60000) end,
  checked,
  function(s) s.refusal = s.d:pick(REFUSALS) end,
  function(s)
    if s.kind == KINDS then return end
    checked(s)
    s.kind, s.at = s.kind + 1, s.d:below(LONGEST / 2) + 1
    s.model:other()
    send(s, more(s, s.d:below(40000) + 1))
    checked(s)
  end,
  function(s) s.near:setdeadline(s.d:yes() and 0 or nil) end,
  function(s)
    local n = s.near:send("", s.d:below(3))
    if n ~= 0 and n ~= -1 and n ~= 1 then error("nothing to send: " .. tostring(n), 0) end
  end,
}

-- With room for everything all of it leaves.
local function finish(s)
  s.room = math.huge
  s.near:setdeadline(nil)
  for _ = 1, MOST do
    checked(s)
    if s.model.rest == "" then return end
    send(s, s.model.rest)
  end
  error("the rest does not leave", 0)
end

function target.one(bytes)
  local d = draw.new(bytes)
  local s = open(d)
  s.d = d
  for _ = 1, MOST do
    if d:over() then break end
    d:pick(STEPS)(s)
  end
  finish(s)
  checked(s)
  s.near:close()
  if s.wire then s.wire:close() end
end

return target
