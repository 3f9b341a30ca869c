--- Two engines and what is on the way between them, for the harnesses `engine` and `calls`.
--
--   local l = link.new(d)     d: decisions (fuzz/draw.lua): version, contexts, a resumed session
--   l:step(d)                 one operation of a program or of the attacker
--   l:finish()                all bytes arrive, both ends are judged
--
-- `touched`: an attacker has changed something, or an end has given up. `forged`: with keys.

local alter   = require "fuzz.alter"
local forger  = require "spec.support.forger"
local pki     = require "spec.support.pki"
local pair    = require "spec.support.pair"
local ssl     = require "ssl"
local watch   = require "fuzz.watch"

local call = watch.call

local link = {}

local KEY = ("\0k"):rep(16)

-- Lines of the key log of the handshakes of one input.
local secrets = {}

local function keylog(line)
  local name, secret = line:match "^([%u_%d]+) %x+ (%x+)$"
  secrets[name or ""] = secret
end

local function nothing() end

local function by_name(name) return name == "me" and KEY or nil end

-- What both ends may be, beside version and certificates.
local VARIANTS = {
  { server = { alpn = { "h2", "http/1.1" } }, client = { alpn = { "http/1.1", "x" } } },
  { server = { verify = { "peer", "fail_if_no_peer_cert" }, cafile = pki.root.cert },
    client = { key = pki.ec_client.key, certificate = pki.ec_client.cert } },
  { server = { psk = by_name },
    client = { psk = function() return "me", KEY end }, psk = true },
  { server = { onclienthello = nothing }, client = { ocsp = "request" } },
  { server = { verify = "peer", cafile = pki.root.cert }, client = { posthandshakeauth = true } },
  { server = { onclienthello = function(_, hello) return hello.servername ~= "x" and nil end },
    client = { onverify = function(_, preverified) return preverified end } },
}

local VERSIONS = { "tlsv1_3", "tlsv1_2", "any" }

local contexts = {}

local function context(mode, version, i)
  local name = mode .. version .. i
  if contexts[name] then return contexts[name] end
  local config = mode == "server"
    and pair.server_config { key = pki.ec_server.key, certificate = pki.ec_server.cert,
                             keylog = keylog }
    or pair.client_config { cafile = pki.ec_root.cert }
  config.protocol = version
  -- The suites of spec/support/forger.lua, and others for the keys of the variants.
  config.ciphersuites = forger.CIPHERSUITE
  for key, value in pairs(VARIANTS[i][mode]) do config[key] = value end
  contexts[name] = assert(ssl.newcontext(config))
  return contexts[name]
end

local methods = {}
methods.__index = methods

local function side(name, ctx)
  return { name = name, engine = assert(ssl.engine(ctx)), way = "", wrote = "", read = "",
           done = false, ended = false, requests = false }
end

local function drain(from)
  from.way = from.way .. from.engine:drain()
end

local WAITS = { wantread = true, wantwrite = true, wantlookup = true }

local function message(why)
  if type(why) ~= "string" or why == "" then error("no message: " .. tostring(why), 0) end
  return why
end

local function other(l, s)
  return s == l.server and l.client or l.server
end

local function shake(l, s)
  local ok, why = s.engine:handshake()
  drain(s)
  if ok then
    s.done = true
    return true
  end
  if WAITS[message(why)] then return end
  -- A name that is demanded behind `setsession`: docs/sessions.md.
  if why == "session of another verification policy" then l.touched = true end
  if not l.touched then error(s.name .. " fails: " .. why, 0) end
end

