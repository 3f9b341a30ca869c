--- Both ends of a connection for script/soak: as spec.support.pair makes them, and faster, with
-- contexts, listeners and sessions that are kept.
--
--   ends.renew()               contexts anew, with the same ticket keys
--   ends.rotate()              a new ticket key in front of the old ones
--   ends.tcp()                 two connected sockets
--   ends.wrapped(server, client, options, make)
--   ends.connected(of, make)   a pair that has shaken hands, with time limits; of contexts, over
--                              the sockets of make
--   ends.lifted()              as tcp, with high descriptors: select of Copas takes low ones only
--   ends.keep(client, name)    its session, for a later connection
--   ends.kept(name, random)    such a session, or nil

local ffi      = require "ffi"
local socket   = require "socket"
local ssl      = require "ssl"
local context  = require "ssl.context"
local question = require "ssl.io.question"
local pair     = require "spec.support.pair"
local pki      = require "spec.support.pki"

local ends = {
  -- Seconds; a connection that needs as long on loopback hangs.
  LONG = 60,
  -- Can a handshake stand still in a job here?
  jobs = question.pauses,
}

-- Several addresses: the ports of one would be used up by connections that have just ended.
local LISTENERS, BACKLOG = 4, 128
local listeners, turn = {}, 0

for i = 1, LISTENERS do
  local listener = assert(socket.bind("127.0.0." .. i, 0, BACKLOG))
  local host, port = listener:getsockname()
  listeners[i] = { socket = listener, host = host, port = port }
end

function ends.tcp()
  turn = turn % LISTENERS + 1
  local to = listeners[turn]
  local a = assert(socket.connect(to.host, to.port))
  local b = assert(to.socket:accept())
  -- Without Nagle's algorithm, as in spec.support.pair.
  assert(a:setoption("tcp-nodelay", true))
  assert(b:setoption("tcp-nodelay", true))
  return b, a
end

-- spec.support.resources declares fcntl.
require "spec.support.resources"
ffi.cdef [[int soak_close(int fd) __asm__("close");]]

local F_DUPFD, FD_SETSIZE = 0, 1024

local function lift(tcp)
  local fd = tcp:getfd()
  local high = ffi.C.fcntl(fd, F_DUPFD, ffi.cast("int", FD_SETSIZE))
  assert(high >= FD_SETSIZE, "no descriptor")
  ffi.C.soak_close(fd)
  tcp:setfd(high)
  return tcp
end

function ends.lifted()
  local a, b = ends.tcp()
  return lift(a), lift(b)
end

local OLD, SIZE = 3, 80
local ticketkeys = {}

local function new_key()
  local file = assert(io.open("/dev/urandom", "rb"))
  table.insert(ticketkeys, 1, file:read(SIZE))
  file:close()
  ticketkeys[OLD + 1] = nil
end

-- A name of the policy: sessions go on where contexts are made anew.
local function server(extra)
  extra.sessionid, extra.ticketkeys = "soak", ticketkeys
  return assert(ssl.newcontext(pair.server_config(extra)))
end

local function client(extra)
  return assert(ssl.newcontext(pair.client_config(extra)))
end

local function ask() coroutine.yield "asked" end

local function judge(_, fine)
  coroutine.yield "asked"
  return fine
end

--- All contexts that the works use.
function ends.contexts()
  return {
    server   = server {},
    stopping = server { protocol = "tlsv1_3", onclienthello = ask },
    client   = client {},
    judging  = ends.jobs and client { onverify = judge },
    tlsv1_2  = client { protocol = "tlsv1_2" },
    stranger = client { cafile = pki.server.cert },
  }
end

function ends.renew()
  ends.of = ends.contexts()
end

function ends.rotate()
  new_key()
  assert(context.setticketkeys(ends.of.server, ticketkeys))
end

new_key()
ends.renew()

function ends.wrapped(at_server, at_client, options, make)
  local a, b = (make or ends.tcp)()
  return assert(ssl.wrap(a, at_server or ends.of.server, options)),
         assert(ssl.wrap(b, at_client or ends.of.client, options))
end

function ends.connected(of, make)
  of = of or ends.of
  local s, c = ends.wrapped(of.server, of.client, nil, make)
  local at_server, at_client = pair.handshake(s, c)
  assert(at_server[1], at_server[2])
  assert(at_client[1], at_client[2])
  s:settimeout(ends.LONG)
  c:settimeout(ends.LONG)
  return s, c
end

-- The newest sessions of each version. TLS 1.3 uses one only once.
local MOST = 16
local sessions = {}

function ends.keep(conn, name)
  local session = conn:getsession()
  if not session then return end
  local list = sessions[name] or { next = 0 }
  sessions[name] = list
  list.next = list.next % MOST + 1
  list[list.next] = session
end

function ends.kept(name, random)
  local list = sessions[name]
  local at = list and random(MOST)
  local session = at and list[at]
  if session and name ~= "tlsv1_2" then list[at] = nil end
  return session
end

return ends
