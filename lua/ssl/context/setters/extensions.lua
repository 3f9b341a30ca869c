--- ssl.context.setters.extensions: functions of ssl.context: ALPN, PSK and DANE.

local lib    = require "ssl.ffi.lib"
local later  = require "ssl.base.later"
local alpn   = later.module "ssl.feature.alpn"
local arg    = require "ssl.base.arg"
local common = require "ssl.context.setters.common"
local dane   = later.module "ssl.feature.dane"
local errors = require "ssl.base.errors"
local psk    = later.module "ssl.feature.psk"
local sslctx = require "ssl.context.sslctx"
local C      = lib.C
local live   = sslctx.live
local answer, cut, names = common.answer, common.cut, common.names

local setters = {}

--- Offer these protocols in a client's handshake.
-- @tparam string wire  RFC 7301's list: a length byte and that many bytes each; ""
--   offers none
function setters.setalpn(...)
  local ctx, wire = ...
  local c = live(ctx)
  wire = arg.string(wire, 2)
  if not alpn.decode(wire) then
    return answer("error setting ALPN", false, "malformed list")
  end
  errors.clear()
  local rc = C.SSL_CTX_set_alpn_protos(c.handle.raw, wire, #wire)
  if rc ~= 0 then return answer("error setting ALPN", false, errors.reason()) end
  return true
end

--- The function that chooses a server's protocols at each handshake.
-- @tparam function f  from the client's list to ours, both in wire format: our first
--   that the client has too is used, and without one the handshake is refused; nil
--   negotiates nothing. It may raise and yield
function setters.setalpncb(...)
  local ctx, f = ...
  local c = live(ctx)
  c.alpn_select = arg.type(f, "function", 2)
  return true
end

--- The hint that a server sends to clients, up to TLS 1.2.
-- @treturn boolean  false where it is too long or OpenSSL lacks PSK
function setters.setpskhint(...)
  local ctx, hint = ...
  local c = live(ctx)
  hint = arg.string(hint, 2)
  errors.clear()
  local ok = psk.supported and not cut(hint, "hint")
         and C.SSL_CTX_use_psk_identity_hint(c.handle.raw, hint) == 1
  errors.clear()
  if ok then c.psk_hint = hint end
  return ok
end

--- The function that gives a server the key of an identity.
-- @tparam function f  f(identity, max_psk) -> key; may raise and yield
function setters.setserverpskcb(...)
  local ctx, f = ...
  local c = live(ctx)
  c.psk_server = arg.type(f, "function", 2)
  return true
end

--- The function that gives a client its identity and key. Unless `setverify` is called too,
-- before or after this, the client accepts no certificate instead of a key.
-- @tparam function f  f(hint or nil, max_identity, max_psk) -> identity, key; may
--   raise and yield
function setters.setclientpskcb(...)
  local ctx, f = ...
  local c = live(ctx)
  c.psk_client = arg.type(f, "function", 2)
  c.psk_only = not c.verify_said
  return true
end

--- Let connections check the peer against TLSA records.
-- @param ctx
-- @param ...  flags: no_ee_namechecks
function setters.setdane(...)
  local ctx, count, given = ..., select("#", ...) - 1, { select(2, ...) }
  local c = live(ctx)
  local flags = names(given, count)
  for i, name in ipairs(flags) do
    if not dane.flags[name] then
      arg.fail(i + 1, ("invalid option '%s'"):format(name))
    end
  end
  local ok, reason = dane.enable(c, flags)
  return answer("error enabling DANE", ok, reason)
end

return common.changers(setters)
