--- ssl.connection.unwrap: back to plain bytes on the same transport.
--
-- close_notify is sent, the peer's is received, and the transport is returned together with
-- the bytes that were read from it behind TLS. Plaintext that the peer sent before its
-- close_notify is returned too: no byte is lost.

local shim       = require "ssl.ffi.shim"
local delivery   = require "ssl.io.delivery"
local finish_tls = require("ssl.connection.close").finish_tls
local inbound    = require "ssl.io.inbound"
local lifecycle  = require "ssl.io.lifecycle"
local wrapped    = require "ssl.io.wrapped"
local gcpressure = require "ssl.base.gcpressure"
local state      = require "ssl.io.state"

-- The descriptor goes back to the object that it came from, or to the caller. nil: a
-- finalizer has closed it.
local function give_back(st)
  local conn = st.conn
  local fd = conn.fd
  conn.fd = -1
  if st.status == "closed" then return nil end
  if fd < 0 then return st.origin end
  if not st.origin then return fd end
  return wrapped.restore(st.origin, fd)
end

local function everything(st, conn)
  local have = conn.plain_end - conn.plain_beg
  if have == 0 then return "" end
  local plain = delivery.take(st, conn, conn.serial, have, 0)
  if plain == nil then return everything(st, conn) end
  return plain
end

--- End TLS and give the transport back. May be called again after a time-out.
-- @tparam userdata self  a connected connection
-- @treturn object  the wrapped object, with its descriptor; a number where only a
--   descriptor was given
-- @treturn string  bytes that were read from it after the end of TLS
-- @treturn string  plaintext that had not been received
-- @treturn nil,string  "closed", "wantread", "wantwrite" or the reason of the failure
local function unwrap(self)
  local st = state.of(self)
  local word = finish_tls(st)
  if word then return nil, word end
  local conn = st.conn
  local plain = everything(st, conn)
  if not plain then return nil, delivery.NO_MEMORY end
  local behind = inbound.drain(st) -- bytes that OpenSSL did not read are not TLS
  if st.transport.leave then st.transport.leave(st) end
  local transport = give_back(st)
  if transport == nil then return nil, "closed" end
  -- Within a guarded call it is freed at the end of that, and returned there (ssl.io.guard).
  if shim.free(lifecycle.detach(st)) then gcpressure.returned(gcpressure.CONNECTION) end
  inbound.clear(st)
  return transport, behind, plain
end

return { unwrap = unwrap }
