--- ssl.context.setters.protocol: functions of ssl.context: a new context, its side and its
-- options.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local arg    = require "ssl.base.arg"
local errors = require "ssl.base.errors"
local common = require "ssl.context.setters.common"
local sslctx = require "ssl.context.sslctx"
local C      = lib.C
local live   = sslctx.live
local answer, names = common.answer, common.names

-- Each context has their method.
require "ssl.context.setters.trust"

local setters = {}

--- Say which side its connections are.
-- @tparam string mode  "server" or "client"
function setters.setmode(...)
  local ctx, mode = ...
  local c = live(ctx)
  mode = arg.string(mode, 2)
  if mode ~= "server" and mode ~= "client" then
    return false, ("invalid mode (%s)"):format(mode)
  end
  if mode == "server" and not sslctx.set_session_context(c) then
    return answer("error creating context", false, errors.reason())
  end
  c.mode = mode
  return true
end

-- Renegotiation is off (ssl.context.sslctx); an option that lets clients begin one switches
-- it on. Early data that can be replayed is never allowed, nor a name in the clear that was to
-- be encrypted.
local function permit(c, wanted)
  for _, name in ipairs(wanted) do
    if name == "allow_client_renegotiation" then
      C.SSL_CTX_clear_options(c.handle.raw, lib.options.no_renegotiation)
    elseif name == "no_anti_replay" and c.earlydata then
      return nil, "no_anti_replay: the context has early data"
    elseif name == "no_tlsv1_3" and c.ech then
      return nil, "no_tlsv1_3: the context has ech"
    end
  end
  return true
end

--- Add OpenSSL's options, by the names in ssl.config.options.
function setters.setoptions(...)
  local ctx, count, given = ..., select("#", ...) - 1, { select(2, ...) }
  local c = live(ctx)
  local mask = ffi.new "uint64_t"
  local wanted = names(given, count)
  for _, name in ipairs(wanted) do
    local bits = lib.options[name]
    if not bits then return answer("invalid option", false, name) end
    mask = bit.bor(mask, ffi.cast("uint64_t", bits))
  end
  local ok, why = permit(c, wanted)
  if not ok then return answer("invalid option", false, why) end
  C.SSL_CTX_set_options(c.handle.raw, mask)
  return true
end

common.changers(setters)

--- A new context.
-- @tparam string protocol  any, sslv23, tlsv1, tlsv1_1, tlsv1_2, tlsv1_3; sslv3
--   where OpenSSL still has it
-- @treturn ssl.Context
-- @treturn nil,string
function setters.create(...)
  local protocol = ...
  protocol = arg.string(protocol, 1)
  return sslctx.new(protocol)
end

setters.class, setters.state = sslctx.class, sslctx.state

return setters
