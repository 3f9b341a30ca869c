--- Repeat visits: sessions in tickets, in a store and with early data, on servers whose keys
-- change and whose policies differ. An attacker changes what is on the way and in the store,
-- and sends first flights again.
--
-- What holds whatever the attacker does:
--
--   - a server that demands a certificate lets nobody in, since no client here has one, and a
--     client that trusts another authority connects to nobody: no session leads around that
--   - a server resumes only what one of its own policy has made, under a key that it still has
--   - early data that a server returns is the beginning of what the client has sent, and a
--     session brings it once
--   - without an attacker all other visits succeed

local alter   = require "fuzz.alter"
local context = require "ssl.context"
local draw    = require "fuzz.draw"
local limits  = require "spec.support.limits"
local pair    = require "spec.support.pair"
local pki     = require "spec.support.pki"
local ssl     = require "ssl"
local watch   = require "fuzz.watch"

local target = { about = "repeat visits: tickets, stores, early data, other keys and policies" }

local can = ssl.config.capabilities

local KEYS = {}
for i = 1, 4 do KEYS[i] = string.char(64 + i):rep(80) end

local DEMANDS = { "peer", "fail_if_no_peer_cert" }
local MOST_EARLY = 400

local function new_store(kept)
  return {
    get = function(id) return kept[id] end,
    put = function(id, bytes) kept[id] = bytes end,
    remove = function(id) kept[id] = nil end,
  }
end

-- The keys of a server's context, by kind. `s` is the state of this input.
local kinds = {
  tickets = function() return {} end,
  keys = function(s) return { ticketkeys = s.keys, sessionid = "fleet" } end,
  keys_demanding = function(s)
    return { ticketkeys = s.keys, sessionid = "fleet", verify = DEMANDS }
  end,
  store = function(s)
    return { sessionstore = new_store(s.kept), sessionkey = KEYS[1], sessionid = "fleet" }
  end,
  store_demanding = function(s)
    return { sessionstore = new_store(s.kept), sessionkey = KEYS[1], sessionid = "fleet",
             verify = DEMANDS }
  end,
  early = function() return { earlydata = MOST_EARLY } end,
}