-- The bytes that were read are what the other end wrote.
local function judge_read(l, s, data)
  if data == "" then error("an empty read", 0) end
  local from = #s.read + 1
  s.read = s.read .. data
  if not l.forged and data ~= other(l, s).wrote:sub(from, #s.read) then
    error(("%s reads what was not written"):format(s.name), 0)
  end
end

local function read(l, s, n)
  local data, why = s.engine:read(n)
  drain(s)
  if data then return judge_read(l, s, data) or true end
  local far = other(l, s)
  if message(why) == "closed" and s.done and not s.left and not l.forged then
    if not far.ended then error(s.name .. ": closed, and nobody has ended the session", 0) end
    if #s.read < #far.wrote then error(s.name .. ": closed before all had come", 0) end
  end
end

local function write(l, s, data)
  local n, why = s.engine:write(data)
  drain(s)
  if n then
    if n > #data or n < 1 and data ~= "" then error("writes a wrong number", 0) end
    s.wrote = s.wrote .. data:sub(1, n)
  elseif not WAITS[message(why)] and s.done and not l.touched and not s.ended then
    local far = other(l, s)
    if not far.ended then error(s.name .. " cannot write: " .. why, 0) end
  end
end

local function shutdown(s)
  local ok, why = s.engine:shutdown()
  drain(s)
  if not ok then message(why) end
  -- It drops what the other end has written.
  s.ended, s.left = true, true
end

-- n bytes arrive.
local function deliver(l, s, n)
  local bytes = s.way:sub(1, n)
  s.way = s.way:sub(#bytes + 1)
  local far = other(l, s)
  far.engine:feed(bytes)
  drain(far)
end

-- Methods of the connection behind an engine, and their arguments.
local CALLS = {
  { "info" }, { "getpeercertificate" }, { "getpeerchain" }, { "getpeerverification" },
  { "getsession" }, { "keyupdate" }, { "keyupdate", true }, { "requestcertificate" },
  { "exportkeyingmaterial", "EXPORTER-x", 20 }, { "channelbindings" }, { "want" }, { "dirty" },
  { "lasterror" }, { "getalpn" }, { "getsniname" }, { "getfinished" }, { "getpeerfinished" },
  { "resumed" }, { "getocspresponse" }, { "getlocalchain" }, { "getverifiedchain" },
  { "getclientcas" }, { "getstats" }, { "getfd" }, { "earlydata" }, { "ended" },
  { "sni", "localhost" }, { "setverifyname", "localhost" }, { "settimeout", 0 },
}

-- While a server waits for a certificate that it has asked for, only this call goes on: it has to
-- be made again.
local function request(s)
  local conn = s.engine:connection()
  local ok, why = call(conn.requestcertificate, conn)
  s.requests = not ok and WAITS[why] or false
  drain(s)
end

local function method(_, s, d)
  local entry = d:pick(CALLS)
  if entry[1] == "requestcertificate" then return request(s) end
  local conn = s.engine:connection()
  call(conn[entry[1]], conn, unpack(entry, 2))
  drain(s)
end

local function close(l, s)
  s.engine:connection():close()
  drain(s)
  s.ended, s.left, l.touched = true, true, true
end

local function unwrap(l, s)
  local conn = s.engine:connection()
  call(conn.unwrap, conn)
  drain(s)
  s.ended, s.left, l.touched, l.forged = true, true, true, true
end

-- The attacker changes what is on the way from one end.
local function attack(l, s, d, f)
  if s.way == "" then return end
  local before = s.way
  s.way = f(d, s.way)
  if s.way ~= before then l.touched = true end
end

-- The same with the keys of that direction.
local function forge(l, s, d)
  local names = s == l.server and { "SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0" }
                or { "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0" }
  local keys = {}
  for _, name in ipairs(names) do keys[#keys + 1] = l.secrets[name] end
  if not keys[1] or s.way == "" then return end
  local way, changed = alter.sealed(d, s.way, keys)
  if changed then s.way, l.touched, l.forged = way, true, true end
end

local function stop(l, s)
  other(l, s).engine:feed(nil)
  l.touched = true
end

-- What a step does: the first ones are what a program does, and what small bytes mean.
local STEPS = {
  function(l) l:move() end,
  function(l, s) shake(l, s) end,
  function(l, s, d) write(l, s, d:text(40)) end,
  function(l, s, d) write(l, s, ("x"):rep(d:below(40000))) end,
  function(l, s, d) read(l, s, d:below(300) + 1) end,
  function(l, s) read(l, s) end,
  function(l, s, d) deliver(l, s, d:below(600) + 1) end,
  method,
  function(l, s, d) attack(l, s, d, alter.byte) end,
  function(l, s, d) attack(l, s, d, alter.message) end,
  function(l, s, d) attack(l, s, d, alter.record) end,
  function(l, s, d) attack(l, s, d, alter.bytes) end,
  forge,
  forge,
  function(_, s) shutdown(s) end,
  stop,
  close,
  unwrap,
}

--- One operation.
function methods:step(d)
  local f = d:pick(STEPS)
  f(self, d:yes() and self.client or self.server, d)
end

--- Both handshakes go on, and all that is on the way arrives.
function methods:move()
  shake(self, self.client)
  deliver(self, self.client, #self.client.way)
  shake(self, self.server)
  deliver(self, self.server, #self.server.way)
end

-- Reading gives no end of a session.
local ROUNDS = 12

local function read_all(l)
  for _, s in ipairs { l.client, l.server } do
    if s.requests then request(s) end
    local n = 0
    while read(l, s) and n < 100 do n = n + 1 end
  end
end

-- The peer that a client has accepted is the one that it demands.
local function judge_peer(l)
  if not l.client.done or l.psk then return end
  local conn = l.client.engine:connection()
  local cert = conn:getpeercertificate()
  if not cert then return end
  if cert:digest() ~= link.server_digest then error("accepts another certificate", 0) end
  if conn:getpeerverification() ~= true then error("accepts without verification", 0) end
end

function methods:finish()
  for _ = 1, ROUNDS do
    self:move()
    read_all(self)
    if self.client.way .. self.server.way == "" and (self.touched or self.client.done) then
      break
    end
  end
  if not self.touched then
    if not (self.client.done and self.server.done) then error("the handshake does not end", 0) end
    for _, s in ipairs { self.client, self.server } do
      if not s.left and s.read ~= other(self, s).wrote then error("bytes are lost", 0) end
    end
  end
  judge_peer(self)
end

local function start(version, i)
  secrets = {}
  local l = setmetatable({ secrets = secrets, psk = VARIANTS[i].psk, touched = false,
                           forged = false }, methods)
  l.client = side("client", context("client", version, i))
  l.server = side("server", context("server", version, i))
  return l
end

-- A session of a handshake that nobody touches.
local function session(version, i)
  local l = start(version, i)
  for _ = 1, 4 do l:move() end
  write(l, l.server, "x")
  l:move()
  read(l, l.client)
  return (l.client.engine:connection():getsession())
end

function link.new(d)
  local version, i = d:pick(VERSIONS), d:below(#VARIANTS) + 1
  local given = d:below(4) == 3 and session(version, i)
  local l = start(version, i)
  local conn = l.client.engine:connection()
  if given then call(conn.setsession, conn, given) end
  return l
end

local file = assert(io.open(pki.ec_server.cert))
link.server_digest = ssl.loadcertificate(file:read "*a"):digest()
file:close()

return link
