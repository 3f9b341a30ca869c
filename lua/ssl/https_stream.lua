--- ssl.https_stream: a TLS connection in the shape of a LuaSocket TCP object.
--
-- socket.http makes one with its `create`, connects it and goes on as if it were
-- plain TCP. Before `connect` it knows `connect`, `settimeout` and `close`; then all
-- methods of the connection. Two words differ from the connection's own: a time
-- limit that ran out is "timeout", and a reset is not "closed", which would pass for
-- the end of a body.

local socket  = require "socket"
local ssl     = require "ssl"
local context = require "ssl.https_context"

local stream = {}

local OPTIONS = { "all", "no_sslv2", "no_sslv3", "no_tlsv1" }

local WAYS_OUT = {
  untrusted = "name its authority with cafile, capath, SSL_CERT_FILE or SSL_CERT_DIR, "
              .. 'or do without verification: verify = "none" in the request, '
              .. 'https.VERIFY = "none" for all',
  unnamed   = "give authorities with cafile, capath, SSL_CERT_FILE or SSL_CERT_DIR, "
              .. 'or do without verification: verify = "none" in the request, '
              .. 'https.VERIFY = "none" for all',
  misnamed  = 'to accept any name, and anybody: verify = "none" in the request, '
              .. 'https.VERIFY = "none" for all',
}

local HOSTNAME_MISMATCH, IP_MISMATCH = 62, 64

-- Only "none", alone or in a list of nothing else, does without verification.
local function verifies(verify)
  if type(verify) ~= "table" then return verify ~= "none" end
  for _, flag in ipairs(verify) do
    if flag ~= "none" then return true end
  end
  return false
end

-- An empty list says nothing.
local function said(verify)
  return verify and not (type(verify) == "table" and #verify == 0) and verify
end

-- What ssl.newcontext is to get. The table is read, not written.
local function configuration(params, defaults)
  local cfg = setmetatable({}, { __index = params })
  cfg.mode     = "client"
  cfg.protocol = params.protocol or "any"
  cfg.options  = params.options or OPTIONS
  cfg.verify   = said(params.verify) or said(defaults.VERIFY) or "peer"
  local verified = verifies(cfg.verify)
  if verified and not params.cafile and not params.capath then
    local system, why = ssl.systemca()
    if not system then return nil, why .. ": " .. WAYS_OUT.unnamed end
    cfg.cafile, cfg.capath = system.cafile, system.capath
  end
  return cfg, verified
end

local function refusal(conn, why, host)
  if why == "wantread" or why == "wantwrite" then return "timeout" end
  local verify = (conn:lasterror() or {}).verify
  if not verify then return why end
  local code = verify.code
  if code == HOSTNAME_MISMATCH or code == IP_MISMATCH then
    return ("%s (%s: the certificate is not for %s): %s"):format(
      why, verify.text, host, WAYS_OUT.misnamed)
  end
  return ("%s (%s): %s"):format(why, verify.text, WAYS_OUT.untrusted)
end

-- Shake hands with `host`.
local function secure(conn, host, verified)
  local kind, name = conn:setverifyname(host)
  if not kind and verified then return nil, ("host name %q: %s"):format(host, name) end
  if kind == "dns" then conn:sni(name) end
  local ok, why = conn:dohandshake()
  if not ok then return nil, refusal(conn, why, host) end
  if not verified then return true end
  -- Once more, of the certificate itself: verifyext may have let errors pass.
  local cert = conn:getpeercertificate()
  if cert and ssl.checkhostname(cert, host) then return true end
  return nil, ("certificate verify failed (the certificate is not for %s): %s"):format(
    host, WAYS_OUT.misnamed)
end

-- What is not for others lies in the metatable: params, defaults, and polls, which
-- tells a limit of 0 by its mode.
local function translated(self, why)
  local polls = getmetatable(self).polls
  if why == "wantread" or why == "wantwrite" then
    return (polls.block or polls.total) and why or "timeout"
  end
  if why == "closed" and self.sock:lasterror() then return "connection reset" end
  return why
end

local connected = {}

function connected:receive(...)
  local data, why, partial = self.sock:receive(...)
  if data then return data, why, partial end
  return nil, translated(self, why), partial
end

function connected:send(...)
  local last, why, partial = self.sock:send(...)
  if last then return last, why, partial end
  return nil, translated(self, why), partial
end

function connected:settimeout(seconds, mode)
  local limit = type(mode) == "string" and mode:find "^[tr]" and "total" or "block"
  getmetatable(self).polls[limit] = tonumber(seconds) == 0
  return self.sock:settimeout(seconds, mode)
end

-- One function a method, for all streams.
local forward = setmetatable({}, { __index = function(functions, name)
  local function f(self, ...)
    return self.sock[name](self.sock, ...)
  end
  functions[name] = f
  return f
end })

-- Methods that programs added with ssl.core.setmethod are among them.
local function take_over(self, conn)
  self.sock = conn
  for name in pairs(getmetatable(conn).__index) do
    self[name] = connected[name] or forward[name]
  end
end

local function fail(self, why)
  self:close()
  return nil, why
end

-- TCP, through the tunnel where there is one.
local function reach(self, host, port, via)
  if not via then return self.sock:connect(host, port) end
  local ok, why = self.sock:connect(via.host, via.port)
  if not ok then return nil, "proxy: " .. why end
  return via.tunnel(self.sock)
end

--- Connect and shake hands.
-- @tparam table self  from stream.new
-- @tparam string host  what the certificate has to name
-- @tparam number|string port
-- @tparam[opt] table via  host and port to connect to instead, and `tunnel(sock)`
-- @treturn true
-- @treturn nil,string  nothing is left open
function stream.open(self, host, port, via)
  local st = getmetatable(self)
  local cfg, verified = configuration(st.params, st.defaults)
  if not cfg then return fail(self, verified) end
  local ctx, why = context(cfg)
  if not ctx then return fail(self, why) end
  local limit = st.params.timeout or st.defaults.TIMEOUT
  self.sock:settimeout(limit)
  local ok
  ok, why = reach(self, host, port, via)
  if not ok then return fail(self, why) end
  local conn
  conn, why = ssl.wrap(self.sock, ctx)
  if not conn then return fail(self, why) end
  take_over(self, conn)
  conn:settimeout(limit)
  ok, why = secure(conn, host, verified)
  if not ok then return fail(self, why) end
  return true
end

local methods = {}

--- As LuaSocket's, but it raises as socket.try does, so that socket.http returns it.
-- @treturn number  1
function methods:connect(host, port)
  socket.try(stream.open(self, host, port))
  return 1
end

--- Before connecting the time limit is https.TIMEOUT, whatever is said here.
function methods.settimeout()
  return 1
end

function methods:close()
  self.sock:close()
end

--- A stream, not connected.
-- @tparam table params  for ssl.newcontext, and `timeout`; read when it connects
-- @tparam table defaults  VERIFY and TIMEOUT, read when it connects
-- @tparam[opt=socket.tcp] function create  makes what connects
-- @treturn table
-- @treturn nil,string  of create
function stream.new(params, defaults, create)
  local sock, why = (create or socket.tcp)()
  if not sock then return nil, why end
  local self = setmetatable({ sock = sock },
                            { params = params, defaults = defaults, polls = {} })
  for name, f in pairs(methods) do self[name] = f end
  return self
end

return stream