local NAMES = { "tickets" }
for _, name in ipairs { "keys", "keys_demanding" } do
  if can.ticketkeys then NAMES[#NAMES + 1] = name end
end
for _, name in ipairs { "store", "store_demanding" } do
  if can.sessionstore then NAMES[#NAMES + 1] = name end
end
if can.earlydata then NAMES[#NAMES + 1] = "early" end

-- Contexts of an input are made when it first uses them.
local function server(s, name)
  if not s.servers[name] then
    local cfg = kinds[name](s)
    cfg.key, cfg.certificate = pki.ec_server.key, pki.ec_server.cert
    cfg.cafile = cfg.verify and pki.ec_root.cert or nil
    s.servers[name] = assert(ssl.newcontext(pair.server_config(cfg)))
  end
  return s.servers[name]
end

local clients = {}
for i, version in ipairs(limits.resumed_versions) do
  local early = can.earlydata and MOST_EARLY or nil
  clients[i] = {
    trusts = assert(ssl.newcontext(pair.client_config { cafile = pki.ec_root.cert,
                                                        protocol = version, earlydata = early })),
    stranger = assert(ssl.newcontext(pair.client_config { cafile = pki.root.cert,
                                                          protocol = version })),
    careless = assert(ssl.newcontext { mode = "client", protocol = version, verify = "none" }),
  }
end

local WHO = { "trusts", "trusts", "careless", "stranger" }

local CHANGES = { alter.byte, alter.message, alter.record, alter.bytes }

-- What arrives of what was sent; notes whether an attacker was there.
local function way(s, d, bytes)
  if bytes ~= "" and s.attacked and d:below(4) == 3 then
    s.changed = true
    return d:pick(CHANGES)(d, bytes)
  end
  return bytes
end

-- The early data that a server gets before its handshake.
local function early_of(conn)
  local got = {}
  while true do
    local data = watch.call(conn.receiveearlydata, conn)
    if not data then return table.concat(got) end
    got[#got + 1] = data
  end
end

-- A session brings early data once, however often its first flight arrives.
local function judge_early(flight, early)
  if early == "" then return end
  if flight.text:sub(1, #early) ~= early then error("early data that nobody has sent", 0) end
  if flight.held.brought then error("a session brings early data twice", 0) end
  flight.held.brought = true
end

local function offer(d, v)
  if not v.held then return end
  if not watch.call(v.client.setsession, v.client, v.held.session) then
    v.held = nil
    return
  end
  if v.name ~= "early" or not d:yes() then return end
  local text = ("early" .. d:below(9)):rep(d:below(30) + 1)
  if watch.call(v.client.sendearlydata, v.client, text) then v.text = text end
end

-- Both ends take turns; the first flight is kept for another time.
local function shake(s, d, v)
  local here, there
  for turn = 1, 5 do
    here = watch.call(v.a.handshake, v.a)
    local sent = v.a:drain()
    if turn == 1 and v.text then
      v.flight = { bytes = sent, text = v.text, held = v.held, name = v.name }
      s.flights[#s.flights + 1] = v.flight
    end
    v.b:feed(way(s, d, sent))
    if v.name == "early" and turn == 1 then
      local early = early_of(v.server)
      if v.flight then judge_early(v.flight, early)
      elseif early ~= "" then error("early data that nobody has sent", 0) end
    end
    there = watch.call(v.b.handshake, v.b)
    v.a:feed(way(s, d, v.b:drain()))
  end
  return here, there
end

local function has(list, value)
  for _, item in ipairs(list) do
    if item == value then return true end
  end
end

-- May this server resume that session?
local function may_resume(s, v)
  local held = v.held
  if not held or held.name ~= v.name then return false end
  return held.name ~= "keys" or has(s.keys, held.key)
end

local function judge(s, v, here, there)
  if there and v.name:find "demanding" then error("lets in a client without a certificate", 0) end
  if here and v.who == "stranger" then error("connects to a server that it does not trust", 0) end
  if there and v.server:resumed() and not may_resume(s, v) then
    error("resumes a session of another server", 0)
  end
  local refused = v.who == "stranger" or v.name:find "demanding"
  if not s.changed and not refused and not (here and there) then
    error(("a visit to %s fails"):format(v.name), 0)
  end
end

-- Tickets come behind the handshake.
local function gather(s, v)
  if not watch.call(v.b.write, v.b, "x") then return end
  v.a:feed(v.b:drain())
  local data = v.a:read()
  if data and data ~= "x" then error("other bytes arrive", 0) end
  local session = watch.call(v.client.getsession, v.client)
  if session then
    s.sessions[#s.sessions + 1] = { session = session, name = v.name, who = v.who,
                                    version = v.version, key = s.keys[1] }
  end
end

-- Mostly a session goes back to where it comes from; else any client takes it anywhere.
local function plan(s, d)
  local held = #s.sessions > 0 and d:below(4) > 0 and d:pick(s.sessions) or nil
  if held and d:below(4) > 0 then
    return { held = held, name = held.name, who = held.who, version = held.version }
  end
  return { held = held, name = d:pick(NAMES), who = d:pick(WHO), version = d:below(#clients) + 1 }
end

local function visit(s, d)
  local v = plan(s, d)
  s.changed = false
  v.a = assert(ssl.engine(clients[v.version][v.who]))
  v.b = assert(ssl.engine(server(s, v.name)))
  v.client, v.server = v.a:connection(), v.b:connection()
  offer(d, v)
  local here, there = shake(s, d, v)
  judge(s, v, here, there)
  if here and there and not s.changed then gather(s, v) end
  watch.call(v.client.close, v.client)
  watch.call(v.server.close, v.server)
end

-- A first flight once more, as it was or changed.
local function again(s, d)
  if #s.flights == 0 then return end
  local flight = d:pick(s.flights)
  local b = assert(ssl.engine(server(s, flight.name)))
  b:feed(way(s, d, flight.bytes))
  judge_early(flight, early_of(b:connection()))
  watch.call(b.handshake, b)
end

local function rotate(s, d)
  local first = d:below(#KEYS) + 1
  s.keys = { KEYS[first] }
  if d:yes() then s.keys[2] = KEYS[first % #KEYS + 1] end
  for _, name in ipairs { "keys", "keys_demanding" } do
    if s.servers[name] then assert(context.setticketkeys(s.servers[name], s.keys)) end
  end
end

-- Who can write to the store changes, moves or loses an entry.
local function meddle(s, d)
  local ids = {}
  for id in pairs(s.kept) do ids[#ids + 1] = id end
  if #ids == 0 then return end
  table.sort(ids)
  local id = d:pick(ids)
  local how = d:below(3)
  if how == 0 then s.kept[id] = alter.byte(d, s.kept[id])
  elseif how == 1 then s.kept[d:pick(ids)] = s.kept[id]
  else s.kept[id] = d:text(60) end
end

-- An export is the same session, and a changed one is none.
local function carry(s, d)
  if #s.sessions == 0 then return end
  local held = d:pick(s.sessions)
  local text = watch.call(held.session.export, held.session)
  if not text then return end
  local other = d:yes() and alter.byte(d, text) or text
  local session, why = watch.call(ssl.importsession, other)
  if other ~= text and session then error("imports a session that was changed", 0) end
  if other == text then
    assert(session, why)
    s.sessions[#s.sessions + 1] = setmetatable({ session = session }, { __index = held,
      __newindex = function(_, key, value) held[key] = value end })
  end
end

local STEPS = {
  visit, visit, visit, again, rotate, meddle, carry,
  function(s) s.attacked = not s.attacked end,
  function(_, d) collectgarbage("step", d:below(50)) end,
}

local MOST = 24

function target.one(bytes)
  local d = draw.new(bytes)
  local s = { servers = {}, sessions = {}, flights = {}, kept = {}, keys = { KEYS[1] } }
  for _ = 1, MOST do
    if d:over() then break end
    d:pick(STEPS)(s, d)
  end
end

return target
