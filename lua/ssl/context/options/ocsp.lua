--- ssl.context.options.ocsp: the keys of a configuration that say how the server's
-- certificate is vouched for, and who gets to know the secrets.

local lib      = require "ssl.ffi.lib"
local shim     = require "ssl.ffi.shim"
local context  = require "ssl.context.setters"
local keylog   = require "ssl.feature.keylog"
local ocsp     = require "ssl.ocsp.request"
local response = require "ssl.ocsp.response"
local stapling = require "ssl.feature.stapling"
local C, K     = lib.C, lib.K

local identity = {}

local WISHES = { request = true, require = true }

local function install(state)
  return C.SSL_CTX_callback_ctrl(state.handle.ctx, K.SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB,
                                 shim.callback "status") == 1
end

local function wish(state)
  return C.SSL_CTX_ctrl(state.handle.ctx, K.SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE,
                        K.TLSEXT_STATUSTYPE_ocsp, nil) == 1
end

--- `ocsp`: a client's wish for a stapled response.
function identity.ocsp(ctx, cfg)
  local choice = cfg.ocsp
  if not choice then return true end
  if not WISHES[choice] then
    return false, 'invalid ocsp ("request" or "require" expected)'
  end
  if cfg.mode ~= "client" then return false, "invalid ocsp (it is for clients)" end
  local state = context.state(ctx)
  if not stapling.supported or not install(state) or not wish(state) then
    return false, "invalid ocsp (this OpenSSL cannot do it)"
  end
  state.ocsp = choice
  return true
end

--- `ocspresponse`: what a server staples.
function identity.ocspresponse(ctx, cfg)
  local given = cfg.ocspresponse
  if not given then return true end
  if cfg.mode ~= "server" then
    return false, "invalid ocspresponse (it is for servers)"
  end
  if type(given) ~= "string" and type(given) ~= "function" then
    return false, "invalid ocspresponse (string or function expected)"
  end
  local state = context.state(ctx)
  if not ocsp.supported or type(given) == "function" and not stapling.supported
     or not install(state) then
    return false, "invalid ocspresponse (this OpenSSL cannot do it)"
  end
  if type(given) == "string" then
    if #given > stapling.LONGEST then
      return false, ("invalid ocspresponse (longer than %d bytes)"):format(stapling.LONGEST)
    end
    local parsed, why = response.parse(given)
    if not parsed then return false, ("invalid ocspresponse (%s)"):format(why) end
    parsed:free()
  end
  state.ocspresponse = given
  return true
end

--- `keylog`: a file name or a function.
function identity.keylog(ctx, cfg)
  local sink = cfg.keylog
  if not sink then return true end
  local fine = type(sink) == "function"
            or type(sink) == "string" and sink ~= "" and not sink:find("\0", 1, true)
  if not fine then return false, "invalid keylog (file name or function expected)" end
  return keylog.set(context.state(ctx), sink)
end

return identity
