--- ssl.context.setters.algorithms: functions of ssl.context: cipher suites and key exchange.

local lib    = require "ssl.ffi.lib"
local later  = require "ssl.base.later"
local arg    = require "ssl.base.arg"
local common = require "ssl.context.setters.common"
local groups = later.module "ssl.context.groups"
local sslctx = require "ssl.context.sslctx"
local C      = lib.C
local live   = sslctx.live
local setter = common.setter

local setters = {}

--- Allow these cipher suites up to TLS 1.2.
setters.setcipher = setter("error setting cipher list", "list",
                            C.SSL_CTX_set_cipher_list)

--- Allow these cipher suites of TLS 1.3.
setters.setciphersuites = setter("error setting cipher list", "list",
                                  C.SSL_CTX_set_ciphersuites)

--- The function that gives a server its DH parameters.
-- @tparam function f  called as f(is_export, keylength), returns PEM
function setters.setdhparam(...)
  local ctx, f = ...
  local c = live(ctx)
  c.dhparam = arg.type(f, "function", 2)
end

-- A setter by a function of ssl.context.groups.
local function of_groups(name)
  return function(...)
    local ctx, text = ...
    local c = live(ctx)
    text = arg.string(text, 2)
    local ok, message = groups[name](c, text)
    if not ok then return false, message end
    return true
  end
end

--- Use one curve for the key exchange.
setters.setcurve = of_groups "set_curve"

--- Use a list of groups for the key exchange: "X25519:P-256".
setters.setcurveslist = of_groups "set_list"

return common.changers(setters)
