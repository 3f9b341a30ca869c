--- ssl.sni: the server name, on both sides (RFC 6066 section 3).
--
-- A server's map is looked at when the ClientHello has come: the handshake stops
-- there (shim/callbacks.c), Lua decides between two calls, and the handshake goes
-- on. So the map may change at any time, and nothing is installed on a context
-- that another connection could trip over.

local ffi     = require "ffi"
local lib     = require "ssl.ffi.lib"
local shim    = require "ssl.ffi.shim"
local arg     = require "ssl.arg"
local context = require "ssl.context"
local err     = require "ssl.err"
local policy  = require "ssl.policy"
local C, K, H = lib.C, lib.K, shim.K

local sni = {}

--- The host name in a server_name extension.
-- @tparam string data  the extension's content
-- @treturn string|nil
function sni.parse(data)
  local at, last = 3, #data
  while at + 2 <= last do
    local kind = data:byte(at)
    local length = data:byte(at + 1) * 256 + data:byte(at + 2)
    if at + 2 + length > last then return nil end
    if kind == K.TLSEXT_NAMETYPE_host_name then
      return data:sub(at + 3, at + 2 + length)
    end
    at = at + 3 + length
  end
end

-- Names are compared as DNS does: without case. An exact key wins.
local function lookup(map, name)
  if map[name] ~= nil then return map[name] end
  local wanted = name:lower()
  for key, ctx in pairs(map) do
    if type(key) == "string" and key:lower() == wanted then return ctx end
  end
end

--- Ask for a name. Before the handshake.
-- A name that no extension can carry (empty, over 255 bytes) is not sent.
function sni.request(st, name)
  name = name:match("^%Z*")
  err.clear()
  C.SSL_ctrl(st.conn.ssl, K.SSL_CTRL_SET_TLSEXT_HOSTNAME,
             K.TLSEXT_NAMETYPE_host_name, ffi.cast("char *", name))
  err.clear()
end

--- Serve names from a map of contexts.
-- @tparam table st
-- @tparam {[string]=userdata} map  kept: later changes count
-- @tparam boolean strict  refuse a name that is not in it
-- @tparam number level  as for ssl.arg
function sni.serve(st, map, strict, level)
  level = level + 1
  for name, ctx in pairs(map) do
    if type(name) ~= "string" then
      arg.fail(2, "server names expected as keys, got " .. type(name), level)
    end
    context.state(ctx, 2, level)
  end
  st.sni_map, st.sni_strict = map, strict
  st.conn.hello = H.LSF_HELLO_ASK
end

--- Answer the stopped handshake.
function sni.decide(st)
  local conn = st.conn
  local data = ffi.string(conn.name, conn.name_length)
  local name = #data > 0 and sni.parse(data) or nil
  local ctx = name and lookup(st.sni_map, name)
  st.name = name or false
  if name and not ctx and st.sni_strict then
    conn.hello, conn.hello_alert = H.LSF_HELLO_REFUSE, K.SSL_AD_UNRECOGNIZED_NAME
    return
  end
  if ctx then
    -- Whatever goes wrong from here on, the handshake must not go through.
    conn.hello, conn.hello_alert = H.LSF_HELLO_REFUSE, K.SSL_AD_INTERNAL_ERROR
    policy.adopt(st, ctx)
    conn.sni_used = 1
  end
  conn.hello = H.LSF_HELLO_ACCEPT
end

--- The name asked for (client) or received (server), or nil.
function sni.name(st)
  if st.name then return st.name end
  if st.conn.ssl == nil then return nil end
  local name = C.SSL_get_servername(st.conn.ssl, K.TLSEXT_NAMETYPE_host_name)
  return name ~= nil and ffi.string(name) or nil
end

return sni
