--- ssl.handshake.sni: the server name, on both sides (RFC 6066 section 3).
--
-- A server's map is read when the ClientHello has come (ssl.handshake.handshake), so it may
-- change at any time. Nothing is installed on a context, where it could disturb another
-- connection.

local ffi       = require "ffi"
local lib       = require "ssl.ffi.lib"
local shim      = require "ssl.ffi.shim"
local later     = require "ssl.base.later"
local arg       = require "ssl.base.arg"
local lifecycle = require "ssl.io.lifecycle"
local peername  = later.module "ssl.feature.peername"
local sslctx    = require "ssl.context.sslctx"
local state     = require "ssl.io.state"
local question  = require "ssl.io.question"
local C, K      = lib.C, lib.K
local now       = shim.C.now

local sni = {}

-- A walk through a map takes time for each of its names. A client that sends unknown
-- names must not cause a walk each time. So the keys that have capitals, which a lookup
-- does not find, are kept for each map. A map with few names is walked for each unknown
-- name. A map with many names is walked again only after a pause, a hundred times as long
-- as a walk takes.
local FEW = 256
local SECONDS_A_NAME = 3e-5

-- map -> { capitals = { lower-case name -> key }, due = time of the next walk }
local known = setmetatable({}, { __mode = "k" })

-- Walk through a map. `check(key, value)` may raise; nothing is kept then.
local function walk(map, check, level)
  local capitals, count = {}, 0
  for key, ctx in pairs(map) do
    if check then check(key, ctx, level + 1) end
    count = count + 1
    local lower = type(key) == "string" and key:lower()
    if lower and lower ~= key and not capitals[lower] then capitals[lower] = key end
  end
  local pause = count > FEW and count * SECONDS_A_NAME or 0
  local entry = { capitals = capitals, due = now() + pause }
  known[map] = entry
  return entry
end

-- Names are compared as DNS does: without case. An exact key wins.
local function by_map(st, name)
  local map, lower = st.sni.map, name:lower()
  if map[name] ~= nil then return map[name] end
  if map[lower] ~= nil then return map[lower] end
  local entry = known[map]
  if now() >= entry.due then entry = walk(map) end
  local key = entry.capitals[lower]
  return key and map[key]
end

local function check(name, ctx, level)
  level = level + 1
  if type(name) ~= "string" then
    arg.fail(2, "server names expected as keys, got " .. type(name), level)
  end
  if sslctx.state(ctx, 2, level).handle:lost() then
    arg.fail(2, "invalid context", level)
  end
end

-- `st.sni` is there where a map was given or a name was received.
local function part_of(st)
  st.sni = st.sni or { map = false, strict = false, name = false }
  return st.sni
end

-- Serve names from a map of contexts, or by a function.
-- @tparam table st
-- @tparam {[string]=userdata}|function map  kept: later changes count
-- @tparam boolean strict  refuse a name that is not in it
-- @tparam number level  as for ssl.base.arg
local function serve(st, map, strict, level)
  level = level + 1
  if type(map) ~= "function" then
    local entry = known[map]
    if not entry or now() >= entry.due then walk(map, check, level) end
  end
  local part = part_of(st)
  part.map, part.strict = map, strict
end

-- No map, and no name: shared, since nothing changes it any more.
local NAMELESS = { map = false, strict = false, name = false }

--- The client's ClientHello has come with this name.
-- @tparam table st
-- @tparam string|nil name
function sni.received(st, name)
  if name or st.sni then
    part_of(st).name = name or false
  else
    st.sni = NAMELESS
  end
end

-- A function instead of a map: f(name, connection) -> context, or nil.
local function by_function(st, name)
  return st.sni.map(name, st.self)
end

--- Choose the context for the name that a client asked for.
-- @tparam table st
-- @tparam string|nil name
-- @treturn userdata|nil  the context; nil: the one in force
-- @treturn boolean  false: the map is strict and does not have the name
function sni.choose(st, name)
  if not name or not st.sni or not st.sni.map then return nil, true end
  local find = type(st.sni.map) == "function" and by_function or by_map
  -- A name that was set to false is one that is not served.
  local ctx = question.ask(st, find, st, name) or nil
  return ctx, ctx ~= nil or not st.sni.strict
end

--- The name asked for (client) or received (server), or nil. Where a server has decided on a
-- ClientHello, the name is the one that it has decided on. A second ClientHello, after a
-- HelloRetryRequest or in a renegotiation, may name another server, whose context was not
-- chosen and whose demands the client has not met.
function sni.name(st)
  if st.sni then return st.sni.name or nil end
  if not lifecycle.readable(st) then return nil end
  local name = C.SSL_get_servername(st.conn.ssl, K.TLSEXT_NAMETYPE_host_name)
  return name ~= nil and ffi.string(name) or nil
end

--- The name to ask for (client), or a map of names to contexts (server).
-- @tparam string|table|function name  a map is kept: later changes count; a function
--   gets the name and the connection and returns a context or nil
-- @tparam[opt=false] boolean strict  refuse a name that the map has not
-- @return nothing, as in LuaSec
-- @treturn nil,string  OpenSSL's reason, and the connection has failed
function sni:sni(...)
  local name, strict = ...
  local st = state.of(self)
  if st.server then
    if type(name) ~= "function" then arg.type(name, "table", 2) end
    if lifecycle.fresh(st) then serve(st, name, strict and true or false, 1) end
  else
    name = arg.string(name, 2)
    local ok, why = true, nil
    if lifecycle.fresh(st) then ok, why = peername.request(st, name) end
    if not ok then return nil, why end
  end
end

--- The server name, sent or received; nil when there is none.
function sni:getsniname()
  local st = state.of(self)
  return sni.name(st)
end

return sni
