--- ssl.connect: TCP, TLS and the host name, in one call.

local arg        = require "ssl.base.arg"
local checks     = require "ssl.context.cfg"
local connection = require "ssl.connection.new"
local contexts   = require "ssl.context.cached"
local errors     = require "ssl.base.errors"
local hostname   = require "ssl.x509.hostname"
local checkhost  = require "ssl.x509.checkhost"
local option     = require "ssl.context.option"
local session    = require "ssl.session.object"
local state      = require "ssl.io.state"
local resumption = require "ssl.session.resumption"
local digest     = require "ssl.session.digest"
local kept       = require "ssl.session.kept"
local functionid = require "ssl.base.functionid"
local later      = require "ssl.base.later"
local limits     = require "ssl.io.timeout"
local x509       = require "ssl.x509.certificate"
local after, remaining = limits.after, limits.remaining

local LAST_PORT = 65535

-- Is there a key that makes newcontext's default for `verify` other than "none"?
local function demanding(flags)
  return flags.psk or checks.trusting(flags, "client")
end

-- Are sessions kept from one connection to the next? Not where the program does it, and not
-- past a function of the program that verifies: it is asked each time.
local function remembers(flags)
  return flags.resume ~= false and not flags.session and not flags.onsession
     and not flags.onverify
end

-- The documented defaults, and what cannot be changed.
local function configuration(flags)
  local cfg = setmetatable({}, { __index = flags })
  cfg.mode     = "client"
  cfg.verify   = flags.verify or not demanding(flags) and "none" or nil
  cfg.protocol = flags.protocol
              or (flags.minversion or flags.maxversion) and "any" or "tlsv1_2"
  return cfg
end

-- The context of a call. The flags are checked before the library's own key is among them,
-- which the program has not used.
local function context_of(flags)
  local cfg = configuration(flags)
  local problem = checks.problem(cfg, "connect")
  if problem then option.misuse(1, "newcontext", problem, 3) end
  if remembers(flags) then cfg.onsession = kept.remember end
  -- Two functions are between this one and `plain`.
  local ctx, why = errors.attempt(contexts.plain, cfg, 5)
  return ctx, why
end

local function failure(before, phase, name, reason)
  local message = ("%s %s: %s"):format(phase, name, reason)
  errors.note(before, message)
  return nil, message
end

-- Asked again of the certificate itself: where the chain is not verified its errors
-- would hide the name's. A raw key has no name; it has to be an expected one.
local function matches(conn, kind, name)
  local cert = conn:getpeercertificate()
  if not cert then return conn:info "rawkey" and conn:getpeerverification() end
  local ok, why = checkhost.match(x509.pointer(cert), kind, name)
  return ok, why, cert
end

-- The message of a failed handshake; where verification failed, with OpenSSL's reason, and
-- else with the next step, if there is one.
local function handshake_reason(conn, msg)
  if msg == "wantread" or msg == "wantwrite" then return "timeout" end
  local problem = conn:lasterror() or {}
  local verify = problem.verify
  local text = verify and verify.text or problem.hint
  if not text or msg:find(text, 1, true) then return msg end -- `explain`
  if verify and verify.issuer then text = ("%s: issuer %s"):format(text, verify.issuer) end
  return ("%s (%s)"):format(msg, text)
end

-- The key of a connection's sessions. The policy has all that decides about trust; the rest
-- is how this very server is reached, and what is spoken with it.
local function place_of(conn, host, port, over, alpn)
  return digest(table.concat({
    host, port, functionid.of(over, "over"),
    type(alpn) == "table" and table.concat(alpn, "\0") or tostring(alpn),
    resumption.policy(state.of(conn)),
  }, "\0"))
end

-- Offer a session of the program's, or one that was kept: that is returned. What does not fit
-- is not offered.
local function offer(conn, want)
  if want.offered then
    conn:setsession(want.offered)
  elseif want.remembers then
    want.place = place_of(conn, want.host, want.port, want.over, want.alpn)
    return kept.offer(conn, want.place)
  end
end

-- What finds an adapter, or an argument error of the calling function. An adapter is loaded
-- when it is used: a host may lack LuaSocket, which changes the process's handling of SIGPIPE.
local function finder(value)
  local find = later.require "ssl.over.find"
  local problem = find.problem(value)
  if problem then arg.fail(3, problem, 2) end
  return find
end

-- LuaSocket's object gives its descriptor away; any other is a stream.
local function carry(conn, sock, over)
  if not sock.setfd then return connection.setstream(conn, sock, "", over) end
  connection.setfd(conn, sock:getfd())
  sock:setfd(-1)
end

