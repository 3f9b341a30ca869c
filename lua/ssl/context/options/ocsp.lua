--- ssl.context.options.ocsp: stapled responses about the server's certificate.

local lib      = require "ssl.ffi.lib"
local shim     = require "ssl.ffi.shim"
local context  = require "ssl.context.table"
local ocsp     = require "ssl.ocsp.request"
local response = require "ssl.ocsp.response"
local stapling = require "ssl.feature.stapling"
local C, K     = lib.C, lib.K

local WISHES = { request = true, require = true }

local function install(c)
  return C.SSL_CTX_callback_ctrl(c.handle.raw, K.SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB,
                                 shim.callback "status") == 1
end

local function wish(c)
  return C.SSL_CTX_ctrl(c.handle.raw, K.SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE,
                        K.TLSEXT_STATUSTYPE_ocsp, nil) == 1
end

-- A client's wish for a stapled response.
local function set_ocsp(ctx, choice, cfg)
  if not WISHES[choice] then
    return false, 'invalid ocsp ("request" or "require" expected)'
  end
  if cfg.mode ~= "client" then return false, "invalid ocsp (it is for clients)" end
  local c = context.state(ctx)
  if not stapling.supported or not install(c) or not wish(c) then
    return false, "invalid ocsp (this OpenSSL cannot do it)"
  end
  c.ocsp = choice
  return true
end

-- The mistake in a response as DER, or nil.
local function fault(der)
  if #der > stapling.LONGEST then
    return ("invalid ocspresponse (longer than %d bytes)"):format(stapling.LONGEST)
  end
  local parsed, why = response.parse(der)
  if not parsed then return ("invalid ocspresponse (%s)"):format(why) end
  parsed:free()
end

-- The response that a server staples.
local function set_ocspresponse(ctx, given, cfg)
  if cfg.mode ~= "server" then
    return false, "invalid ocspresponse (it is for servers)"
  end
  if type(given) ~= "string" and type(given) ~= "function" then
    return false, "invalid ocspresponse (string or function expected)"
  end
  local c = context.state(ctx)
  if not ocsp.supported or type(given) == "function" and not stapling.supported
     or not install(c) then
    return false, "invalid ocspresponse (this OpenSSL cannot do it)"
  end
  local why = type(given) == "string" and fault(given)
  if why then return false, why end
  c.ocspresponse = given
  return true
end

return {
  ocsp = { set = set_ocsp },
  ocspresponse = {
    set = set_ocspresponse,
    apply = function(st, _, new) stapling.apply(st, new) end,
  },
}
