--- ssl.https.tls: a TLS connection in the shape of a LuaSocket TCP object.
--
-- socket.http makes one with its `create`, connects it and goes on as if it were
-- plain TCP. Before `connect` it has `connect`, `settimeout` and `close`; then the methods of
-- ssl.https.connected. Private fields are in the metatable: params, defaults, and polls, which
-- notes the modes with a limit of 0.

local ssl       = require "ssl"
local connected = require "ssl.https.connected"
local late      = require "ssl.https.late"
local luasocket = require "ssl.https.luasocket"
local find      = require "ssl.over.find"
local creating  = require "ssl.https.create"
local timeouts  = require "ssl.https.timeouts"
local printable = require "ssl.https.printable"
local url       = require "ssl.https.url"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local contexts, sessions = ssl.contexts, ssl.sessions

local tls = {}

local OPTIONS = contexts.constant { "all", "no_sslv2", "no_sslv3", "no_tlsv1" }

local WAYS_OUT = {
  untrusted = "name its authority with cafile, capath, SSL_CERT_FILE or SSL_CERT_DIR, "
              .. 'or switch verification off: verify = "none" in the request, '
              .. 'https.VERIFY = "none" for all',
  unnamed   = "give authorities with cafile, capath, SSL_CERT_FILE or SSL_CERT_DIR, "
              .. 'or switch verification off: verify = "none" in the request, '
              .. 'https.VERIFY = "none" for all',
  misnamed  = 'to accept any name and any server: verify = "none" in the request, '
              .. 'https.VERIFY = "none" for all',
}

-- Only "none", alone or as the only value of a list, switches verification off.
local function verifies(verify)
  if type(verify) ~= "table" then return verify ~= "none" end
  for _, flag in ipairs(verify) do
    if flag ~= "none" then return true end
  end
  return false
end

