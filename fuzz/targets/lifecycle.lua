--- The phases of a connection against the table in docs/connection.md: methods in any order on
-- both ends, functions of the program that leave a handshake suspended, coroutines that nobody
-- resumes, records that no key fits, and ends of the transport.
--
-- A cell with a message has to be the result of the call. A phase follows another only where
-- the documentation lets it, a verdict stays, and a connection that was open is never new again.

local draw       = require "fuzz.draw"
local pair       = require "spec.support.pair"
local phases     = require "spec.support.phases"
local pki        = require "spec.support.pki"
local ssl        = require "ssl"
local transports = require "spec.support.transports"
local values     = require "spec.support.values"
local watch      = require "fuzz.watch"

local target = { about = "the phases of a connection against the documented table, random walks" }

local _, cells = phases.documented()

-- What ends a connection is a step of its own: otherwise most calls would find it closed.
local ENDS = { close = true, unwrap = true, shutdown = true, tlsshutdown = true }

local names, ends = {}, {}
for name in pairs(cells) do table.insert(ENDS[name] and ends or names, name) end
table.sort(names)
table.sort(ends)

-- A record that no key fits.
local GARBAGE = "\23\3\3\0\40" .. ("x"):rep(40)

local function stops() coroutine.yield() end

local KINDS = {
  { server = {}, client = {} },
  { server = { onclienthello = stops }, client = {} },
  { server = {}, client = { onverify = function() coroutine.yield() return true end } },
  { server = {}, client = { cafile = pki.other.cert } },
  { server = { verify = "none", onverify = function() coroutine.yield() return true end },
    client = {} },
}

local contexts = {}

local function context(mode, kind, version)
  local name = mode .. kind .. version
  if contexts[name] then return contexts[name] end
  local config = pair[mode .. "_config"]()
  config.protocol, config.cafile = version, pki.root.cert
  if version == "tlsv1_3" then config.earlydata = 1000 end
  if mode == "client" then
    config.posthandshakeauth = version == "tlsv1_3" or nil
    config.key, config.certificate = pki.client.key, pki.client.cert
  end
  for key, value in pairs(KINDS[kind][mode]) do config[key] = value end
  contexts[name] = assert(ssl.newcontext(config))
  return contexts[name]
end

-- From a phase directly to which others.
local EDGES = {
  ["new"]         = { "shaking", "failed", "closing", "closed" },
  ["shaking"]     = { "suspended", "open", "failed", "closing", "closed" },
  ["suspended"]   = { "shaking", "requesting", "failed", "closing", "closed" },
  ["open"]        = { "requesting", "half closed", "failed", "closing", "closed" },
  ["requesting"]  = { "suspended", "open", "failed", "closing", "closed" },
  ["half closed"] = { "failed", "closing", "closed" },
  ["failed"]      = { "closing", "closed" },
  ["closing"]     = { "closed" },
  ["closed"]      = {},
}

-- One call may pass through several phases.
local function reached(from, set)
  set = set or {}
  if set[from] then return set end
  set[from] = true
  for _, to in ipairs(EDGES[from]) do reached(to, set) end
  return set
end

local AFTER = {}
for phase in pairs(EDGES) do AFTER[phase] = reached(phase) end

local UNSHAKEN = { new = true, shaking = true }

-- After any step.
local function judge(s)
  local st, phase = s.st, s.st.phase
  if not AFTER[s.phase][phase] then error(s.phase .. " became " .. phase, 0) end
  if s.connected and UNSHAKEN[phase] then error("was connected, and is " .. phase, 0) end
  if s.failed and st.failed ~= s.failed then error("another verdict: " .. s.failed, 0) end
  if st.failed and st.phase ~= "failed" and st.phase ~= "closing" and st.phase ~= "closed" then
    error("failed, and " .. phase, 0)
  end
  if st.open ~= (phase == "open" or phase == "half closed") then
    error("open is " .. tostring(st.open) .. " in the phase " .. phase, 0)
  end
  s.phase, s.failed = phase, st.failed
  s.connected = s.connected or st.status == "connected"
end

-- What the table demands of a call that began in this phase, as a set; nil: anything but "late".
local function demanded(name, s, phase, failed)
  local row = cells[name]
  local cell = row[phase]
  if phase == "failed" and not s.connected and row.new == "closed"
     and (cell == "yes" or phases.UNFINISHED[name]) then
    return { closed = true }
  end
  if cell == "yes" or cell == "-" then return nil end
  local set = { [cell] = true }
  if phase == "closed" and failed then set.failure = true end
  return set
end

