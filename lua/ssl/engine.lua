--- ssl.engine: TLS without I/O, for event loops that push bytes.
--
--   engine:feed(bytes)   ciphertext that came      engine:drain()   ciphertext to send
--
-- No method waits. One that cannot go on returns `nil, "wantread"` (feed), `nil,
-- "wantwrite"` (drain), or `nil, "wantlookup"` while a function of the program, on
-- another coroutine, has not returned. "Sent" means drained here: write succeeds when
-- the ciphertext can be drained.
--
-- It is a connection over a transport without any I/O.

local lib        = require "ssl.ffi.lib"
local shim       = require "ssl.ffi.shim"
local arg        = require "ssl.base.arg"
local ciphertext = require "ssl.io.ciphertext"
local connection = require "ssl.connection.new"
local finish_tls = require("ssl.connection.close").finish_tls
local lifecycle  = require "ssl.io.lifecycle"
local guard      = require "ssl.io.guard"
local inbound    = require "ssl.io.inbound"
local newcontext = require "ssl.context.new"
local object     = require "ssl.base.object"
local receive    = require "ssl.connection.receive"
local send       = require("ssl.connection.send").send
local state      = require "ssl.io.state"
local K, S       = lib.K, shim.C

local LIMIT  = shim.K.LSF_QUEUE_LIMIT
local RECORD = K.SSL3_RT_MAX_PLAIN_LENGTH

-- The bytes that were fed, and the end of the stream behind them.
local function top_up(st)
  local conn, came = st.conn, inbound.feed(st)
  if not st.engine.ended or inbound.size(st) > 0 or conn.in_eof == 1 then return came end
  inbound.ended(st)
  return true
end

local transport = {}

function transport.flush()
  return nil
end

function transport.wait(st, word)
  return word == "wantread" and top_up(st)
end

function transport.getfd()
  return -1
end

function transport.held(st)
  return inbound.size(st)
end

-- The struct goes, and close_notify in it.
function transport.leave(st)
  st.engine.undrained = ciphertext.drain(st.conn)
end

function transport.finish(st)
  transport.leave(st)
  return true
end

local methods = {}
local class = object.class("SSL:Engine", methods, {
  tostring = function(self)
    return ("SSL engine: %p"):format(self)
  end,
})

local function of(self)
  local e = object.state(self, class, 1, 2)
  return e.connection, state.of(e.connection)
end

--- Ciphertext from the peer, any amount; nil: its stream has ended.
function methods:feed(bytes)
  local _, st = of(self)
  bytes = arg.optstring(bytes, nil, 2)
  if lifecycle.closed(st) or st.engine.ended then return end
  if bytes then
    inbound.push(st, bytes)
  else
    st.engine.ended = true
  end
  top_up(st)
end

--- All ciphertext for the peer. Take it after every other call.
-- @treturn string  "" when there is none
function methods:drain()
  local _, st = of(self)
  local rest = st.engine.undrained
  st.engine.undrained = ""
  return rest .. ciphertext.drain(st.conn)
end

--- Go on with the handshake.
-- @treturn true  it is done
-- @treturn nil,string  "wantread", "wantlookup", or why it failed
function methods:handshake()
  local conn = of(self)
  local ok, word = conn:dohandshake()
  if ok then return true end
  return nil, word == "busy" and "wantlookup" or word
end

--- Decrypted bytes.
-- @tparam[opt] number n  at most that many
-- @treturn string  at least one byte
-- @treturn nil,string  "wantread", "closed" (a clean end, or `shutdown` was called), or why it
--   failed
function methods:read(n)
  local conn, st = of(self)
  -- What comes behind the bytes that were dropped is not what comes next.
  if st.engine.over then return nil, lifecycle.refusal(st) or "closed" end
  return receive.receiveany(conn, n)
end

--- Encrypt bytes, as far as the queue has room: 64 KiB wait at most.
-- @tparam string data
-- @treturn number  how many of them
-- @treturn nil,string  "wantwrite" (drain first), "wantread", "closed", or why it
--   failed
function methods:write(data)
  local conn, st = of(self)
  data = arg.string(data, 2)
  local done, word = 0, nil
  while done < #data and st.conn.out_end - st.conn.out_beg <= LIMIT do
    local last, part
    last, word, part = send(conn, data, done + 1, math.min(done + RECORD, #data))
    done = last or part
    if not last then break end
  end
  if done > 0 or data == "" then return done end
  return nil, word or "wantwrite"
end

--- End TLS: close_notify in both directions.
-- @treturn true  both have been seen
-- @treturn nil,string  "wantread" until the peer's has come; data that it still sends is
--   dropped
function methods:shutdown()
  local _, st = of(self)
  local conn, word = st.conn
  repeat
    word = finish_tls(st)
    st.engine.over = st.engine.over or lifecycle.half_closed(st)
    S.drop(conn)
  until word ~= receive.TOO_LONG
  if word then return nil, word end
  return true
end

--- The connection behind it, for everything that is known about it: info,
-- getpeercertificate, getalpn, sni, ...
-- @treturn ssl.Connection
function methods:connection()
  local conn = of(self)
  return conn
end

guard.class(class)

--- A new engine.
-- @tparam ssl.Config|ssl.Context cfg  for ssl.newcontext, or a context
-- @treturn ssl.Engine
-- @treturn nil,string
return function(cfg)
  local ctx = cfg
  if type(cfg) == "table" then
    local why
    ctx, why = newcontext(cfg, 2)
    if not ctx then return nil, why end
  end
  local conn, msg = connection.create(ctx)
  if not conn then return nil, msg end
  local st = state.of(conn)
  inbound.open(st, transport)
  local self, e = object.new(class)
  st.engine = { ended = false, undrained = "", over = false }
  e.connection, e.guarded = conn, st
  connection.setorigin(conn, self)
  return self
end