-- An empty list counts as absent.
local function said(verify)
  return verify and not (type(verify) == "table" and #verify == 0) and verify
end

local function listed(options, name)
  if type(options) ~= "table" then return options == name end
  for _, option in ipairs(options) do
    if option == name then return true end
  end
  return false
end

-- Some servers ask for a client's certificate when they have read the path of the request:
-- up to TLS 1.2 by a new handshake, in TLS 1.3 by post-handshake authentication. A client
-- that has a certificate takes part, once in each way.
local function answer_late(cfg, params)
  if not (params.certificate or params.certificates or params.pkcs12) then return end
  if params.renegotiation == nil and not listed(cfg.options, "no_renegotiation") then
    cfg.renegotiation = "once"
  end
  if params.posthandshakeauth == nil and ssl.config.capabilities.posthandshakeauth then
    cfg.posthandshakeauth = "once"
  end
end

-- The table is read, not written. One without values behind it is copied: in a copy a few
-- fields are to be looked at, and not each of a hundred keys (ssl.context.cached).
local function beginning(params)
  local cfg = {}
  if getmetatable(params) ~= nil then return setmetatable(cfg, { __index = params }) end
  for name, value in pairs(params) do cfg[name] = value end
  return cfg
end

-- What ssl.newcontext is to get; are chain and name verified; and the authorities of the system,
-- where these are used.
local function configuration(params, defaults)
  local cfg = beginning(params)
  cfg.mode     = "client"
  cfg.protocol = params.protocol or "any"
  cfg.options  = params.options or OPTIONS
  cfg.verify   = said(params.verify) or ssl.cfg.trusting(params, "client") and "peer"
              or said(defaults.VERIFY) or "peer"
  answer_late(cfg, params)
  local verified = verifies(cfg.verify)
  -- A function of the program that verifies is asked each time.
  if params.resume ~= false and not params.onverify then
    cfg.onsession = params.onsession or sessions.remember
  end
  local named = params.cafile or params.capath or params.systemca or params.rawkeys
  if not verified or named then return cfg, verified end
  local system, why = ssl.systemca()
  if not system then return nil, why .. ": " .. WAYS_OUT.unnamed end
  cfg.cafile, cfg.capath = system.cafile, system.capath
  return cfg, verified, system
end

-- An error of newcontext, with the file that it is about. Where the system's authorities are at
-- fault, the message names them, since the program did not choose them.
local function unmade(system, why)
  local place = system and (system.cafile or system.capath)
  if not place or not why:find "^error loading CA locations" then
    local file = ssl.lasterror().file
    return file and ("%s: %s"):format(why, file) or why
  end
  return ("%s: %s: %s"):format(why, place, WAYS_OUT.unnamed)
end

local function refusal(conn, why, host)
  if why == "wantread" or why == "wantwrite" then return "timeout" end
  local problem = conn:lasterror() or {}
  local verify, short = problem.verify, problem.reason
  if not verify then
    if not problem.hint or why ~= short then return why end -- `explain`
    return ("%s (%s)"):format(why, problem.hint)
  end
  if verify.misnamed then
    return ("%s (%s: the certificate is not for %s): %s"):format(
      short, verify.text, host, WAYS_OUT.misnamed)
  end
  if why == short then why = ("%s (%s)"):format(why, verify.text) end -- else `explain`
  -- The message for a revoked, expired or forged certificate does not explain how to
  -- accept it.
  return verify.untrusted and ("%s: %s"):format(why, WAYS_OUT.untrusted) or why
end

local function no_name(name, why)
  return ('host name "%s": %s'):format(printable(name), why)
end

-- Make the handshake, and demand the name of the policy.
local function secure(conn, policy)
  local host, verified = policy.name, policy.verified
  local kind, name = conn:setverifyname(host)
  if not kind and verified then return nil, no_name(host, name) end
  local why = kind == "dns" and select(2, conn:sni(name))
  if why then return nil, refusal(conn, why, host) end
  local offered = policy.resumes and sessions.offer(conn, policy.key)
  local ok
  ok, why = conn:dohandshake()
  if offered then sessions.shaken(conn, policy.key, offered) end
  if not ok then return nil, refusal(conn, why, host) end
  if not verified then return true end
  -- Once more, of the certificate itself: verifyext may have let errors pass.
  local cert = conn:getpeercertificate()
  if cert and ssl.checkhostname(cert, host) then return true end
  -- A raw key has no name.
  if not cert and conn:info "rawkey" and conn:getpeerverification() then return true end
  return nil, ("certificate verify failed (the certificate is not for %s): %s"):format(
    host, WAYS_OUT.misnamed)
end

local function fail(self, why, limit)
  if limit then timeouts.close(limit, self.sock) end
  self:close()
  return nil, why
end

-- Small pieces leave at once: on a kept connection one would wait for the peer's
-- acknowledgement of the one before.
local function undelayed(sock)
  if sock.setoption then sock:setoption("tcp-nodelay", true) end
end

-- TLS with the proxy itself.
local function secure_proxy(self, via, limit)
  local conn, why = ssl.wrap(self.sock, via.policy.context, { over = getmetatable(self).over })
  if not conn then return nil, why end
  self.sock = conn
  why = timeouts.arm(limit, conn, "handshake")
  if why then return nil, "proxy: " .. why end
  local ok
  ok, why = secure(conn, via.policy)
  return ok, why and "proxy: " .. why
end

-- TCP, through the tunnel where there is one.
local function reach(self, host, port, via, limit)
  local sock, why = creating.connect(self.sock, via and via.host or host,
                                     via and via.port or port)
  if not sock then return nil, (via and "proxy: " or "") .. why end
  self.sock = sock
  local ok
  ok, why = creating.carries(sock, via ~= nil and not via.policy)
  if not ok then return nil, why end
  pcall(undelayed, sock)
  local st = getmetatable(self)
  st.carrier = sock
  if not via then return true end
  if not via.policy then return via.tunnel(creating.plain(sock, st.over), limit) end
  ok, why = secure_proxy(self, via, limit)
  if not ok then return nil, why end
  return via.tunnel(self.sock, limit)
end

local function connect(self, host, port, via, limit)
  local left, why = timeouts.left(limit, "connect")
  if why then return nil, why end
  self.sock:settimeout(left)
  -- A name may have several addresses: all attempts together. Not every object that
  -- connects knows the mode.
  if left then pcall(self.sock.settimeout, self.sock, left, "t") end
  return reach(self, host, port, via, limit)
end

-- ssl.wrap takes a descriptor over from these, and uses any other as it is.
local function has_descriptor(sock)
  return sock.getfd and sock.setfd
end

-- A text with everything that decides about the peer's identity and the trust in it. Only digests
-- may contain a NUL, and these have one length. With a proxy it is a digest itself, since the
-- authorization is a secret.
local function key_of(host, port, via, create, over, signature)
  local direct = table.concat({
    host:lower(), port, create and contexts.identity(create) or "", contexts.identity(over),
    signature,
  }, "\0")
  if not via then return direct end
  return ssl.digest(table.concat({
    via.host:lower(), via.port or "", via.authorization or "",
    via.policy and ssl.digest(via.policy.key) or "", direct,
  }, "\0"))
end

--- Decide how the peer is verified, and against which authorities and name.
-- @tparam table params  as for stream.new
-- @tparam table defaults
-- @tparam string host
-- @tparam number|string port
-- @tparam[opt] table via  as for stream.open
-- @tparam[opt] function create
-- @tparam table over  the adapter
-- @treturn table  `context`; `name`, which the certificate must have; `verified`: the name
--   counts; `resumes`: sessions are kept here; `key`, a text for all of it: a connection or
--   session that was made under one key may be used under that key only
-- @treturn nil,string
-- @raise an object of ssl.https.late for a value of a wrong type
function tls.policy(params, defaults, host, port, via, create, over)
  local cfg, verified, system = configuration(params, defaults)
  if not cfg then return nil, verified end
  local ctx, signature = late.call(contexts.of, cfg)
  if not ctx then return nil, unmade(system, signature) end
  local name = params.servername or host
  local kind, why = ssl.hostname(name)
  if verified and not kind then return nil, no_name(name, why) end
  return {
    context = ctx, name = name, verified = verified,
    resumes = cfg.onsession == sessions.remember,
    key = key_of(host, port, via, create, over, signature),
  }
end

--- Connect and make the handshake.
-- @tparam table self  from stream.new
-- @tparam string host
-- @tparam number|string port
-- @tparam table policy  from stream.policy
-- @tparam table limit  of ssl.https.timeouts
-- @tparam[opt] table via  `host` and `port` to connect to instead, `tunnel(sock, limit)`,
--   `authorization` for it, and `policy` for TLS with it
-- @treturn true
-- @treturn nil,string  nothing is left open
function tls.open(self, host, port, policy, limit, via)
  local ok, why = connect(self, host, port, via, limit)
  if not ok then return fail(self, why, limit) end
  local st, below = getmetatable(self), self.sock
  local _, over = pcall(has_descriptor, below)
  -- The connection to a proxy waits for the loop by itself.
  local conn
  conn, why = ssl.wrap(below, policy.context, { over = below == st.carrier and st.over or nil })
  if not conn then return fail(self, why, limit) end
  connected.take_over(self, conn)
  st.over_descriptor, st.outer = over and true or false, below ~= st.carrier and below
  -- A kept connection must not keep the secrets of the first request.
  st.params, st.create = nil, nil
  why = timeouts.arm(limit, conn, "handshake")
  if why then return fail(self, why, limit) end
  ok, why = secure(conn, policy)
  if not ok then return fail(self, why, limit) end
  return true
end

--- Is it over a descriptor of its own, whose time limits are LuaSocket's?
function tls.over_descriptor(self)
  return getmetatable(self).over_descriptor
end

--- Let its loop turn, where others have computed for long and the loop runs. An adapter that
-- cannot say if it runs may find that it cannot wait; then there is no turn.
function tls.turn(self)
  local over = getmetatable(self).over
  if not over.running or over.running() then pcall(find.turn, over) end
end

--- Can it wait for the next request at all? Only where there is a way to see that the peer
-- has ended it.
-- @treturn boolean
function tls.keepable(self)
  local st = getmetatable(self)
  if st.over_descriptor then return true end
  if st.over.name ~= "luasocket" then return st.carrier.unpark ~= nil end
  return self.sock:getfd() >= 0
end

-- Are there bytes of the peer's that its carrier has passed on already? They would be taken for
-- the answer to the next request. Below TLS with a proxy there are two connections that read ahead.
local function holds(self)
  local outer = getmetatable(self).outer
  return self.sock:dirty() or outer and outer:dirty()
end

--- It waits for the next request from now on, for so many seconds at most.
-- @treturn boolean  false: it cannot, and is to be closed
function tls.park(self, seconds)
  local st = getmetatable(self)
  if st.over_descriptor then
    -- The close of a kept connection does not wait, and neither does the check before its use.
    self.sock:settimeout(0)
  elseif holds(self) then
    return false
  end
  return not st.carrier.park or st.carrier:park(seconds)
end

--- Is it still open, and has no data come without a request? Over a descriptor session
-- tickets and similar records are read here too; otherwise `park` has seen that nothing is held.
-- @tparam table self
-- @tparam[opt] number seconds  how long an adapter may take
-- @treturn boolean
function tls.unpark(self, seconds)
  local st = getmetatable(self)
  if st.over_descriptor then
    local _, why = self.sock:receive(0)
    return why == "wantread"
  elseif st.carrier.unpark then
    return st.carrier:unpark(seconds)
  end
  local ok, readable = pcall(require("socket").select, { self.sock }, nil, 0)
  return ok and #readable == 0
end

local methods = {}

--- As LuaSocket's, but it raises as socket.try does, so that socket.http returns it.
-- @treturn number  1
function methods:connect(host, port)
  local st = getmetatable(self)
  local place, why = url.host(host)
  if not place then luasocket.try(fail(self, why)) end
  local ok, policy
  ok, policy, why = pcall(tls.policy, st.params, st.defaults, place, port, nil, st.create, st.over)
  if not ok then error(late.text(policy) or policy, late.text(policy) and 2 or 0) end
  if not policy then luasocket.try(fail(self, why)) end
  local limit = timeouts.new(st.params.timeout, st.defaults.TIMEOUT)
  luasocket.try(tls.open(self, place, port, policy, limit))
  self.sock:settimeout(limit.receive)
  return 1
end

--- Before connecting the time limit is https.TIMEOUT; a setting has no effect.
function methods.settimeout()
  return 1
end

function methods:close()
  self.sock:close()
end

--- A stream, not connected.
-- @tparam table params  for ssl.newcontext, and `timeout`; read when it connects
-- @tparam table defaults  VERIFY and TIMEOUT, read when it connects
-- @tparam[opt] function create  makes what connects
-- @tparam[opt=LuaSocket] table over  the adapter, which connects where there is no `create`
-- @treturn table
-- @treturn nil,string  of create
function tls.new(params, defaults, create, over)
  over = over or find.adapter(params.over)
  local sock, why = creating.new(create, over)
  if not sock then return nil, why end
  local self = setmetatable({ sock = sock },
                            { params = params, defaults = defaults, create = create,
                              over = over, polls = {}, over_descriptor = false,
                              carrier = nil, outer = false })
  for name, f in pairs(methods) do self[name] = f end
  return self
end

return tls