local function in_words(set)
  local list = {}
  for word in pairs(set) do list[#list + 1] = word end
  return table.concat(list, " or ")
end

local ARGUMENTS = {
  send = { "x" }, sendv = { { "x" } }, settimeout = { 0 }, shutdown = { "send" },
  getoption = { "tcp-nodelay" }, setoption = { "tcp-nodelay", true },
  sni = { {} }, setverifyname = { "a.test" }, setdane = { "a.test" },
  settlsa = { 3, 1, 1, ("x"):rep(32) }, exportkeyingmaterial = { "label", 16 },
  channelbinding = { "tls-exporter" }, sendearlydata = { "x" },
}

-- Rows for the other side, and methods that want memory of C's or a file.
local SKIPPED = { sendfrom = true, receiveinto = true, sendfile = true, setdeadline = true }

-- Rows that are about both sides.
local BOTH = { dohandshake = true, send = true, receive = true, close = true }

-- With TLS 1.2 these say that they need TLS 1.3, whatever the phase is.
local NEWER = { sendearlydata = true, keyupdate = true, requestcertificate = true }

-- Is the row about this end, and has it what the method needs?
local function applies(s, name)
  local side = phases.CLIENTS[name] and "client" or "server"
  return not SKIPPED[name] and (BOTH[name] or s.side == side)
     and (name ~= "setsession" or s.session)
     and (not NEWER[name] or s.version == "tlsv1_3")
end

local function one_call(s, name)
  if not applies(s, name) then return end
  local arguments = name == "setsession" and { s.session } or ARGUMENTS[name] or {}
  local phase, failed, busy = s.st.phase, s.st.failed, s.running
  s.running = s.running + 1
  local results = values.pack(watch.call(s.conn[name], s.conn, unpack(arguments)))
  s.running = s.running - 1
  if name == "getsession" then s.session = results[1] or s.session end
  -- A call that stood still meanwhile, or beside another one, has the results of both.
  if busy > 0 or s.yielded then return end
  local told = phases.told(results, s.st)
  local wanted = demanded(name, s, phase, failed)
  local failure = wanted and wanted.failure and told == failed -- which may be "closed"
  if wanted and not wanted[told] and not failure then
    error(("%s of a %s in the phase %s: %s (%s), and the table has %s"):format(
      name, s.side, phase, told, tostring(results[2]), in_words(wanted)), 0)
  end
end

-- In a coroutine: a function of the program may yield.
local function call(s, name)
  s.yielded = false
  local co = coroutine.create(function() one_call(s, name) end)
  local ok, why = coroutine.resume(co)
  if not ok then error(why, 0) end
  if coroutine.status(co) ~= "dead" then s.threads[#s.threads + 1], s.yielded = co, true end
end

local function resume(s, d)
  if not s.threads[1] then return end
  local i = d:below(#s.threads) + 1
  s.yielded = true
  local ok, why = coroutine.resume(s.threads[i])
  if not ok then error(why, 0) end
  if coroutine.status(s.threads[i]) == "dead" then table.remove(s.threads, i) end
end

local function side_of(side, conn, version)
  conn:settimeout(0)
  local st = getmetatable(conn)
  return { side = side, version = version, conn = conn, st = st,
           phase = st.phase, failed = st.failed, connected = false,
           threads = {}, running = 0, yielded = false, session = false }
end

-- `close` waits where a stream's send yields.
local function slowed(object, ways)
  local send = object.send
  function object.send(...)
    local thread, main = coroutine.running()
    if ways.slow and thread and not main then coroutine.yield() end
    return send(...)
  end
  return object
end

local function new(d)
  local a, b, ways = transports.pipe()
  a, b = slowed(a, ways), slowed(b, ways)
  local kind, version = d:below(#KINDS) + 1, d:yes() and "tlsv1_2" or "tlsv1_3"
  return {
    side_of("server", assert(ssl.wrap(a, context("server", kind, version))), version),
    side_of("client", assert(ssl.wrap(b, context("client", kind, version))), version),
    ways = ways,
  }
end

local function shake(l)
  for _ = 1, 3 do
    call(l[2], "dohandshake")
    call(l[1], "dohandshake")
  end
end

local STEPS = {
  function(_, d, s) call(s, d:pick(names)) end,
  shake,
  function(_, d, s) call(s, d:pick { "dohandshake", "receive", "send", "receive" }) end,
  function(_, d, s) resume(s, d) end,
  function(_, d, s) table.remove(s.threads, d:below(#s.threads + 1)) end,
  function(l, d) if d:below(8) == 7 then l.ways[d:below(2) + 1].data = GARBAGE end end,
  function(l, d)
    local way = l.ways[d:below(2) + 1]
    if d:below(4) < 3 then return end
    way.data = way.data:sub(1, d:below(#way.data + 1)) .. way.data:sub(d:below(60) + 2)
  end,
  function(l, d) if d:below(8) == 7 then l.ways[d:below(2) + 1].ended = true end end,
  function(l, d) if d:below(8) == 7 then l.ways[d:below(2) + 1].cut = true end end,
  function(l) l.ways.slow = not l.ways.slow end,
  function(_, d, s) if d:below(8) == 7 then call(s, d:pick(ends)) end end,
  function(_, _, s) call(s, "requestcertificate") end,
}

local MOST = 60

function target.one(bytes)
  local d = draw.new(bytes)
  local l = new(d)
  if d:yes() then shake(l) end
  for _ = 1, MOST do
    if d:over() or l[1].phase == "closed" and l[2].phase == "closed" then break end
    d:pick(STEPS)(l, d, l[d:below(2) + 1])
    for _, s in ipairs(l) do judge(s) end
  end
  for _, s in ipairs(l) do
    s.threads = {}
    call(s, "close")
    judge(s)
  end
end

return target