-- Before the handshake: the names, and a session.
local function prepare(conn, want)
  local ok, why = conn:setverifyname(want.name)
  if not ok then return nil, why end
  why = want.kind == "dns" and select(2, conn:sni(want.name))
  if why then return nil, why end
  return true, offer(conn, want)
end

-- The handshake, and the peer's name. False and the reason where it fails.
local function negotiate(conn, want, deadline)
  local ok, offered = prepare(conn, want)
  if not ok then return false, offered end
  conn:settimeout(remaining(deadline), "t")
  local why
  ok, why = conn:dohandshake()
  why = why and handshake_reason(conn, why)
  if offered then kept.shaken(conn, want.place, offered) end
  if not ok then return false, why end
  ok, why = matches(conn, want.kind, want.name)
  if ok then return true end
  return false, why or "the certificate is not valid for this host name"
end

-- A new connection that owns the socket.
local function owner(sock, ctx, over)
  local conn, why = connection.create(ctx)
  if not conn then return nil, why end
  carry(conn, sock, over)
  return conn
end

-- TLS over a connected socket, which is closed when it fails.
local function secure(sock, ctx, want, deadline)
  local ran, conn, why = pcall(owner, sock, ctx, want.over)
  if not (ran and conn) then
    sock:close()
    if not ran then error(conn, 0) end
    return nil, why
  end
  local ok
  ran, ok, why = pcall(errors.attempt, negotiate, conn, want, deadline)
  if ran and ok then
    conn:settimeout(nil, "t")
    return conn
  end
  conn:close()
  if not ran then error(ok, 0) end
  return nil, why
end

-- The arguments and the flags of this function, checked. Called by `connect` only.
local function asked(name, port, flags)
  name = arg.string(name, 1, 2)
  port = arg.number(port, 2, 2)
  flags = flags == nil and {} or arg.type(flags, "table", 3, 2)
  local want = {
    host = name, port = port,
    timeout = arg.optnumber(flags.timeout or nil, nil, 3, 2),
    offered = flags.session or nil,
    remembers = remembers(flags), alpn = flags.alpn or false,
  }
  if want.offered and not session.is(want.offered) then
    arg.fail(3, arg.expected("session: SSL:Session", want.offered), 2)
  end
  want.deadline = arg.optnumber(flags.deadline or nil, nil, 3, 2)
  return want, flags
end

--- Connect to a TLS server and check its name.
--
-- @tparam string name  a DNS name (an IDN as its A-labels) or an IP address
-- @tparam number|string port
-- @tparam[opt] ssl.Flags flags  as for ssl.newcontext; not modified. `servername` is the
--   name that the certificate must have, where it is not `name`. `mode` is always
--   client, `verify` defaults to "none" and `protocol` to "tlsv1_2". `timeout`, in
--   seconds, limits connecting and the handshake together; without it there is no
--   limit, and the connection never has one afterwards. `deadline`, in seconds too, limits
--   all this and all later calls: `conn:setdeadline`. `session`: one to resume, if it fits;
--   without it one of an earlier call, unless `resume` is false. `over`: the loop that
--   waits, by its name, or an adapter (docs/over.md)
-- @treturn ssl.Connection,any  the connection, and LuaSocket's object, which no
--   longer owns the descriptor, or the adapter's object
-- @treturn nil,string  the failed step - the name, the context, connecting, the
--   handshake, the host name - and the reason; nothing is left open
-- @raise when an argument is of a wrong type
local function connect(name, port, flags)
  local want
  want, flags = asked(name, port, flags)
  local find = finder(flags.over)
  local before = errors.newest
  local kind, host = hostname.normalize(want.host)
  if not kind then return failure(before, "host name", ("%q"):format(want.host), host) end
  want.kind, want.host, want.name = kind, host, host
  local ctx, why = context_of(flags)
  if not ctx then return nil, "context: " .. errors.with_file(why) end
  if flags.servername then want.kind, want.name = hostname.normalize(flags.servername) end
  local whole = after(want.deadline)
  local deadline = after(want.timeout) or whole
  if whole then deadline = math.min(deadline, whole) end
  port = want.port
  local where = ("%s port %s"):format(host, port)
  -- The C library would cut it to 16 bits, which is another port.
  if port % 1 ~= 0 or port < 0 or port > LAST_PORT then
    return failure(before, "connecting to", where, "no such port")
  end
  want.over = find.adapter(flags.over)
  local sock, conn
  sock, why = find.connect(want.over, host, port, remaining(deadline))
  if not sock then return failure(before, "connecting to", where, why) end
  conn, why = secure(sock, ctx, want, deadline)
  if not conn then return failure(before, "handshake with", where, why) end
  if whole then conn:setdeadline(remaining(whole)) end
  return conn, sock
end

return connect
